import * as oauth from 'oauth4webapi';
import type { Clock } from '../../auth.clock.js';
import { atProvider, failureOf, refuse, type ProviderFailure } from '../provider-errors.js';
import type { ProviderMetadata } from '../provider-metadata.js';
import type { CodeProvider } from '../provider.js';
import { checkTokens } from '../token-answer.js';
import { clientAt } from '../token-request.js';

/**
 * New tokens for a refresh token (RFC 6749 §6). An ID token that comes with them must be of the same user, and signed (OpenID
 * Connect Core §12.2).
 *
 * One whose signature nobody can look at just now is left out: the refresh token is spent, and an outage must not cost the grant.
 *
 * @param idToken the one of the log-in.
 * @param unverified hears why an ID token was left out.
 * @throws ProviderProblem; its word is `invalid_grant` when the refresh token is taken no more.
 */
export async function refreshRequest(
  provider: CodeProvider,
  source: ProviderMetadata,
  { refreshToken, idToken }: { refreshToken: string; idToken: string | undefined },
  clock: Clock,
  unverified: (failure: ProviderFailure) => void,
): Promise<oauth.TokenEndpointResponse> {
  const metadata = await source.get();
  const client = clientAt(provider, clock);
  return atProvider('refresh', async () => {
    const answer = await oauth.refreshTokenGrantRequest(
      metadata,
      client,
      provider.authenticate,
      refreshToken,
      source.options,
    );
    const tokens = await oauth.processRefreshTokenResponse(metadata, client, answer);
    // a DPoP token would be bound to a key, and none was sent (RFC 9449 §5)
    if (tokens.token_type !== 'bearer')
      throw refuse('refresh', 'oauth_provider_failed', 'its token_type is not Bearer');
    checkTokens('refresh', tokens);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    if (claims === undefined) return tokens;
    if (idToken !== undefined && claims.sub !== subjectOf(idToken))
      throw refuse('refresh', 'oauth_id_token_invalid', 'its sub is not that of the log-in');
    try {
      await oauth.validateApplicationLevelSignature(metadata, answer, source.options);
      return tokens;
    } catch (error) {
      if (isWrongSignature(error)) throw error;
      unverified(failureOf('id_token', error));
      const { id_token: _unverified, ...others } = tokens;
      return others;
    }
  });
}

/** It was looked at, with the key that it names. Whatever else fails says that there was no such key to be had. */
function isWrongSignature(error: unknown): boolean {
  return error instanceof oauth.OperationProcessingError && error.message === 'JWT signature verification failed';
}

/** Of an ID token that was verified when it came, or that the application vouches for. Undefined where it is no JWT of anybody. */
export function subjectOf(idToken: string): string | undefined {
  const [, payload, signature, more] = idToken.split('.');
  if (payload === undefined || signature === undefined || more !== undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub?: unknown } | null;
    return typeof claims?.sub === 'string' ? claims.sub : undefined;
  } catch {
    return undefined;
  }
}
