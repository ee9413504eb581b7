import * as oauth from 'oauth4webapi';
import type { Clock } from '../../auth.clock.js';
import { atProvider } from '../provider-errors.js';
import type { ProviderMetadata } from '../provider-metadata.js';
import type { CodeProvider } from '../provider.js';
import { clientAt } from '../token-request.js';

/**
 * Tell the provider that a token is done with (RFC 7009). Nothing is sent to one that takes no such requests.
 *
 * @throws ProviderProblem
 */
export async function revocationRequest(
  provider: CodeProvider,
  source: ProviderMetadata,
  token: string,
  hint: 'refresh_token' | 'access_token',
  clock: Clock,
): Promise<void> {
  const metadata = await source.get();
  if (metadata.revocation_endpoint === undefined) return;
  const client = clientAt(provider, clock);
  await atProvider('revocation', async () => {
    const options = { ...source.options, additionalParameters: { token_type_hint: hint } };
    const answer = await oauth.revocationRequest(metadata, client, provider.authenticate, token, options);
    await oauth.processRevocationResponse(answer);
  });
}
