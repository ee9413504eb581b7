/** A log-in whose answer has come. Times are epoch milliseconds of the application's clock. */
export interface ConsumedFlow {
  /** The SHA-256 of its state: the state itself is written nowhere. */
  readonly id: string;
  /** The row is kept at least until then: the flow itself is refused earlier. */
  readonly expiresAt: number;
}

/** Which log-ins have been answered: what makes each of them single use. */
export abstract class OAuthFlowStore {
  /**
   * Note that the answer of a flow has come, by one conditional insert.
   *
   * @returns true for exactly one of any number of calls with the same id, in any number of processes. A store that cannot
   *   answer rejects; it never guesses.
   */
  abstract consume(flow: ConsumedFlow): Promise<boolean>;

  /** Delete rows that expired before then, at most `limit`. @returns how many went. */
  abstract prune(expiredBefore: number, limit: number): Promise<number>;
}
