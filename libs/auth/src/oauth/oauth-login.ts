import type { JsonValue } from '../jwt/claims.js';
import type { LinkIntent } from './flow.js';
import type { OAuthIdentity } from './oauth-identity.js';

/** The provider's tokens. Not for a log, and not for the browser. */
export interface OAuthTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Undefined for plain OAuth 2. */
  readonly idToken: string | undefined;
  /** Of OAuth 1 alone: requests are signed with it. */
  readonly tokenSecret: string | undefined;
  /** Epoch milliseconds; undefined when the provider does not tell. */
  readonly expiresAt: number | undefined;
}

/** A log-in that the provider vouches for, and every check was passed. */
export class OAuthLogin {
  /** The name of the provider. */
  readonly provider: string;
  readonly identity: OAuthIdentity;
  readonly requestedScope: readonly string[];
  /** What the provider granted; as requested where it says nothing (RFC 6749 §5.1). */
  readonly grantedScope: readonly string[];
  /** Where the browser goes now. */
  readonly returnTo: string;
  /** What handlers of `@OnOAuthBeforeLogin()` kept at the start; empty without. */
  readonly data: Readonly<Record<string, JsonValue>>;
  /**
   * Set where nobody is to be logged in: the user asked to link this identity, and the browser still has the session that they
   * asked in.
   */
  readonly link: LinkIntent | undefined;
  /** Not enumerable: what prints the log-in prints no token. */
  declare readonly tokens: OAuthTokens;

  constructor(
    parts: Pick<OAuthLogin, 'provider' | 'identity' | 'requestedScope' | 'grantedScope' | 'returnTo' | 'tokens'> & {
      readonly data?: OAuthLogin['data'] | undefined;
      readonly link?: LinkIntent | undefined;
    },
  ) {
    this.provider = parts.provider;
    this.identity = parts.identity;
    this.requestedScope = parts.requestedScope;
    this.grantedScope = parts.grantedScope;
    this.returnTo = parts.returnTo;
    this.data = parts.data ?? {};
    this.link = parts.link;
    Object.defineProperty(this, 'tokens', { value: parts.tokens, enumerable: false });
  }
}
