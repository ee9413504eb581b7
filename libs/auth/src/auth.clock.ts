/** The one clock of the module. Provide another in tests; `nest-latchkey/testing` has one that can be set. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}
