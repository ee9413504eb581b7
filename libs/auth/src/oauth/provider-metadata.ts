import * as oauth from 'oauth4webapi';
import type { Clock } from '../auth.clock.js';
import { isAllowedEndpoint, type outboundFetch } from './outbound-fetch.js';
import { atProvider, ProviderProblem, refuse } from './provider-errors.js';
import type { CodeProvider, OAuth2Provider, OidcProvider } from './provider.js';

/** Milliseconds. */
const freshFor = 3_600_000;

/** The endpoints that are used, where the provider has them. */
const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'revocation_endpoint',
] as const;

/**
 * What a provider says of itself (OpenID Connect Discovery), read at the first log-in and then once an hour; of one of plain
 * OAuth 2, what its options say.
 */
export class ProviderMetadata {
  private known: { readonly metadata: oauth.AuthorizationServer; readonly readAt: number } | undefined;
  private reading: Promise<oauth.AuthorizationServer> | undefined;

  constructor(
    private readonly provider: CodeProvider,
    private readonly fetch: ReturnType<typeof outboundFetch>,
    private readonly clock: Clock,
  ) {}

  /** @throws ProviderProblem */
  async get(): Promise<oauth.AuthorizationServer> {
    if (this.provider.kind === 'oauth2') return staticMetadata(this.provider);
    if (this.known !== undefined && this.clock.now() - this.known.readAt < freshFor) return this.known.metadata;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** A provider that cannot be asked just now is as it was; one that answers something else is not. */
  private async read(): Promise<oauth.AuthorizationServer> {
    try {
      const metadata = await atProvider('discovery', () => this.discover(this.provider as OidcProvider));
      this.known = { metadata, readAt: this.clock.now() };
      return metadata;
    } catch (error) {
      const isOutage = error instanceof ProviderProblem && error.failure.error.code !== 'oauth_provider_failed';
      if (isOutage && this.known !== undefined) return this.known.metadata;
      throw error;
    }
  }

  private async discover(provider: OidcProvider): Promise<oauth.AuthorizationServer> {
    const { issuer, issuerTemplate, allowInsecureLoopback } = provider;
    const response = await oauth.discoveryRequest(new URL(issuer), this.options);
    // another issuer must not lend its endpoints (OpenID Connect Discovery §4.3)
    const metadata = await oauth.processDiscoveryResponse(new URL(issuerTemplate ?? issuer), response);
    for (const name of endpoints) {
      const url = metadata[name];
      if (url === undefined && /userinfo|pushed|revocation/.test(name)) continue;
      if (!isAllowedEndpoint(url, allowInsecureLoopback))
        throw refuse('discovery', 'oauth_provider_failed', `its ${name} is missing or not https`);
    }
    return metadata;
  }

  /** For every request to the provider. */
  get options() {
    return {
      headers: this.provider.requestHeaders,
      [oauth.customFetch]: this.fetch as never,
      // what may be plain http is decided by our own fetch, endpoint by endpoint
      [oauth.allowInsecureRequests]: true,
    };
  }
}

function staticMetadata(provider: OAuth2Provider): oauth.AuthorizationServer {
  const { authorizationEndpoint, tokenEndpoint, revocationEndpoint } = provider;
  return {
    issuer: issuerOf(provider),
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
  };
}

/** What the subjects of a provider belong to. Where it has no name for itself, that is the page where its users log in. */
export function issuerOf({ issuer, authorizationEndpoint }: OAuth2Provider): string {
  return issuer === undefined || issuer === 'ignore' ? authorizationEndpoint : issuer;
}
