import { AuthError } from '../../auth.errors.js';
import type { OAuthTokens } from '../oauth-login.js';
import type { OAuthProvider } from '../provider.js';
import { subjectOf } from './refresh-request.js';
import { hasRoom, isToken } from '../token-answer.js';

/**
 * Tokens of the application have to be what a provider could have given.
 *
 * Of OAuth 1 they can be any text: there they are encoded before they are sent (RFC 5849 §3.5.1).
 *
 * @throws AuthError `invalid_argument`
 */
export function checkGivenTokens(
  { kind }: OAuthProvider,
  tokens: { readonly [Name in keyof OAuthTokens]?: unknown } = {},
): void {
  const { accessToken, refreshToken, idToken } = tokens;
  for (const name of ['accessToken', 'refreshToken', 'idToken', 'tokenSecret'] as const)
    if (typeof tokens[name] === 'string' && !hasRoom(tokens[name])) throw invalid(name, 'is too large to be kept');
  if (typeof accessToken !== 'string' || accessToken === '') throw invalid('accessToken', 'must be a text');
  if (kind === 'oauth1') return;
  if (!isToken(accessToken)) throw invalid('accessToken', 'has characters that fit in no header');
  if (refreshToken !== undefined && !isToken(refreshToken))
    throw invalid('refreshToken', 'must be a text of the characters that tokens have');
  // a refresh compares its subject, when the refresh token is spent already (OpenID Connect Core §12.2)
  if (idToken !== undefined && (typeof idToken !== 'string' || subjectOf(idToken) === undefined))
    throw invalid('idToken', 'must be a JWT with a sub');
}

function invalid(name: keyof OAuthTokens, reason: string): AuthError {
  return new AuthError('invalid_argument', { reason: `tokens.${name} ${reason}` });
}
