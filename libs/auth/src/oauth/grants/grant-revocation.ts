import type { Clock } from '../../auth.clock.js';
import type { GrantTokens } from './grant-vault.js';
import type { ProviderSource } from '../provider-sources.js';
import { revocationRequest } from './revocation-request.js';

/**
 * The refresh token first: the access token ends by itself, and with some providers ends with it (RFC 7009 §2.1). Both are tried.
 *
 * @throws ProviderProblem the first one.
 */
export async function revokeTokens(
  { provider, source }: ProviderSource,
  { refreshToken, accessToken }: Pick<GrantTokens, 'refreshToken' | 'accessToken'>,
  clock: Clock,
): Promise<void> {
  // OAuth 1 has no such request
  if (source === undefined) return;
  const tried = (token: string, hint: 'refresh_token' | 'access_token') =>
    revocationRequest(provider, source, token, hint, clock).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  const first = refreshToken === undefined ? undefined : await tried(refreshToken, 'refresh_token');
  // after a no, too: some providers revoke tokens of one kind alone (RFC 7009 §2.2.1)
  const second = await tried(accessToken, 'access_token');
  const failed = first ?? second;
  if (failed !== undefined) throw failed.error;
}
