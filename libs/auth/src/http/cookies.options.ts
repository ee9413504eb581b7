import { IsBoolean, IsIn, IsOptional, Matches } from 'class-validator';
import type { Duration } from '../auth.durations.js';

const cookieName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const cookiePath = /^\/[\x21-\x3a\x3c-\x7e]*$/;

/** The options of one cookie. */
export class CookieOptions {
  /** Default: `access_token` or `refresh_token`, with the prefix `__Host-` or `__Secure-` where cookies are Secure. */
  @IsOptional()
  @Matches(cookieName, { message: 'must be a cookie name' })
  name?: string;

  /** Default '/' for the access token; for the refresh token `session.basePath`, below the global prefix of the application. */
  @IsOptional()
  @Matches(cookiePath, { message: "must be a path such as '/auth'" })
  path?: string;
}

/** Re-issue the access cookie while it is used. */
export interface SlidingRefresh {
  /** When so little of the token's life is left. */
  within: Duration;
  /** No longer than this after the log-in (`auth_time`). */
  absolute: Duration;
}

/** The options `cookies`: tokens in cookies. Secure and the names' prefixes follow the public URL. */
export class CookiesOptions {
  /** Share the cookies with subdomains. Default: this host only. */
  @IsOptional()
  @Matches(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, { message: 'must be a domain name, without a leading dot' })
  domain?: string;

  /** Default 'lax'. */
  @IsIn(['lax', 'strict', 'none'], { message: "must be 'lax', 'strict' or 'none'" })
  sameSite: 'lax' | 'strict' | 'none' = 'lax';

  /** Survive the end of the browser, at most as long as the token. Default false. */
  @IsBoolean()
  persistent: boolean = false;

  access: CookieOptions = new CookieOptions();
  refresh: CookieOptions = new CookieOptions();

  /** Default false. */
  slidingRefresh: false | SlidingRefresh = false;
}
