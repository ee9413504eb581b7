/** What a revocation names: one token, a family (or session), or all tokens of a subject issued so far. */
export type RevocationKind = 'jti' | 'sid' | 'sub';

/** A row of the deny-list. All times are epoch milliseconds of the application's clock, but for `notBefore`. */
export interface Revocation {
  readonly kind: RevocationKind;
  readonly id: string;
  /** `sub` only, else 0: tokens whose `iat` is at or before this second are dead. */
  readonly notBefore: number;
  /** When it was written. */
  readonly revokedAt: number;
  /** The row is kept at least until then: the `exp` of the last token it can name, and the clock tolerance. */
  readonly expiresAt: number;
}

/** The first use of a stateless refresh token. It outlives every child that can come of it. */
export interface RefreshUse {
  readonly jti: string;
  readonly usedAt: number;
  /** The one child that was used itself: the live branch. */
  readonly child: string | undefined;
  readonly expiresAt: number;
}

/** Where a page of {@link RevocationStore.list} ends. */
export interface RevocationCursor {
  readonly revokedAt: number;
  readonly kind: RevocationKind;
  readonly id: string;
}

/**
 * What is revoked, and which refresh tokens have been used.
 *
 * Every method that decides is one conditional statement: of concurrent calls, in any number of processes, exactly one
 * sees itself as the first. A store that cannot answer rejects; it never guesses.
 */
export abstract class RevocationStore {
  /** Do other processes write here too? Then each keeps a mirror that polls; a memory store is its own mirror. */
  abstract readonly shared: boolean;

  /**
   * Write a revocation. Of two of one name the later `notBefore` and `expiresAt` win, and `revokedAt` moves when they do: a row
   * about to be pruned must not stand in for one that has longer to live.
   *
   * @returns `jti`, `sid`: true for the one call that wrote the row, false when it was there already. `sub`: did anything change?
   */
  abstract revoke(revocation: Revocation): Promise<boolean>;

  /** The rows that name this token, its family or its subject; expired ones may be left out. At most one read. */
  abstract find(token: { jti?: string; sid?: string; sub?: string }): Promise<Revocation[]>;

  /**
   * A page of the rows written at or after `since` that are not expired at `now`, ordered by revokedAt, kind, id.
   * A page shorter than `limit` is the last.
   */
  abstract list(page: { since: number; now: number; after?: RevocationCursor; limit: number }): Promise<Revocation[]>;

  /** Note the use of a refresh token. @returns the use that stands: this one when it was the first, else the earlier one. */
  abstract use(use: Omit<RefreshUse, 'child'>): Promise<RefreshUse>;

  /**
   * Make `child` the live branch of `parent`: a child may go on only if no sibling did before. A parent without a row
   * (pruned, or lost with the memory of a process) gets one.
   *
   * @returns true when `child` is the live branch, by this call or an earlier one.
   */
  abstract confirm(parent: Omit<RefreshUse, 'child'>, child: string): Promise<boolean>;

  /** Delete rows that are expired at `now`, at most `limit` of each kind in one statement. @returns how many went. */
  abstract prune(now: number, limit: number): Promise<number>;
}
