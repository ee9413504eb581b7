/** One revocation, as other processes are told of it. Of a subject, which is personal data, they learn only that there is news. */
export type RevocationHint = { readonly kind: 'jti' | 'sid'; readonly id: string } | { readonly kind: 'sub' };

/** What a {@link RevocationFanOut} tells its process. */
export interface RevocationFanOutListener {
  /** Another process, or this one, has revoked these. */
  hinted(hints: readonly RevocationHint[]): void;
  /** Messages may have been lost until now. */
  reconnected(): void;
}

/**
 * Tells other processes of a revocation sooner than their poll would.
 *
 * A hint and nothing more: the truth is in the store, and every process polls it all the same. So a message may be lost,
 * doubled, late or in any order, and a forged one refuses for a while what it names; none can give life back to what is
 * revoked. An outage takes the poll's time, and is no reason to fail or to delay a revocation or a request.
 */
export abstract class RevocationFanOut {
  /**
   * Connect and listen. Called once, before the application listens, and again only after `close()`.
   *
   * Reconnects by itself from then on, and says so once it hears messages again.
   *
   * @throws AuthConfigError when it cannot be reached, or may not be used: one that never worked would go unseen.
   */
  abstract start(listener: RevocationFanOutListener): Promise<void>;

  /** Tell the others. Returns at once and throws nothing; what cannot be sent now is dropped. */
  abstract publish(hints: readonly RevocationHint[]): void;

  /** The clock at the other end, in epoch milliseconds, for `latchkey doctor`. Rejects when it cannot be asked. */
  clock?(): Promise<number>;

  /** Close every connection. */
  abstract close(): Promise<void>;
}
