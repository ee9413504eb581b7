import type { JsonValue } from '../jwt/claims.js';
import type { KeyOptions } from '../jwt/jwt.options.js';
import type { Scope } from '../jwt/scope.js';
import type { Session } from './session.js';

/** What the access tokens of a session carry. */
export interface SessionGrant {
  scope?: Scope;
  claims?: Record<string, JsonValue>;
}

/** What an application can add to the tokens issued. Every method may be async; what it returns is copied; one that throws is an outage: 503. */
export interface IssueHooks {
  /** The subject of a user, when more than a text is given to `issueTokens()`. */
  subject?(user: unknown): string | Promise<string>;
  /** Claims of every token. `user` is what was given to `issue…()`; on a refresh, the subject. Reserved claims are refused. */
  claims?(user: unknown, about: { type: string }): Record<string, JsonValue> | Promise<Record<string, JsonValue>>;
  /** Members of every token's header, but for `alg`, `kid`, `typ` and `crit`. */
  header?(user: unknown, about: { type: string }): Record<string, JsonValue> | Promise<Record<string, JsonValue>>;
  /**
   * What the user of a session may do today, asked at each refresh. A member that is left out stays as the log-in granted it,
   * and `mergeSessionClaims()` left it: `{}` changes nothing, and to take a scope away, give an empty one. Null, or nothing at all, ends the session: the user
   * is gone.
   */
  sessionGrant?(session: Session): SessionGrant | null | Promise<SessionGrant | null>;
  /** The key to sign with, instead of the module's ring. */
  signingKey?(about: { subject: string; type: string }): KeyOptions | Promise<KeyOptions>;
}

/** The injection token of the application's hooks, as this journey reads them. */
export const ISSUE_HOOKS = Symbol.for('nest-latchkey:issue-hooks');
