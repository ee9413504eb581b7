import { AuthConfigError, AuthError } from '../auth.errors.js';
import type { Clock } from '../auth.clock.js';
import { seconds } from '../auth.durations.js';
import { Repeater } from '../auth.repeater.js';
import type { RevocationFanOut, RevocationHint } from './revocation-fan-out.js';
import { RevocationMirror, type RevocableToken } from './revocation-mirror.js';
import type { RevocationOptions } from './revocation.options.js';
import type { Revocation, RevocationCursor, RevocationKind, RevocationStore } from './revocation.store.js';
import { asking } from './store-answer.js';

const pageSize = 1_000;
/** Small enough for a slow disk: each row lies on other pages of its table and of each index. */
const pruneBatch = 100;
/** Writers' clocks may differ by this much, in milliseconds: each poll reads twice as far back. */
const allowedSkew = 60_000;
const pruneEvery = 60_000;
/** How long a hint counts, in milliseconds: a poll has read its row long before, if there is one. */
const hintLife = 2 * allowedSkew;
/** A flood of forged hints must not fill the memory. */
const mostHints = 100_000;
/** News of subjects is read from the store so soon, in milliseconds, together with all that comes meanwhile. */
const soon = 50;

/**
 * What is revoked, as this process knows it: the mirror for every request, the store for the truth.
 *
 * A shared store is polled. When it has not answered for `maxStaleness`, nothing is known any more and requests get 503.
 * A fan-out only shortens the time until the next poll: its hints are kept apart, and lapse unless the store confirms them.
 */
export class RevocationList {
  private readonly mirror = new RevocationMirror();
  private readonly hints = new RevocationMirror();
  private readonly polls: Repeater;
  private hasNews = false;
  /** Once it listens. */
  private fanOut: RevocationFanOut | undefined;
  /** By the monotonic clock: a jump of the wall clock neither stales nor freshens the mirror. */
  private answeredAt = -Infinity;
  private polledTo = 0;
  private prunedAt = 0;

  constructor(
    private readonly store: RevocationStore | undefined,
    private readonly options: RevocationOptions,
    private readonly clock: Clock,
    onOutage: (error: unknown) => void = () => {},
  ) {
    this.polls = new Repeater(
      () => this.tick(),
      () => (this.hasNews ? soon : seconds(options.poll) * 1000),
      onOutage,
    );
  }

  /**
   * Load the mirror and go on polling. Rejects when the store cannot be read, or the fan-out cannot be reached: the application
   * must not listen then.
   */
  async start(): Promise<void> {
    await this.listen();
    if (this.store === undefined) return;
    try {
      await this.tick();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.polls.start();
  }

  async stop(): Promise<void> {
    this.polls.stop();
    // one that another application has is not ours to close
    const { fanOut } = this;
    this.fanOut = undefined;
    await fanOut?.close();
  }

  /**
   * Is the token revoked, as far as this process knows?
   *
   * @throws AuthError `store_unavailable` when the mirror is older than `maxStaleness`.
   */
  isRevoked(token: RevocableToken): boolean {
    if (this.store === undefined) return false;
    if (this.store.shared && performance.now() - this.answeredAt > seconds(this.options.maxStaleness) * 1000) {
      throw new AuthError('store_unavailable', { reason: 'the revocations have not been read for too long' });
    }
    return this.mirror.isRevoked(token) || this.hints.isRevoked(token);
  }

  /** The same, asked of the store itself: true everywhere at once. @throws AuthError `store_unavailable` */
  async isRevokedInStore(token: RevocableToken): Promise<boolean> {
    if (this.store === undefined) return false;
    const rows = await asking(this.store.find({ jti: token.jti, sid: token.sid, sub: token.sub } as { sub: string }));
    for (const row of rows) this.mirror.add(row);
    return rows.some(({ kind, notBefore }) => kind !== 'sub' || (token.iat ?? 0) <= notBefore);
  }

  /** Tokens of the subject must be issued after this second; -1 when any will do. */
  notBefore(subject: string): number {
    return this.mirror.notBefore(subject);
  }

  /**
   * Write a revocation and heed it here at once.
   *
   * @returns was this the call that revoked it?
   * @throws AuthError `store_unavailable`; then nothing is promised, and the caller must say so.
   */
  async revoke(kind: RevocationKind, id: string, until: number, notBefore = 0): Promise<boolean> {
    if (this.store === undefined) {
      throw new AuthError('invalid_argument', { reason: 'nothing can be revoked with stores: noStores()' });
    }
    const row: Revocation = { kind, id, notBefore, revokedAt: this.clock.now(), expiresAt: until };
    const first = await asking(this.store.revoke(row));
    this.mirror.add(row);
    this.tellOthers(kind === 'sub' ? { kind } : { kind, id });
    return first;
  }

  /** Before the mirror is loaded: what is told meanwhile is not lost. */
  private async listen(): Promise<void> {
    const { fanOut } = this.options;
    if (fanOut === undefined) return;
    if (this.store?.shared !== true)
      throw new AuthConfigError(
        'revocation.fanOut',
        'needs a store that processes share: take stores: typeormStores()',
      );
    await fanOut.start({ hinted: (hints) => this.heed(hints), reconnected: () => this.pollSoon() });
    this.fanOut = fanOut;
  }

  private tellOthers(hint: RevocationHint): void {
    try {
      this.fanOut?.publish([hint]);
    } catch {
      // the revocation is written, and the poll tells of it
    }
  }

  private heed(hints: readonly RevocationHint[]): void {
    const now = this.clock.now();
    for (const hint of hints) {
      if (hint.kind === 'sub') this.pollSoon();
      else if (this.hints.size(hint.kind) < mostHints)
        this.hints.add({ ...hint, notBefore: 0, revokedAt: now, expiresAt: now + hintLife });
    }
  }

  /** What lies behind a question that is being asked may not be in its answer: it is asked once more. */
  private pollSoon(): void {
    const isKnown = this.hasNews;
    this.hasNews = true;
    // those who come later must not put it off
    if (!isKnown) this.polls.hasten();
  }

  private async tick(): Promise<void> {
    const store = this.store!;
    this.hasNews = false;
    const now = this.clock.now();
    if (store.shared) await this.poll(store, now);
    if (now - this.prunedAt < pruneEvery) return;
    this.mirror.prune(now);
    this.hints.prune(now);
    // one batch a tick: a long clean-up must not keep the next poll waiting
    const gone = await asking(store.prune(now, pruneBatch));
    if (gone < pruneBatch) this.prunedAt = now;
  }

  private async poll(store: RevocationStore, now: number): Promise<void> {
    const asked = performance.now();
    const since = this.polledTo - 2 * allowedSkew;
    let after: RevocationCursor | undefined;
    for (;;) {
      const rows = await asking(store.list({ since, now, ...(after && { after }), limit: pageSize }));
      for (const row of rows) this.mirror.add(row);
      after = rows.at(-1);
      if (rows.length < pageSize) break;
    }
    this.polledTo = now;
    this.answeredAt = asked;
  }
}
