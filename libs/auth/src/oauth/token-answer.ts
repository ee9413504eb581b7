import type { TokenEndpointResponse } from 'oauth4webapi';
import type { OAuthPhase } from '../auth.events.js';
import { refuse } from './provider-errors.js';

/** RFC 6749 A.12, A.17. What has others fits in no header, and the error of `Headers` quotes it. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[\x20-\x7e]+$/.test(text);
}

/**
 * What is no token is refused where it is read, before anybody uses or stores it. Does not look at the ID token: whoever verifies
 * it does.
 *
 * @throws ProviderProblem
 */
export function checkTokens(phase: OAuthPhase, { access_token, refresh_token }: TokenEndpointResponse): void {
  if (!isToken(access_token) || (refresh_token !== undefined && !isToken(refresh_token)))
    throw refuse(phase, 'oauth_provider_failed', 'a token has characters that no token has (RFC 6749 A.12, A.17)');
}
