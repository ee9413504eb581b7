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
   * Your own records say that this identity is the user's: link it, also when the user has other identities. Without it, a
   * log-in links only the first identity of a user. More are linked when the user is logged in and asks for it.
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
   * Find or create the user who logs in. Look for issuer and subject, never for an e-mail address: addresses change hands.
   * Null refuses the log-in.
   *
   * @param known once the identity is linked, `linkedTo` is its user. To answer another user then refuses the log-in.
   */
  oauthUser?(login: OAuthLogin, known: OAuthKnownUser): OAuthUser | null | Promise<OAuthUser | null>;

  /**
   * The user who has an e-mail address; null when nobody has it. Asked only with `oauth.linking.mode: 'verified-email'`, for an
   * identity that is not linked yet. When both sides have verified the address, the log-in is that user's.
   *
   * @param email as `normalEmail()` writes it: store addresses in that spelling.
   */
  userOfEmail?(email: string): OAuthEmailOwner | null | Promise<OAuthEmailOwner | null>;

  /**
   * Can this user log in without a provider, for example with a password? If not, the last identity cannot be unlinked.
   * Default: no.
   *
   * @param user the subject of the user's sessions.
   */
  hasOtherCredential?(user: string): boolean | Promise<boolean>;
}

/** The injection token of the application's hooks, as this journey reads them. */
export const OAUTH_HOOKS = Symbol.for('nest-latchkey:oauth-hooks');
