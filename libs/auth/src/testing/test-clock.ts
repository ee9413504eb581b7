import { Clock } from '../auth.clock.js';
import { parseDuration, type Duration } from '../auth.durations.js';

/**
 * A clock that stands still until a test moves it:
 * `Test.createTestingModule({ … }).overrideProvider(Clock).useValue(new TestClock())`.
 */
export class TestClock extends Clock {
  private time: number;

  /** @param start milliseconds since the epoch, or a Date. Default: the moment it is made. */
  constructor(start: number | Date = Date.now()) {
    super();
    this.time = Number(start);
  }

  override now(): number {
    return this.time;
  }

  /** @param time milliseconds since the epoch, or a Date. */
  set(time: number | Date): void {
    this.time = Number(time);
  }

  /** Later by so much: seconds, or a text such as `'5m'`. @throws TypeError when it is no duration. */
  advance(by: Duration): void {
    const length = parseDuration(by);
    if (length === undefined) throw new TypeError("advance() takes seconds or a text such as '5m'");
    this.time += length * 1000;
  }
}
