import type { TokenEndpointResponse } from 'oauth4webapi';
import type { OAuthPhase } from '../auth.events.js';
import { refuse } from './provider-errors.js';

/** Bytes as JSON. Three tokens, sealed, fit into a TEXT of MySQL and MariaDB: 65,535 bytes. */
const largestToken = 16_000;
/** Bytes as UTF-8. Stored as it is, and united with that of earlier log-ins. */
const largestScope = 8_000;

/** RFC 6749 A.12, A.17. What has other characters fits in no header, and the error of `Headers` quotes it. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[\x20-\x7e]+$/.test(text);
}

/** Does it fit in a row? */
export function hasRoom(token: string | undefined): boolean {
  return token === undefined || Buffer.byteLength(JSON.stringify(token)) <= largestToken;
}

/**
 * What is no token, or too large to be kept, is refused where it is read, before anybody uses or stores it. Does not look into the
 * ID token: whoever verifies it does.
 *
 * @throws ProviderProblem
 */
export function checkTokens(
  phase: OAuthPhase,
  { access_token, refresh_token, id_token, scope = '' }: TokenEndpointResponse,
): void {
  if (!isToken(access_token) || (refresh_token !== undefined && !isToken(refresh_token)))
    throw refuse(phase, 'oauth_provider_failed', 'a token has characters that no token has (RFC 6749 A.12, A.17)');
  if (![access_token, refresh_token, id_token].every(hasRoom))
    throw refuse(phase, 'oauth_provider_failed', `a token has more than ${largestToken} bytes`);
  // PostgreSQL takes no NUL, and none of these is in a scope (RFC 6749 §3.3)
  if (/[\p{Cc}\p{Cs}]/u.test(scope))
    throw refuse(phase, 'oauth_provider_failed', 'the scope has characters that no scope has (RFC 6749 §3.3)');
  if (Buffer.byteLength(scope) > largestScope)
    throw refuse(phase, 'oauth_provider_failed', `the scope has more than ${largestScope} bytes`);
}
