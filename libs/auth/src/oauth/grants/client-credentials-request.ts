import * as oauth from 'oauth4webapi';
import type { Clock } from '../../auth.clock.js';
import { atProvider, ProviderProblem, refuse, refuseAnswer } from '../provider-errors.js';
import type { ProviderMetadata } from '../provider-metadata.js';
import type { CodeProvider } from '../provider.js';
import { checkTokens } from '../token-answer.js';
import { clientAt } from '../token-request.js';

/**
 * A token of the application itself, for the proof of its client alone (RFC 6749 §4.4). Does not look at an ID token that comes
 * with it: there is no user.
 *
 * @param scope none by name where it is empty.
 * @throws ProviderProblem; never with `invalid_grant`, which is about somebody's consent.
 */
export async function clientCredentialsRequest(
  provider: CodeProvider,
  source: ProviderMetadata,
  scope: readonly string[],
  clock: Clock,
): Promise<oauth.TokenEndpointResponse> {
  const metadata = await source.get();
  const client = clientAt(provider, clock);
  const separator = provider.kind === 'oauth2' ? provider.scopeSeparator : ' ';
  const parameters = new URLSearchParams(scope.length === 0 ? {} : { scope: scope.join(separator) });
  try {
    return await atProvider('token', async () => {
      const request = [metadata, client, provider.authenticate, parameters, source.options] as const;
      const answer = await oauth.clientCredentialsGrantRequest(...request);
      const tokens = await oauth.processClientCredentialsResponse(metadata, client, answer);
      // a DPoP token would be bound to a key, and none was sent (RFC 9449 §5)
      if (tokens.token_type !== 'bearer')
        throw refuse('token', 'oauth_provider_failed', 'its token_type is not Bearer');
      checkTokens('token', tokens);
      return tokens;
    });
  } catch (error) {
    if (!(error instanceof ProviderProblem) || error.failure.error.code !== 'oauth_grant_refused') throw error;
    // nobody consented, so nobody can do it again: it is our client that is refused
    const { status, word, description, uri } = error.failure;
    throw refuseAnswer('token', 'oauth_provider_failed', status!, { word, description, uri });
  }
}
