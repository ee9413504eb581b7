import * as oauth from 'oauth4webapi';
import type { OAuth2Flow } from './flow.js';
import { atProvider, refuse } from './provider-errors.js';
import type { ProviderMetadata } from './provider-metadata.js';
import type { CodeProvider } from './provider.js';
import { requestedScope } from './scope.js';

/**
 * Step 1 of 4: the URL that the browser is sent to (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1), or the
 * handle of a pushed request (RFC 9126).
 *
 * @throws ProviderProblem
 */
export async function authorizationRequest(
  provider: CodeProvider,
  source: ProviderMetadata,
  flow: OAuth2Flow,
): Promise<string> {
  const metadata = await source.get();
  const parameters = await parametersOf(provider, flow);
  const url = new URL(metadata.authorization_endpoint!);
  const asksForIt = provider.kind === 'oidc' && provider.pushedAuthorizationRequests;
  const pushed = asksForIt || metadata.require_pushed_authorization_requests === true;
  const sent = pushed ? await pushRequest(provider, source, metadata, parameters) : parameters;
  for (const [name, value] of sent) url.searchParams.set(name, value);
  return url.href;
}

async function parametersOf(provider: CodeProvider, flow: OAuth2Flow): Promise<URLSearchParams> {
  const { authorizationParams, responseMode, client } = provider;
  const scope = requestedScope(provider, flow);
  const isOidc = provider.kind === 'oidc';
  // OpenID Connect Core §11: a refresh token is asked for with the user's consent, or not given
  const asksOffline = isOidc && provider.consentForOfflineAccess && scope.includes('offline_access');
  const wantsConsent = asksOffline && authorizationParams['prompt'] === undefined;
  return new URLSearchParams({
    ...authorizationParams,
    ...(wantsConsent && { prompt: 'consent' }),
    ...(responseMode === 'form_post' && { response_mode: 'form_post' }),
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: flow.redirectUri,
    ...(scope.length > 0 && { scope: scope.join(isOidc ? ' ' : provider.scopeSeparator) }),
    ...(!isOidc && provider.userScope.length > 0 && { user_scope: provider.userScope.join(provider.scopeSeparator) }),
    state: flow.state,
    ...(isOidc && { nonce: flow.nonce }),
    ...(provider.pkce && {
      code_challenge: await oauth.calculatePKCECodeChallenge(flow.codeVerifier),
      code_challenge_method: 'S256',
    }),
  });
}

async function pushRequest(
  { client, authenticate }: CodeProvider,
  source: ProviderMetadata,
  metadata: oauth.AuthorizationServer,
  parameters: URLSearchParams,
): Promise<URLSearchParams> {
  if (metadata.pushed_authorization_request_endpoint === undefined)
    throw refuse(
      'authorization',
      'oauth_provider_failed',
      'it takes no pushed requests: set pushedAuthorizationRequests to false',
    );
  const answer = await atProvider('authorization', async () => {
    const response = await oauth.pushedAuthorizationRequest(metadata, client, authenticate, parameters, source.options);
    return oauth.processPushedAuthorizationResponse(metadata, client, response);
  });
  return new URLSearchParams({ client_id: client.client_id, request_uri: answer.request_uri });
}
