import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OAuthTransport } from '../oauth/oauth-transport.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { Refusals } from '../resource/refusals.js';
import { passContext } from './guard-context.js';
import type { OAuth2Strategy } from './oauth2-strategy.js';
import { holdName, releaseName } from './strategy-name.js';

/** One strategy a provider, in passport's registry for as long as the application runs. */
@Injectable()
export class OAuthStrategies implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly held: { strategy: OAuth2Strategy; undo: () => void }[] = [];

  constructor(
    @Inject(OAuthService) private readonly oauth: OAuthService,
    @Inject(OAuthTransport) private readonly transport: OAuthTransport,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** As late as can be: a boot that fails before holds no name. A context without HTTP has no use for it. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.host.httpAdapter || this.oauth.providers.length === 0) return;
    // passport-oauth2 is an optional peer: who only uses jwtStrategy() need not install it
    const { OAuth2Strategy } = await import('./oauth2-strategy.js');
    const { oauth, transport, refusals, host } = this;
    try {
      for (const name of oauth.providers) {
        const strategy = new OAuth2Strategy(name, { oauth, transport, refusals, host });
        holdName(name, strategy, `or give the provider another name here, for example oidc('my-${name}', …)`);
        this.held.push({ strategy, undo: passContext(name) });
      }
    } catch (error) {
      this.onApplicationShutdown();
      throw error;
    }
  }

  onApplicationShutdown(): void {
    for (const { strategy, undo } of this.held.splice(0)) {
      undo();
      releaseName(strategy.name, strategy);
    }
  }
}
