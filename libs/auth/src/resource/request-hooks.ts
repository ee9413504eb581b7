import type { ExecutionContext } from '@nestjs/common';
import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { KeyOptions } from '../jwt/jwt.options.js';
import type { Token } from './token.js';

/** What an application can add to a guarded request. Every method may be async; one that throws is an outage: 503. */
export interface RequestHooks {
  /**
   * The key that verifies a token, instead of the module's ring; nothing refuses the token.
   *
   * Header and claims are **not verified**: use `kid` to look a key up, and nothing else. Give KeyObjects: text is parsed
   * at each request, and tokens verified this way are not cached.
   */
  verificationKey?(token: {
    header: JwtHeader;
    claims: JwtClaims;
  }): KeyOptions | undefined | Promise<KeyOptions | undefined>;
  /** Is the token on a deny-list of the application's own? Asked beside the module's. */
  isRevoked?(token: Token): boolean | Promise<boolean>;
  /** The application's word on a token that met its requirement; false is 403. */
  verify?(token: Token, context: ExecutionContext | undefined): boolean | Promise<boolean>;
  /** The user of a token, for `@CurrentUser()`; null or undefined refuses the token with 401. */
  loadUser?(token: Token): unknown;
}

/** The injection token of the application's hooks, as this journey reads them. */
export const REQUEST_HOOKS = Symbol.for('nest-latchkey:request-hooks');
