import type { JsonValue } from '../jwt/claims.js';
import type { Scope } from '../jwt/scope.js';
import type { OAuthLogin } from './oauth-login.js';

/** Who logs in, and what the tokens of the session carry. */
export interface OAuthUser {
  /** The subject, or whatever `hooks.subject` makes one of. */
  user: unknown;
  scope?: Scope;
  claims?: Record<string, JsonValue>;
  /**
   * By records of the application's own, this identity was the user's before: it is linked beside those that the user has.
   * Without it, a log-in links the first identity of a user alone; others are linked by whoever is logged in.
   */
  linked?: true;
}

/** What the library knows of the user behind a log-in. */
export interface OAuthKnownUser {
  /** The subject of the user's sessions, once the identity is linked to one. */
  readonly linkedTo: string | undefined;
}

/** Who has an e-mail address. */
export interface OAuthEmailOwner {
  /** The subject of the user's sessions. */
  user: string;
  /** The user has proved here that the address is theirs: by a link that was sent there. */
  emailVerified: boolean;
}

/** What an application adds to a log-in with a provider. */
export interface OAuthHooks {
  /**
   * The user whom a provider's identity belongs to: the one whom it is linked to, else found by issuer and subject, or made.
   * An e-mail address is no identity. Null refuses the log-in.
   *
   * @param known where it says `linkedTo`, any other answer than that user refuses the log-in.
   */
  oauthUser?(login: OAuthLogin, known: OAuthKnownUser): OAuthUser | null | Promise<OAuthUser | null>;

  /**
   * The user who has an e-mail address; null when nobody has. Asked where `oauth.linking.mode` is `'verified-email'`, for an
   * identity that is not linked. Then whoever owns the address logs in as that user.
   *
   * @param email as `normalEmail()` writes it: store addresses in that spelling.
   */
  userOfEmail?(email: string): OAuthEmailOwner | null | Promise<OAuthEmailOwner | null>;

  /**
   * Can this user log in by something else than a provider, a password for example? Then the last identity can be unlinked.
   * Default: no.
   *
   * @param user the subject of the user's sessions.
   */
  hasOtherCredential?(user: string): boolean | Promise<boolean>;
}

/** The injection token of the application's hooks, as this journey reads them. */
export const OAUTH_HOOKS = Symbol.for('nest-latchkey:oauth-hooks');
