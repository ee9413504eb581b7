import type { ExecutionContext } from '@nestjs/common';
import type { Duration } from '../auth.durations.js';
import type { Scope } from '../jwt/scope.js';
import type { ClaimValidator } from '../jwt/claim-validator.js';
import type { ClaimRequirement } from './request-value.js';
import type { TokenLocation } from './token-location.js';
import type { Token } from './token.js';

/** Claims a token must hold, by name. */
export type ClaimRequirements = { readonly [claim: string]: ClaimRequirement };

/** What a route asks of a token: the options of `@RequireToken()`. Everything given must hold. */
export interface RequireTokenOptions {
  /** `'access'` (default), `'refresh'`, a type of the application, or `'any'`. */
  type?: string;
  /** Where this route looks for the token, in order. Default: `transport.locations` of the module. */
  locations?: readonly TokenLocation[];
  /** The name of the cookie on this route. Default: `cookies.access.name` or `cookies.refresh.name`. */
  cookie?: string;
  /** Let requests without a token through, anonymously; `'lenient'` those with an expired one too. A bad token is refused. Default false. */
  optional?: boolean | 'lenient';
  /** Issued at an authentication (`fresh: true`), or the authentication is at most this old (`fresh: '5m'`). */
  fresh?: boolean | Duration;
  /** Scope the token must grant: all names of a text or a list, all members of an object. */
  scope?: Scope;
  /** Claims the token must hold. */
  claims?: ClaimRequirements;
  /** Short for `claims: { sub }`. */
  sub?: ClaimRequirement;
  /** Claims that, when held, stand in for `sub`, `claims` and `scope`; of a list one suffices. A bad token stays bad. */
  override?: ClaimRequirements | readonly ClaimRequirements[];
  /** One of these must be in `aud`, instead of the module's. */
  audience?: string | readonly string[];
  /** Only tokens of this issuer, which the module must know. */
  issuer?: string;
  /** Only the access token of a session that began here; with `claims`, only one whose claims hold: `{ claims: [roles.includes('admin')] }`. */
  session?: true | { claims: readonly ClaimValidator[] };
  /** `true` (default): by this process's mirror. `'store'`: ask the store now. `false`: do not ask. */
  revocation?: boolean | 'store';
  /** Ask for the anti-CSRF proof of a cookie token. Default true. */
  csrf?: boolean;
  /** Let expired tokens through; signature, type and revocation are still checked. Default false. */
  allowExpired?: boolean;
  /** The application's own word on a token that passed everything else; false is 403. */
  verify?: (token: Token, context: ExecutionContext | undefined) => boolean | Promise<boolean>;
}
