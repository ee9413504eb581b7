import { IsDuration, type Duration } from '../auth.durations.js';
import type { RevocationFanOut } from './revocation-fan-out.js';

/** The options `revocation` of the module: how soon a revocation written elsewhere is seen here. */
export class RevocationOptions {
  /** How often the store is asked for new revocations, in seconds. Default 1. */
  @IsDuration({ most: 60 })
  poll: Duration = 1;

  /** After this long without an answer of the store, guarded requests get 503. Default 5 seconds; more than `poll`. */
  @IsDuration({ most: 3_600 })
  maxStaleness: Duration = 5;

  /** Tells other processes sooner than `poll`: `redisFanOut(url)` of `nest-latchkey/redis`. Default none. */
  fanOut: RevocationFanOut | undefined = undefined;
}
