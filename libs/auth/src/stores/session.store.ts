/** Why a session ended before its time. `reuse` is the durable record that a refresh token came back. */
export type SessionEnd = 'reuse' | 'signout' | 'revoked' | 'expired' | 'limit';

/** A session, in the words of the state machine. All times are epoch milliseconds of the application's clock. */
export interface SessionRow {
  readonly id: string;
  readonly subject: string;
  readonly tenant: string | null;
  /** The refresh token that was used last, or the first one: the live branch grows from it. */
  readonly currentId: string;
  /** The one that was current before. */
  readonly previousId: string | null;
  /** When `currentId` last moved; 0 when it never did. */
  readonly rotatedAt: number;
  readonly createdAt: number;
  /** Slides when a child is used for the first time. */
  readonly idleExpiresAt: number;
  /** Never moves. */
  readonly absoluteExpiresAt: number;
  readonly revokedAt: number | null;
  readonly revokeReason: SessionEnd | null;
  /** What its access tokens carry. */
  readonly grant: Readonly<Record<string, unknown>>;
  /** What only the application's server sees. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What the client called itself at the log-in. Nobody has checked it. */
  readonly device: string | null;
  /** The network it came from at the log-in, such as `203.0.113.0/24`. */
  readonly network: string | null;
}

/** A refresh token of a session. Its text is not kept, only the SHA-256 of its secret. */
export interface RefreshTokenRow {
  readonly id: string;
  readonly sessionId: string;
  /** SHA-256, base64url. */
  readonly tokenHash: string;
  /** The token it was issued for; null for the first of a session. */
  readonly parentId: string | null;
  /** SHA-256, base64url, of the anti-CSRF value of the access token that came with it, where one is issued. */
  readonly antiCsrfHash: string | null;
  readonly issuedAt: number;
}

/** Who a token comes of, and when. */
export type Descent = Pick<RefreshTokenRow, 'id' | 'parentId' | 'issuedAt'>;

/** The children of a token that were issued so far, and when the newest was. */
export interface Children {
  readonly count: number;
  readonly newestAt: number;
}

/** What one refresh is decided on: read at one time, by one statement. */
export interface RotationRows {
  readonly session: SessionRow;
  readonly token: RefreshTokenRow;
  readonly current: Descent;
  readonly previous: Descent | null;
  readonly childrenOfToken: Children;
  readonly childrenOfCurrent: Children;
}

/** Make `to` the current token of a session, where `seen` still is. */
export interface Promotion {
  readonly sessionId: string;
  readonly seen: string;
  readonly to: string;
  readonly now: number;
  /** The last move must lie before this: two moves never fall into one leeway. */
  readonly rotatedBefore: number;
  /** The statement cuts it to the absolute expiry. */
  readonly idleExpiresAt: number;
}

/** Give a session another grant, where `seen` is still the one it has. */
export interface GrantChange {
  readonly sessionId: string;
  readonly seen: SessionRow['grant'];
  readonly grant: SessionRow['grant'];
  readonly now: number;
}

/** Which sessions: of a subject, perhaps of one tenant alone, perhaps all but one. */
export interface SessionSelection {
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly except?: string | undefined;
}

/**
 * Sessions and their refresh tokens. Every statement of a refresh is keyed by the session id.
 *
 * Every method that decides is one conditional statement: of concurrent calls, in any number of processes, exactly one
 * sees itself as the one that changed the row. There is no transaction. A store that cannot answer rejects; it never
 * guesses. Rows of a live session are never deleted: they prove reuse.
 */
export abstract class SessionStore {
  /** Write a session and its first refresh token; a crash between the two leaves a session that nobody can use. */
  abstract create(session: SessionRow, token: RefreshTokenRow): Promise<void>;

  /** The token of a session by the hash of its secret, with what decides on it; undefined when there is none. */
  abstract rotationRows(sessionId: string, tokenHash: string): Promise<RotationRows | undefined>;

  /** Write the row of a refresh token. Its session stays as it is, also one that has ended meanwhile: who calls looks again. */
  abstract addToken(token: RefreshTokenRow): Promise<void>;

  /**
   * Move the live branch: only where `seen` is current, the last move lies before `rotatedBefore`, and the session is
   * neither revoked nor expired at `now`.
   *
   * @returns true for the one call that moved it.
   */
  abstract promote(promotion: Promotion): Promise<boolean>;

  /** A session as it stands, revoked and expired ones too; undefined when there is none. */
  abstract find(sessionId: string): Promise<SessionRow | undefined>;

  /**
   * Only where the grant is `seen`, member for member in the order that {@link find} gave, and the session is neither revoked
   * nor expired at `now`.
   *
   * @returns true for the one of concurrent calls that changed it.
   */
  abstract replaceGrant(change: GrantChange): Promise<boolean>;

  /** The last call wins. @returns false when the session is not there, revoked, or expired at `now`. */
  abstract updateData(sessionId: string, data: SessionRow['data'], now: number): Promise<boolean>;

  /**
   * End a session, an expired one too: the clock of another process may be behind.
   *
   * @returns true for the one call that ended it, false when one had ended it before or it is not there.
   */
  abstract revoke(sessionId: string, reason: SessionEnd, now: number): Promise<boolean>;

  /** End all that are selected and were not revoked, by one statement; expired ones too, as another clock may be behind. @returns the ids of those that this call ended. */
  abstract revokeSelected(selection: SessionSelection, reason: SessionEnd, now: number): Promise<string[]>;

  /** The sessions selected that are neither revoked nor expired at `now`, the newest first. */
  abstract list(selection: SessionSelection, now: number): Promise<SessionRow[]>;

  /** The ids of the subject's live sessions, without the `keep` that were used last; the last used first, at most 100. */
  abstract leastRecentlyUsed(subject: string, keep: number, now: number): Promise<string[]>;

  /**
   * Delete what ended before `endedBefore`, its tokens with it, at most `limit` sessions; no statement meets more than `limit`
   * rows.
   *
   * @returns how many went; `limit` also when their tokens were too many for one call.
   */
  abstract prune(endedBefore: number, limit: number): Promise<number>;
}
