import { AuthError } from '../auth.errors.js';
import type { ApiRequest } from './client/api-request.js';
import type { ProviderSource } from './provider-sources.js';
import type { OAuth2Provider, OAuthProvider } from './provider.js';

/** A question to the API of a provider. */
export interface Asked {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

/** How a provider of plain OAuth 2 is asked who somebody is. */
export function askedOf({ userinfoEndpoint, userinfoMethod, userinfoQuery }: OAuth2Provider): Asked {
  const url = userinfoEndpoint!;
  if (userinfoQuery === undefined) return { url, method: userinfoMethod };
  return { url, method: 'POST', body: JSON.stringify({ query: userinfoQuery }) };
}

/** @throws ProviderProblem; AuthError `oauth_url_refused` where the provider has none. */
export async function userinfoEndpointOf({ provider, source }: ProviderSource): Promise<string> {
  const endpoint = provider.kind === 'oidc' ? (await source!.get()).userinfo_endpoint : provider.userinfoEndpoint;
  if (endpoint === undefined)
    throw new AuthError('oauth_url_refused', { reason: `nothing was sent: ${provider.name} has no userinfo endpoint` });
  return endpoint;
}

/** The parameters of whoever asks, and over them those that the provider wants. */
export function userinfoRequest(
  provider: OAuthProvider,
  endpoint: string,
  accessToken: string,
  parameters: URLSearchParams,
): ApiRequest {
  const { method, body }: Omit<Asked, 'url'> = provider.kind === 'oauth2' ? askedOf(provider) : { method: 'GET' };
  const url = new URL(endpoint);
  for (const name of new Set(parameters.keys())) if (!url.searchParams.has(name)) append(url, name, parameters);
  const own = provider.kind === 'oauth2' ? provider.userinfoParams(accessToken) : {};
  for (const [name, value] of Object.entries(own)) url.searchParams.set(name, value);
  const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
  return { method, url: url.href, headers, body };
}

function append(url: URL, name: string, parameters: URLSearchParams): void {
  for (const value of parameters.getAll(name)) url.searchParams.append(name, value);
}
