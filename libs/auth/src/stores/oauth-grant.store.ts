/** One grant: whose it is, of which provider, and which of the owner's accounts there. */
export interface OAuthGrantKey {
  /** `user:` and the subject of the application's user, or `app`. */
  readonly owner: string;
  /** Our name of the provider. */
  readonly provider: string;
  /** The provider's name of the account. */
  readonly subject: string;
}

/** What a writer gives. Times are epoch milliseconds of the application's clock. */
export interface OAuthGrantContent extends OAuthGrantKey {
  readonly issuer: string;
  /** The tokens, encrypted so that they open in the row of this key only. */
  readonly sealed: string;
  /** The granted values, with spaces between them (RFC 6749 §3.3). */
  readonly scope: string;
  /** Of the access token; null when the provider does not tell. */
  readonly expiresAt: number | null;
  /** `needs_reauth`: the provider takes its refresh token no more. */
  readonly status: 'active' | 'needs_reauth';
  /** Of a row that is there already the first one stays. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface OAuthGrantRow extends OAuthGrantContent {
  /** 1, and one more with each write of the content. */
  readonly version: number;
  /** Until then one process alone asks the provider for new tokens; null when nobody does. */
  readonly leaseUntil: number | null;
}

/**
 * What providers granted to users, and to the application itself. Tokens come sealed: a store never sees one.
 *
 * Every call names the owner (ST-07), but for {@link page}, which is for keeping house. A store that cannot answer rejects;
 * it never guesses.
 */
export abstract class OAuthGrantStore {
  abstract find(key: OAuthGrantKey): Promise<OAuthGrantRow | undefined>;

  /** All grants of an owner, or those of one provider; in no order. */
  abstract list(owner: string, provider?: string): Promise<OAuthGrantRow[]>;

  /**
   * Write a grant, whatever was there before: one statement. Takes the lease away.
   *
   * Of any number of concurrent calls for one key one row remains, with the content of one of them.
   */
  abstract save(grant: OAuthGrantContent): Promise<void>;

  /**
   * Write a grant if its row still has that version; 0: if there is none. Takes the lease away.
   *
   * @returns true for exactly one of any number of concurrent calls with the same key and version.
   */
  abstract replace(grant: OAuthGrantContent, version: number): Promise<boolean>;

  /**
   * Take the right to ask the provider for new tokens, if the row still has that version and nobody has it at `now`. A lease that
   * ends further away than twice this one counts as none: a clock was wrong, and nobody would ever come to its end.
   *
   * @returns true for exactly one of any number of concurrent calls.
   */
  abstract lease(key: OAuthGrantKey, version: number, until: number, now: number): Promise<boolean>;

  /** Give it back. Does nothing when the lease with that end is not there any more. */
  abstract release(key: OAuthGrantKey, until: number): Promise<void>;

  /**
   * @param version if given, the row goes only if it still has that version.
   * @returns true when there was one, for exactly one of any number of concurrent calls.
   */
  abstract delete(key: OAuthGrantKey, version?: number): Promise<boolean>;

  /** At most `limit` rows behind a key, in the order of the keys, of all owners: for a change of the encryption key. */
  abstract page(after: OAuthGrantKey | undefined, limit: number): Promise<OAuthGrantRow[]>;

  /**
   * Write the same tokens under another encryption key, if the row still has that version. It keeps the version and the lease:
   * who asks the provider meanwhile is not disturbed.
   */
  abstract reseal(key: OAuthGrantKey, version: number, sealed: string): Promise<boolean>;
}
