import type { Clock } from '../../auth.clock.js';
import type { GrantTokens } from './grant-vault.js';
import type { ProviderSource } from '../provider-sources.js';
import { revocationRequest } from './revocation-request.js';

/** The refresh token first: the access token ends by itself, and with some providers ends with it (RFC 7009 §2.1). @throws ProviderProblem */
export async function revokeTokens(
  { provider, source }: ProviderSource,
  { refreshToken, accessToken }: Pick<GrantTokens, 'refreshToken' | 'accessToken'>,
  clock: Clock,
): Promise<void> {
  // OAuth 1 has no such request
  if (source === undefined) return;
  if (refreshToken !== undefined) await revocationRequest(provider, source, refreshToken, 'refresh_token', clock);
  await revocationRequest(provider, source, accessToken, 'access_token', clock);
}
