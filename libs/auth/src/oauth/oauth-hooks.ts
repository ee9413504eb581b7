import type { JsonValue } from '../jwt/claims.js';
import type { Scope } from '../jwt/scope.js';
import type { OAuthLogin } from './identity.js';

/** Who logs in, and what the tokens of the session carry. */
export interface OAuthUser {
  /** The subject, or whatever `hooks.subject` makes one of. */
  user: unknown;
  scope?: Scope;
  claims?: Record<string, JsonValue>;
}

/** What an application adds to a log-in with a provider. */
export interface OAuthHooks {
  /**
   * The user whom a provider's identity belongs to: found by issuer and subject, or made. An e-mail address is no identity.
   * Null refuses the log-in.
   */
  oauthUser?(login: OAuthLogin): OAuthUser | null | Promise<OAuthUser | null>;
}

/** The injection token of the application's hooks, as this journey reads them. */
export const OAUTH_HOOKS = Symbol.for('nest-latchkey:oauth-hooks');
