import type { Type } from '@nestjs/common';
import type { AuthHooks } from './auth.hooks.js';
import type { Sealer } from './auth.sealer.js';
import type { CookiesOptions } from './http/cookies.options.js';
import type { CsrfOptions } from './http/csrf.options.js';
import type { ErrorsOptions } from './http/errors.options.js';
import type { JwtOptions } from './jwt/jwt.options.js';
import type { KeyRing } from './jwt/key-ring.js';
import type { OAuthEdge } from './oauth/oauth-edge.js';
import type { GuardOptions } from './resource/guard.options.js';
import type { TransportOptions } from './resource/transport.options.js';
import type { SessionOptions } from './session/session.options.js';
import type { AuthStores } from './stores/auth-stores.js';
import type { RevocationOptions } from './stores/revocation.options.js';

/** The options, checked and completed. Holds no secret but inside KeyObjects, which print none. */
export interface AuthSettings {
  /** Undefined when neither `publicUrl` nor the issuer is a URL. */
  readonly publicOrigin: string | undefined;
  readonly secureCookies: boolean;
  /** Tokens can travel in cookies here. */
  readonly withCookies: boolean;
  /** The application has said that it uses sessions: `session` stands in its options. */
  readonly withSessions: boolean;
  /** Its sessions can travel in cookies. */
  readonly sessionsInCookies: boolean;
  readonly keys: KeyRing;
  /** `jwt.managedKeys`: the keys of the ring come from the store. `rotateEvery` in seconds. */
  readonly managedKeys: { readonly sealer: Sealer; readonly rotateEvery: number } | undefined;
  readonly jwt: JwtOptions;
  readonly transport: TransportOptions;
  readonly cookies: CookiesOptions;
  readonly csrf: CsrfOptions;
  readonly session: SessionOptions;
  /** Null where nobody logs in with a provider. */
  readonly oauth: OAuthEdge | null;
  readonly stores: AuthStores;
  readonly revocation: RevocationOptions;
  readonly hooks: AuthHooks | Type<AuthHooks>;
  readonly errors: ErrorsOptions;
  readonly guard: GuardOptions;
}
