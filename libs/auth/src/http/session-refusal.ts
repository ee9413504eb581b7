import { AuthError } from '../auth.errors.js';
import type { Token } from '../resource/token.js';
import type { VerifiedToken } from '../resource/verified-token.js';
import type { HttpMessage } from './http-message.js';
import { messages, requestHeaders, sessionCookies } from './session-protocol.js';

/**
 * What SuperTokens' client and its servers call a refusal, where sessions are spoken of: an application that uses them, a
 * request of the client, a token of a session. Undefined elsewhere, and for what is no matter of the session.
 */
export function sessionRefusal(error: AuthError, message: HttpMessage, withSessions: boolean): string | undefined {
  if (error.hasOwnPhrase || error.statusCode !== 401 || error.error !== 'invalid_token') return undefined;
  const token = error.token as VerifiedToken | Token | undefined;
  const isOfSession = token?.session !== undefined;
  if (!isOfSession && !withSessions && !speaksOfSessions(message)) return undefined;
  const isOver = isOfSession && error.code === 'token_expired';
  // its key may have been retired: nobody can tell any more whose token it was
  return isOver || error.unknownKey ? messages.tryRefresh : messages.unauthorised;
}

function speaksOfSessions(message: HttpMessage): boolean {
  return message.header(requestHeaders.mode) !== undefined || message.cookies(sessionCookies.access).length > 0;
}

/** A browser sends a cookie twice, of this domain and of the one before: nothing tells which is the user's. */
export function twoCookies(message: (typeof messages)[keyof typeof messages]): AuthError {
  const reason = 'two session cookies of one name';
  return new AuthError('malformed_request', { reason, phrase: { status: 401, message } });
}
