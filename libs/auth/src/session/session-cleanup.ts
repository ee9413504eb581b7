import type { Clock } from '../auth.clock.js';
import { Repeater } from '../auth.repeater.js';
import type { SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';

const every = 60_000;
/** Small enough for a slow disk: each row lies on other pages of its table and of each index. */
const batch = 50;
const pause = 250;
/** An ended session is kept for so long, in milliseconds: its access tokens have expired by then, on every clock. */
const keptFor = 86_400_000;

/** Deletes ended sessions with their refresh tokens, and what else has ended, a batch at a time: a long statement would hold up those who log in. */
export class SessionCleanup {
  private readonly batches: Repeater;
  private isMore = false;

  constructor(
    private readonly stores: readonly Pick<SessionStore, 'prune'>[],
    private readonly clock: Clock,
    onOutage: (error: unknown) => void,
  ) {
    this.batches = new Repeater(
      () => this.tick(),
      () => (this.isMore ? pause : every),
      onOutage,
    );
  }

  start(): void {
    this.batches.start();
  }

  stop(): void {
    this.batches.stop();
  }

  /** One batch: the next comes soon while there is more, in a minute otherwise. @throws AuthError `store_unavailable` */
  async tick(): Promise<void> {
    this.isMore = false;
    const before = this.clock.now() - keptFor;
    const gone = await Promise.all(this.stores.map((store) => asking(store.prune(before, batch))));
    this.isMore = Math.max(...gone) >= batch;
  }
}
