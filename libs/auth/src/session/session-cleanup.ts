import type { Clock } from '../auth.clock.js';
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
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stores: readonly Pick<SessionStore, 'prune'>[],
    private readonly clock: Clock,
    private readonly onOutage: (error: unknown) => void,
  ) {}

  start(): void {
    this.schedule(every);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(delay: number): void {
    this.timer = setTimeout(() => {
      void this.tick().then((again) => {
        if (this.timer !== undefined) this.schedule(again);
      });
    }, delay);
    this.timer.unref();
  }

  /** One batch. @returns when to come again, in milliseconds: soon while there is more, in a minute otherwise. */
  async tick(): Promise<number> {
    try {
      const before = this.clock.now() - keptFor;
      const gone = await Promise.all(this.stores.map((store) => asking(store.prune(before, batch))));
      return Math.max(...gone) < batch ? every : pause;
    } catch (error) {
      this.onOutage(error);
      return every;
    }
  }
}
