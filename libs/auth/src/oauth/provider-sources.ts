import type { Clock } from '../auth.clock.js';
import { seconds } from '../auth.durations.js';
import { AuthError } from '../auth.errors.js';
import type { OAuth1Provider } from './oauth1/oauth1-provider.js';
import type { OAuthSettings } from './oauth.options.js';
import { outboundFetch } from './outbound-fetch.js';
import { providerFetch } from './provider-fetch.js';
import { ProviderMetadata } from './provider-metadata.js';
import type { CodeProvider, OAuthProvider } from './provider.js';

type Fetch = ReturnType<typeof outboundFetch>;

/** A provider, what it says of itself (OAuth 1 knows no such thing), and how it is asked. */
export type ProviderSource =
  | { readonly provider: CodeProvider; readonly source: ProviderMetadata; readonly outbound: Fetch }
  | { readonly provider: OAuth1Provider; readonly source: undefined; readonly outbound: Fetch };

/** The configured providers: what each says of itself is read once for everybody here. */
export class ProviderSources {
  private readonly sources: ReadonlyMap<string, ProviderSource>;

  constructor({ providers, timeout }: Pick<OAuthSettings, 'providers' | 'timeout'>, clock: Clock) {
    const each = [...providers.values()].map((provider) => sourceOf(provider, seconds(timeout), clock));
    this.sources = new Map(each.map((one) => [one.provider.name, one]));
  }

  /** @throws AuthError `oauth_provider_unknown` */
  of(name: string): ProviderSource {
    const found = this.sources.get(name);
    if (found === undefined) throw new AuthError('oauth_provider_unknown');
    return found;
  }
}

function sourceOf(provider: OAuthProvider, timeout: number, clock: Clock): ProviderSource {
  const outbound = outboundFetch({ timeout, allowInsecureLoopback: provider.allowInsecureLoopback });
  if (provider.kind === 'oauth1') return { provider, source: undefined, outbound };
  const source = new ProviderMetadata(provider, providerFetch(provider, outbound), clock);
  return { provider, source, outbound };
}
