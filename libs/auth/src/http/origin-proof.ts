import { AuthError } from '../auth.errors.js';
import type { JwtClaims } from '../jwt/claims.js';
import { isProven } from '../jwt/equal-text.js';
import type { TokenKind } from '../resource/token-kind.js';
import type { CsrfOptions } from './csrf.options.js';
import type { HttpMessage } from './http-message.js';

/**
 * Was a request with a token cookie meant? The browser must not call it cross-site, and the value bound to the token must
 * come along where only a page of ours can have put it (signed double submit).
 *
 * Asked for `csrf.methods` only; other methods must not change anything.
 *
 * @throws AuthError `csrf_failed`
 */
export class OriginProof {
  private readonly trusted: ReadonlySet<string>;

  constructor(
    private readonly options: CsrfOptions,
    publicOrigin: string,
  ) {
    this.trusted = new Set([publicOrigin, ...options.trustedOrigins]);
  }

  check(message: HttpMessage, claims: JwtClaims, kind: TokenKind): void {
    if (!this.options.enabled || !this.options.methods.includes(message.method)) return;
    if (!this.comesFromUs(message))
      throw new AuthError('csrf_failed', { reason: 'the request comes from another origin' });
    if (!isProven(this.sentValue(message, kind), claims['csrf'])) {
      throw new AuthError('csrf_failed', { reason: 'the anti-CSRF value is missing or not that of the token' });
    }
  }

  /** Fetch Metadata, or Origin where a browser sends none; a request with neither is no browser's. */
  private comesFromUs(message: HttpMessage): boolean {
    const origin = message.header('origin');
    const site = message.header('sec-fetch-site');
    if (site === 'same-origin' || site === 'none') return true;
    if (site === undefined && origin === undefined) return true;
    return typeof origin === 'string' && this.trusted.has(origin);
  }

  /** The form is read only where there is no header: a wrong header is not mended by a right field. */
  private sentValue(message: HttpMessage, kind: TokenKind): unknown {
    const { headerName, fieldName } = this.options[kind];
    const header = message.header(headerName.toLowerCase() as Lowercase<string>);
    if (header !== undefined || !this.options.form) return header;
    return message.formField(fieldName);
  }
}
