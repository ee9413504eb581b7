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

interface Made {
  readonly source: Promise<ProviderSource>;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Milliseconds: for so long a secret that was changed where the factory reads it is still used here. */
const lifetime = 300_000;
/** Of those that the factory makes. One more, and the oldest is made anew when it is needed. */
const mostMade = 1_000;

/** The providers, by their names: what each says of itself is read once for everybody here. */
export class ProviderSources {
  private readonly configured: ReadonlyMap<string, ProviderSource>;
  private readonly made = new Map<string, Made>();

  constructor(
    private readonly settings: Pick<OAuthSettings, 'providers' | 'makeProvider' | 'timeout'>,
    private readonly clock: Clock,
  ) {
    const each = [...settings.providers.values()].map((provider) => this.sourceOf(provider));
    this.configured = new Map(each.map((one) => [one.provider.name, one]));
  }

  /** One that the options name. */
  isConfigured(name: string): boolean {
    return this.configured.has(name);
  }

  /** Can there be one? Asks nobody. @throws AuthError `oauth_provider_unknown` */
  check(name: string): void {
    if (!this.isConfigured(name) && this.settings.makeProvider === undefined)
      throw new AuthError('oauth_provider_unknown');
  }

  /**
   * One that the options name, or that `providersFactory` makes.
   *
   * @throws AuthError `oauth_provider_unknown`; `oauth_provider_failed` where the factory makes one that is none;
   *   `store_unavailable` where it fails.
   */
  async find(name: string): Promise<ProviderSource> {
    return this.configured.get(name) ?? this.make(name);
  }

  private make(name: string): Promise<ProviderSource> {
    const known = this.made.get(name);
    if (known !== undefined && this.clock.now() < known.until) return known.source;
    const source = this.ask(name);
    this.made.delete(name);
    this.made.set(name, { source, until: this.clock.now() + lifetime });
    if (this.made.size > mostMade) this.made.delete(this.made.keys().next().value!);
    // what is no provider now may be one in a moment
    source.catch(() => {
      if (this.made.get(name)?.source === source) this.made.delete(name);
    });
    return source;
  }

  private async ask(name: string): Promise<ProviderSource> {
    const provider = await this.settings.makeProvider?.(name);
    if (provider === undefined) throw new AuthError('oauth_provider_unknown');
    return this.sourceOf(provider);
  }

  private sourceOf(provider: OAuthProvider): ProviderSource {
    const timeout = seconds(this.settings.timeout);
    const outbound = outboundFetch({ timeout, allowInsecureLoopback: provider.allowInsecureLoopback });
    if (provider.kind === 'oauth1') return { provider, source: undefined, outbound };
    const source = new ProviderMetadata(provider, providerFetch(provider, outbound), this.clock);
    return { provider, source, outbound };
  }
}
