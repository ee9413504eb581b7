import type { AuthErrorCode } from './auth.errors.js';

/** Every event Latchkey emits, with its payload. Payloads name tokens by `jti` and `sid`, never by their text. */
export interface AuthEvents {
  /** A guarded request was refused. What names the token is there when its signature was verified. */
  refused: { code: AuthErrorCode; reason?: string; subject?: string; jti?: string; sid?: string; at: number };
  /** A token (`jti`), a family (`sid`) or all tokens of a subject (`sub`) were revoked. */
  revoked: { kind: 'jti' | 'sid' | 'sub'; id: string; at: number };
  /** A refresh token was used again: its family is revoked. At most one event a family. */
  'refresh.reused': { subject: string; sid: string; jti: string; at: number };
  /** A refresh token of a session was used again after its leeway: the session is revoked. At most one event a session. */
  'session.reused': { subject: string; sid: string; at: number };
  /** A provider told who somebody is, and every check was passed. */
  'oauth.authorized': { provider: string; issuer: string; subject: string; at: number };
  /** An identity at a provider logs in a user from now on. `subject` is the provider's, `user` the subject of sessions. */
  'oauth.linked': { provider: string; issuer: string; subject: string; user: string; at: number };
  /** It does no longer. */
  'oauth.unlinked': { provider: string; issuer: string; subject: string; user: string; at: number };
  /** A stored grant has a new access token. `user` is the subject of its user here; null of the application's own grants. */
  'oauth.refreshed': { provider: string; issuer: string; subject: string; user: string | null; at: number };
  /** A stored grant is dead: its user has to consent again. Once a grant. */
  'oauth.reauth_required': { provider: string; issuer: string; subject: string; user: string | null; at: number };
  /**
   * A log-in that was begun here came to nothing; or the refresh or revocation of a stored grant, for now, or a token of the
   * application itself. `error` is the provider's word: an answer that nobody waits for makes no event.
   */
  'oauth.failed': {
    provider: string;
    phase: OAuthPhase;
    code: AuthErrorCode;
    reason?: string;
    error?: string;
    at: number;
  };
}

/**
 * Where a log-in with a provider can fail; `request_token` is of OAuth 1: its temporary credentials; `refresh` and `revocation` are of
 * grants that are stored. `token` is also where the application asks for a token of its own.
 */
export type OAuthPhase =
  ('discovery' | 'request_token' | 'authorization' | 'token' | 'id_token' | 'userinfo') | ('refresh' | 'revocation');

export type AuthEventName = keyof AuthEvents;

/** Hears every event. `at` is epoch milliseconds of the module's clock. */
export type AuthEventListener = <Name extends AuthEventName>(name: Name, payload: AuthEvents[Name]) => void;

/** The injection token of the listener that every journey tells; it never throws. */
export const AUTH_EVENTS = Symbol.for('nest-latchkey:events');
