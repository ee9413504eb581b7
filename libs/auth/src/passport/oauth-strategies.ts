import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OAuthConsent } from '../oauth/consent/oauth-consent.js';
import { OAuthTransport } from '../oauth/oauth-transport.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { Refusals } from '../resource/refusals.js';
import { passContext } from './guard-context.js';
import type { OAuth1Strategy } from './oauth1-strategy.js';
import type { OAuth2Strategy } from './oauth2-strategy.js';
import { ProviderLogIn, type ProviderLogInParts } from './provider-log-in.js';
import { holdName, releaseName } from './strategy-name.js';

/** One strategy a provider, in passport's registry for as long as the application runs. */
@Injectable()
export class OAuthStrategies implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly held: { strategy: OAuth1Strategy | OAuth2Strategy; undo: () => void }[] = [];

  constructor(
    @Inject(OAuthService) private readonly oauth: OAuthService,
    @Inject(OAuthConsent) private readonly consent: OAuthConsent,
    @Inject(OAuthTransport) private readonly transport: OAuthTransport,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** As late as can be: a boot that fails before holds no name. A context without HTTP has no use for it. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.host.httpAdapter) return;
    try {
      for (const name of this.oauth.providers) {
        // oxlint-disable-next-line no-await-in-loop -- the modules are loaded once
        const strategy = await this.strategyOf(name);
        holdName(name, strategy, `or give the provider another name here, for example oidc('my-${name}', …)`);
        this.held.push({ strategy, undo: passContext(name) });
      }
    } catch (error) {
      this.onApplicationShutdown();
      throw error;
    }
  }

  /** For a provider that `providersFactory` makes: passport keeps the names it hears for good, so it hears none of those. */
  logInWith(name: string): ProviderLogIn {
    return new ProviderLogIn(name, this.parts);
  }

  private get parts(): ProviderLogInParts {
    const { oauth, consent, transport, refusals, host } = this;
    return { oauth, consent, transport, refusals, host };
  }

  /** passport-oauth1 and passport-oauth2 are optional peers: who has no provider of a protocol need not install its. */
  private async strategyOf(name: string): Promise<OAuth1Strategy | OAuth2Strategy> {
    const { oauth, parts } = this;
    if (oauth.protocolOf(name) === 'oauth1') {
      const { OAuth1Strategy } = await import('./oauth1-strategy.js');
      return new OAuth1Strategy(name, parts);
    }
    const { OAuth2Strategy } = await import('./oauth2-strategy.js');
    return new OAuth2Strategy(name, parts);
  }

  onApplicationShutdown(): void {
    for (const { strategy, undo } of this.held.splice(0)) {
      undo();
      releaseName(strategy.name, strategy);
    }
  }
}
