import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { JwtClaims } from '../jwt/claims.js';
import { parseJwt, unverifiedClaims } from '../jwt/verify.js';
import type { TokenKind } from '../resource/token-kind.js';
import type { CookiesOptions } from './cookies.options.js';
import type { CsrfOptions } from './csrf.options.js';
import { replaceCookie, setHeader, type HttpResponse } from './http-response.js';
import { writtenCookie, type WrittenCookie } from './set-cookie.js';

/** Tokens to set, named as RFC 6749 §5.1 does. */
export interface CookieTokens {
  access_token?: string;
  refresh_token?: string;
}

export interface CookieAttributes {
  /** Seconds, at most the token's life; 0 ends the cookie at once. Default: as `cookies.persistent` says. */
  maxAge?: number;
  /** Instead of `cookies.domain`. */
  domain?: string;
}

/** Names of a cookie, completed. */
interface CookiePlace {
  readonly name: string;
  readonly path: string;
}

export interface CookieJarParts {
  readonly cookies: CookiesOptions;
  readonly csrf: CsrfOptions;
  readonly secure: boolean;
  /** Where refresh routes live; known once the application is made. */
  readonly refreshPath: () => string;
  readonly clock: Clock;
}

/** Writes and clears the cookies of tokens, with the same attributes both times. */
export class CookieJar {
  readonly names: Readonly<Record<TokenKind, string>>;

  constructor(private readonly parts: CookieJarParts) {
    this.names = { access: this.placesOf('access').token.name, refresh: this.placesOf('refresh').token.name };
  }

  /** Set the cookies of the tokens given, all or none, and keep the answer out of caches. @throws AuthError `invalid_argument` */
  set(response: HttpResponse, tokens: CookieTokens, attributes: CookieAttributes = {}): void {
    const { access_token: access, refresh_token: refresh } = tokens;
    const cookies = [
      ...(access === undefined ? [] : this.cookiesOf('access', access, attributes)),
      ...(refresh === undefined ? [] : this.cookiesOf('refresh', refresh, attributes)),
    ];
    for (const cookie of cookies) replaceCookie(response, cookie);
    setHeader(response, 'Cache-Control', 'no-store');
  }

  clear(
    response: HttpResponse,
    which: TokenKind | 'all' = 'all',
    { domain }: Pick<CookieAttributes, 'domain'> = {},
  ): void {
    for (const kind of which === 'all' ? (['access', 'refresh'] as const) : [which]) {
      const { token, csrf } = this.placesOf(kind);
      const gone = { maxAge: 0, expires: new Date(0), ...(domain !== undefined && { domain }) };
      replaceCookie(response, this.cookie(token, '', { ...gone, httpOnly: true }));
      if (this.hasCsrfCookie) replaceCookie(response, this.cookie(csrf, '', gone));
    }
    setHeader(response, 'Cache-Control', 'no-store');
  }

  private get hasCsrfCookie(): boolean {
    return this.parts.csrf.enabled && this.parts.csrf.cookie;
  }

  private cookiesOf(kind: TokenKind, raw: string, { maxAge, domain }: CookieAttributes): WrittenCookie[] {
    // issued here a moment ago
    const claims = unverifiedClaims(parseJwt(raw));
    const attributes = { ...this.lifetime(claims, maxAge), ...(domain !== undefined && { domain }) };
    if (this.parts.csrf.enabled && typeof claims['csrf'] !== 'string') {
      throw wrong(
        'the token has no csrf claim: set `cookies: {}` in the module, so that tokens are issued for cookies',
      );
    }
    if (this.parts.cookies.slidingRefresh !== false && kind === 'access' && claims.auth_time === undefined) {
      throw wrong('the token has no auth_time, which cookies.slidingRefresh counts from: issue it with `fresh: true`');
    }
    const { token, csrf } = this.placesOf(kind);
    return [
      this.cookie(token, raw, { ...attributes, httpOnly: true }),
      ...(this.hasCsrfCookie ? [this.cookie(csrf, claims['csrf'] as string, attributes)] : []),
    ];
  }

  private lifetime(claims: JwtClaims, maxAge: number | undefined): { maxAge?: number } {
    const left =
      claims.exp === undefined ? Infinity : Math.max(0, claims.exp - Math.floor(this.parts.clock.now() / 1000));
    const longest = Math.min(left, 400 * 86_400);
    if (maxAge !== undefined) {
      if (!Number.isSafeInteger(maxAge) || maxAge < 0) throw wrong('maxAge must be whole seconds');
      return { maxAge: Math.min(maxAge, longest) };
    }
    return this.parts.cookies.persistent ? { maxAge: longest } : {};
  }

  /** @throws AuthError `invalid_argument` for what a browser would drop without a word. */
  private cookie(
    { name, path }: CookiePlace,
    value: string,
    attributes: { maxAge?: number; domain?: string; expires?: Date; httpOnly?: boolean },
  ): WrittenCookie {
    const { domain, sameSite } = this.parts.cookies;
    if (attributes.domain !== undefined && /^__host-/i.test(name))
      throw wrong(`the cookie ${name} takes no domain: set cookies.domain, or a name without __Host-`);
    return writtenCookie({ name, value, path, domain, sameSite, secure: this.parts.secure, ...attributes });
  }

  private placesOf(kind: TokenKind): { token: CookiePlace; csrf: CookiePlace } {
    const { cookies, csrf, refreshPath } = this.parts;
    const path = cookies[kind].path ?? (kind === 'access' ? '/' : refreshPath());
    const names = csrf[kind];
    return {
      token: { path, name: cookies[kind].name ?? this.prefixed(`${kind}_token`, path) },
      csrf: { path: names.cookiePath, name: names.cookieName ?? this.prefixed(`csrf_${kind}_token`, names.cookiePath) },
    };
  }

  /** RFC 6265bis §4.1.3: `__Host-` where nothing but this host can set or read the cookie, else `__Secure-`. */
  private prefixed(name: string, path: string): string {
    if (!this.parts.secure) return name;
    return path === '/' && this.parts.cookies.domain === undefined ? `__Host-${name}` : `__Secure-${name}`;
  }
}

function wrong(reason: string): AuthError {
  return new AuthError('invalid_argument', { reason });
}
