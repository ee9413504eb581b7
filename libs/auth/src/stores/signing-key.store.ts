/** A signing key at rest. Times are epoch milliseconds of the application's clock. */
export interface SigningKeyRow {
  /** 1, 2, 3 and so on: the newest key has the greatest. */
  readonly generation: number;
  readonly kid: string;
  /** The one JWT algorithm it signs with. */
  readonly algorithm: string;
  readonly createdAt: number;
  /** It signs from then on, until that of the next generation. */
  readonly signsFrom: number;
  /** All older keys end when this one begins to sign, with every token they signed: they may be in the wrong hands. */
  readonly endsOlder: boolean;
  /** The private key, encrypted so that it opens in this row only. There is no public one: what verifies must be sealed too. */
  readonly sealed: string;
}

/**
 * The keys that sign tokens, for all processes.
 *
 * Rows are added and removed, never changed: who has read one knows it for good. A store that cannot answer rejects.
 */
export abstract class SigningKeyStore {
  /** All rows, the oldest generation first: a handful. As new as the last `add` of any process. */
  abstract list(): Promise<SigningKeyRow[]>;

  /**
   * Write a key, unless there is one of its generation.
   *
   * @returns true for exactly one of any number of concurrent calls with one generation, in any number of processes.
   */
  abstract add(row: SigningKeyRow): Promise<boolean>;

  /** Delete the rows of these generations, in one statement. Those that are gone already do no harm. */
  abstract remove(generations: readonly number[]): Promise<void>;
}
