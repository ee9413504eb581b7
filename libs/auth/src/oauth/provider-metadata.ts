import * as oauth from 'oauth4webapi';
import type { Clock } from '../auth.clock.js';
import { isAllowedEndpoint, type outboundFetch } from './outbound-fetch.js';
import { atProvider, ProviderProblem, refuse } from './provider-errors.js';
import type { OAuthProvider } from './provider.js';

/** Milliseconds. */
const freshFor = 3_600_000;

/** The endpoints that are used, where the provider has them. */
const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

/** What a provider says of itself (OpenID Connect Discovery), read at the first log-in and then once an hour. */
export class ProviderMetadata {
  private known: { readonly metadata: oauth.AuthorizationServer; readonly readAt: number } | undefined;
  private reading: Promise<oauth.AuthorizationServer> | undefined;

  constructor(
    private readonly provider: OAuthProvider,
    private readonly fetch: ReturnType<typeof outboundFetch>,
    private readonly clock: Clock,
  ) {}

  /** @throws ProviderProblem */
  async get(): Promise<oauth.AuthorizationServer> {
    if (this.known !== undefined && this.clock.now() - this.known.readAt < freshFor) return this.known.metadata;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** A provider that cannot be asked just now is as it was; one that answers something else is not. */
  private async read(): Promise<oauth.AuthorizationServer> {
    try {
      const metadata = await atProvider('discovery', () => this.discover());
      this.known = { metadata, readAt: this.clock.now() };
      return metadata;
    } catch (error) {
      const isOutage = error instanceof ProviderProblem && error.failure.error.code !== 'oauth_provider_failed';
      if (isOutage && this.known !== undefined) return this.known.metadata;
      throw error;
    }
  }

  private async discover(): Promise<oauth.AuthorizationServer> {
    const { issuer, allowInsecureLoopback } = this.provider;
    const response = await oauth.discoveryRequest(new URL(issuer), this.options);
    // another issuer must not lend its endpoints (OpenID Connect Discovery §4.3)
    const metadata = await oauth.processDiscoveryResponse(new URL(issuer), response);
    for (const name of endpoints) {
      const url = metadata[name];
      if (url === undefined && /userinfo|pushed/.test(name)) continue;
      if (!isAllowedEndpoint(url, allowInsecureLoopback))
        throw refuse('discovery', 'oauth_provider_failed', `its ${name} is missing or not https`);
    }
    return metadata;
  }

  /** For every request to the provider. */
  get options() {
    return {
      [oauth.customFetch]: this.fetch as never,
      // what may be plain http is decided by our own fetch, endpoint by endpoint
      [oauth.allowInsecureRequests]: true,
    };
  }
}
