import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthConfigError } from '../auth.errors.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { isOpen, routeTable, type RouteEntry } from '../resource/route-table.js';
import { clientProviderOf } from './oauth-client.decorator.js';
import { requiredOAuth } from './required-oauth.js';

/** Looks at every route that wants something of a provider, before the application listens. */
@Injectable()
export class OAuthRouteCheck implements OnModuleInit {
  constructor(
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(OAuthService) private readonly oauth: OAuthService,
  ) {}

  /** @throws AuthConfigError naming the route, the decorator and the mend. */
  onModuleInit(): void {
    const { application, modules } = this;
    for (const route of routeTable({ application, modules })) {
      const clients = route.arguments.map(clientProviderOf).filter((provider) => provider !== undefined);
      for (const provider of clients) this.check(route, `@OAuthClient('${provider}')`, provider);
      for (const { provider, scope } of requiredOAuth(route.handler, route.controller)) {
        const decorator = `@RequireOAuth('${provider}')`;
        this.check(route, decorator, provider);
        if (scope.length > 0 && this.oauth.protocolOf(provider) === 'oauth1')
          fail(route, decorator, 'the provider speaks OAuth 1, which knows no scope: leave it out');
      }
    }
  }

  private check(route: RouteEntry, decorator: string, provider: string): void {
    const names = this.oauth.providers;
    if (!names.includes(provider)) fail(route, decorator, `is none of oauth.providers: ${names.join(', ')}`);
    if (isOpen(route)) fail(route, decorator, 'the route has no @RequireToken() that could say whose grant it is');
  }
}

function fail({ controller, name }: RouteEntry, decorator: string, problem: string): never {
  throw new AuthConfigError(`${controller.name}.${name}`, `${decorator}: ${problem}`);
}
