import type { Clock } from '../../auth.clock.js';
import type { OAuthGrantContent, OAuthGrantKey } from '../../stores/oauth-grant.store.js';
import { clientCredentialsRequest } from './client-credentials-request.js';
import { ownerText } from './grant-owner.js';
import type { GrantTokens, GrantVault } from './grant-vault.js';
import type { ProviderMetadata } from '../provider-metadata.js';
import type { ProviderSource } from '../provider-sources.js';
import type { CodeProvider } from '../provider.js';
import { expiryOf } from '../token-request.js';

const application = ownerText({ kind: 'app' });

/** A token that the application gets by itself: in which row it is kept, and who is asked for it. */
export interface ApplicationToken {
  /** Its subject is our client id: no account of anybody there. */
  readonly key: OAuthGrantKey;
  readonly provider: CodeProvider;
  readonly source: ProviderMetadata;
  readonly scope: readonly string[];
}

/**
 * Is it the application's own token that is meant? Undefined of every grant of a user, of those that `put()` keeps for the
 * application under another subject, and wherever `applicationScope` is not set.
 *
 * @param subject undefined: whichever the owner has, which of the application is its own, whatever `put()` keeps beside it.
 */
export async function applicationToken(
  find: () => Promise<ProviderSource>,
  { owner, subject }: { readonly owner: string; readonly subject: string | undefined },
): Promise<ApplicationToken | undefined> {
  if (owner !== application) return undefined;
  const { provider, source } = await find();
  if (source === undefined) return undefined;
  const { name, clientId, applicationScope: scope } = provider;
  if (scope === undefined || (subject ?? clientId) !== clientId) return undefined;
  return { key: { owner, provider: name, subject: clientId }, provider, source, scope };
}

/** Ask for it, and seal it for its row. A refresh token that comes with it is not used (RFC 6749 §4.4.3). @throws ProviderProblem */
export async function applicationGrant(
  { key, provider, source, scope }: ApplicationToken,
  { vault, clock }: { readonly vault: GrantVault; readonly clock: Clock },
): Promise<OAuthGrantContent> {
  const answer = await clientCredentialsRequest(provider, source, scope, clock);
  const { issuer } = await source.get();
  const now = clock.now();
  const tokens: GrantTokens = {
    accessToken: answer.access_token,
    refreshToken: undefined,
    idToken: undefined,
    tokenSecret: undefined,
    refreshedAt: now,
  };
  return {
    ...key,
    issuer,
    sealed: vault.seal(tokens, key),
    scope: answer.scope ?? scope.join(' '),
    expiresAt: expiryOf(answer.expires_in, clock) ?? null,
    status: 'active',
    createdAt: now,
    updatedAt: now,
  };
}
