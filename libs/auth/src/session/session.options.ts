import { Matches } from 'class-validator';
import { IsDuration, type Duration } from '../auth.durations.js';

/** The options `session`. */
export class SessionOptions {
  /** Where the module's own routes live. Default '/auth'. */
  @Matches(/^\/[a-z0-9/_-]*[a-z0-9]$/i, { message: "must be a path such as '/auth'" })
  basePath: string = '/auth';

  /**
   * How long after its first use a refresh token is still answered, in seconds: for tabs that refresh at once and answers
   * that were lost. Later, a second use ends the family. Default 10; at most 60.
   */
  @IsDuration({ least: 0, most: 60 })
  reuseLeeway: Duration = 10;
}
