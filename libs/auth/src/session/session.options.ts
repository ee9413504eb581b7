import { IsArray, IsIn, IsInt, IsOptional, Matches, Min } from 'class-validator';
import { IsDuration, type Duration } from '../auth.durations.js';
import type { SessionClaim } from '../jwt/session-claim.js';

/** How the tokens of a session may travel. */
export type SessionTransfer = 'any' | 'cookie' | 'header';

/** What proves that a request with a session cookie was meant. */
export type AntiCsrf = 'custom-header' | 'token' | 'none';

export const routesPathPattern = /^\/[a-z0-9/_-]*[a-z0-9]$/i;

/** The options `session`. */
export class SessionOptions {
  /** Where the module's own routes live, and where refresh cookies are sent. Default: `controllers.basePath`, or '/auth'. */
  @Matches(routesPathPattern, { message: "must be a path such as '/auth'" })
  basePath: string = '/auth';

  /** Cookies, headers, or what the client asks for by `st-auth-mode`: headers when it asks for nothing. Default 'any'. */
  @IsIn(['any', 'cookie', 'header'], { message: "must be 'any', 'cookie' or 'header'" })
  transfer: SessionTransfer = 'any';

  /** A session that was not refreshed for so long has ended. Default 30 days. */
  @IsDuration()
  idleLifetime: Duration = '30d';

  /** However much it is used, a session ends after so long. Default 180 days. */
  @IsDuration()
  absoluteLifetime: Duration = '180d';

  /**
   * How long after its first use a refresh token is still answered, in seconds: for tabs that refresh at once and answers
   * that were lost. Later, a second use ends the family, or the session. At least three times the slowest honest refresh,
   * and the skew of your servers' clocks. Default 10; at most 60.
   */
  @IsDuration({ least: 0, most: 60 })
  reuseLeeway: Duration = 10;

  /**
   * Of requests with a session cookie: `'custom-header'` wants a header `rid`, which no form of another site can send;
   * `'token'` the value that came with the tokens. `'none'` leaves it to SameSite. Default 'custom-header'.
   */
  @IsIn(['custom-header', 'token', 'none'], { message: "must be 'custom-header', 'token' or 'none'" })
  antiCsrf: AntiCsrf = 'custom-header';

  /** A log-in beyond so many sessions of one subject ends the one that was not used for the longest time. Default 100. */
  @IsInt({ message: 'must be a whole number' })
  @Min(1, { message: 'must be at least 1' })
  maxPerSubject: number = 100;

  /** Claims that the application fetches, made by `defineClaim()`. Default: none. */
  @IsArray()
  claims: readonly SessionClaim[] = [];

  /** Where session cookies were set before `cookies.domain` changed: a domain, or '' for the host alone. Default: nowhere. */
  @IsOptional()
  @Matches(/^$|^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, { message: "must be a domain name, or '' for the host alone" })
  olderCookieDomain: string | undefined = undefined;
}
