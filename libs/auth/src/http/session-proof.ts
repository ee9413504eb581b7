import { AuthError } from '../auth.errors.js';
import type { JwtClaims } from '../jwt/claims.js';
import { isProven } from '../jwt/equal-text.js';
import type { AntiCsrf } from '../session/session.options.js';
import type { HttpMessage } from './http-message.js';
import { messages, requestHeaders } from './session-protocol.js';

/** Methods that must not change anything (RFC 9110 §9.2.1). */
const safeMethods = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/**
 * Was a request with a session cookie meant? As SuperTokens' client proves it: by a header that no other origin's form can
 * send, or by the value that came with the session's tokens. A header is enough because CORS lets no stranger send it.
 *
 * 401, not 403: the client then refreshes, and has the newest value.
 */
export class SessionProof {
  constructor(private readonly mode: AntiCsrf) {}

  /** Of a guarded request. @throws AuthError `csrf_failed` */
  check(message: HttpMessage, claims: JwtClaims): void {
    if (safeMethods.includes(message.method)) return;
    if (this.mode === 'custom-header' && message.header(requestHeaders.rid) === undefined)
      throw refused('rid is missing', false);
    if (this.mode === 'token' && !isProven(message.header(requestHeaders.antiCsrf), claims['csrf']))
      throw refused('anti-csrf is missing or not that of the token', false);
  }

  /**
   * Of a refresh by cookie.
   *
   * @returns the value that the client sent: where the mode is `'token'`, the refresh token must have come with it.
   * @throws AuthError `csrf_failed`
   */
  sentWith(message: HttpMessage): string | undefined {
    if (this.mode === 'custom-header' && message.header(requestHeaders.rid) === undefined)
      throw refused('rid is missing', true);
    const value = message.header(requestHeaders.antiCsrf);
    return typeof value === 'string' ? value : undefined;
  }
}

function refused(reason: string, isRefresh: boolean): AuthError {
  const message = isRefresh ? messages.unauthorised : messages.tryRefresh;
  return new AuthError('csrf_failed', { reason, phrase: { status: 401, message } });
}
