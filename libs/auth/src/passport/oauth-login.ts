import type { InjectionToken, OptionalFactoryDependency, Provider } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Clock } from '../auth.clock.js';
import { AuthConfigError } from '../auth.errors.js';
import { AUTH_EVENTS, type AuthEventListener } from '../auth.events.js';
import { checkSlice, type Given } from '../auth.slices.js';
import type { OAuthEdge } from '../oauth/oauth-edge.js';
import { OAuthGrants } from '../oauth/grants/oauth-grants.js';
import { OAuthListeners } from '../oauth/events/oauth-listeners.js';
import { OAuthLinking } from '../oauth/linking/linking.js';
import { OAUTH_HOOKS, type OAuthHooks } from '../oauth/oauth-hooks.js';
import { OAuthLinks } from '../oauth/linking/oauth-links.js';
import { OAuthTransport } from '../oauth/oauth-transport.js';
import {
  OAuthRouteOptions,
  resolveOAuthOptions,
  type GivenOAuthOptions,
  type OAuthSettings,
} from '../oauth/oauth.options.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { ProviderSources } from '../oauth/provider-sources.js';
import { OAuthFlowStore } from '../stores/oauth-flow.store.js';
import { OAuthLinkStore } from '../stores/oauth-link.store.js';
import { grantsProvider, OAUTH_SETTINGS, sourcesProvider } from './oauth-grants.provider.js';
import { OAuthClients } from './oauth-clients.js';
import { consentProvider, ticketsProvider } from './oauth-consent.provider.js';
import { OAuthRouteCheck } from './oauth-route-check.js';
import { OAuthStrategies } from './oauth-strategies.js';
import { OAuthHandlerDiscovery } from './on-oauth-discovery.js';
import { createOAuthController } from './oauth.controller.js';

/** What `oauthLogin()` takes. */
export type OAuthLoginOptions = Given<OAuthRouteOptions> & GivenOAuthOptions;

/** The same, where providers come of other providers of the application, for example its configuration. */
export type OAuthLoginFactory = Given<OAuthRouteOptions> & {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...parts: never[]) => GivenOAuthOptions | Promise<GivenOAuthOptions>;
};

/** The injection token of the options, before they are checked. */
const OAUTH_OPTIONS = Symbol('nest-latchkey:oauth-options');

/**
 * Log-in with providers: `GET /login/:provider` sends the browser to one, `/login/:provider/authorized` takes its answer,
 * and `AuthGuard(name)` does both in controllers of your own, with an OAuthLogin as `request.user`.
 *
 * ```ts
 * AuthModule.forRoot({ jwt, session: {}, hooks, oauth: oauthLogin({ providers: [oidc('corp', { issuer, clientId, clientSecret })] }) })
 * ```
 *
 * Beside `forRootAsync({ useFactory })` it stands as `oauth`, and takes a factory of its own: `oauthLogin({ inject, useFactory })`.
 */
export function oauthLogin(options: OAuthLoginOptions | OAuthLoginFactory): OAuthEdge {
  const { path, controller, ...rest } = options ?? {};
  const routes = checkSlice('oauth', new OAuthRouteOptions(), { path, controller });
  return {
    providers: [
      optionsProvider(rest as OAuthLoginOptions | OAuthLoginFactory),
      OAuthListeners,
      DiscoveryService,
      OAuthHandlerDiscovery,
      settingsProvider,
      sourcesProvider,
      grantsProvider(routes.path),
      ticketsProvider,
      consentProvider(routes.path),
      OAuthClients,
      OAuthRouteCheck,
      serviceProvider(routes.path),
      linksProvider,
      linkingProvider,
      OAuthStrategies,
    ],
    controllers: routes.controller ? [createOAuthController(routes.path)] : [],
    exports: [OAuthService, OAuthLinks, OAuthGrants, OAuthClients],
    logsIn: routes.controller,
  };
}

function optionsProvider(options: OAuthLoginOptions | OAuthLoginFactory): Provider {
  if (!('useFactory' in options)) return { provide: OAUTH_OPTIONS, useValue: options };
  const { inject = [], useFactory, ...others } = options;
  const [stray] = Object.keys(others);
  if (stray !== undefined)
    throw new AuthConfigError(
      `oauth.${stray}`,
      'stands beside useFactory: let the factory give it, with the providers',
    );
  return { provide: OAUTH_OPTIONS, inject, useFactory: useFactory as never };
}

const linksProvider: Provider = {
  provide: OAuthLinks,
  inject: [OAuthLinkStore, OAUTH_HOOKS, OAuthListeners, OAuthGrants, Clock, AUTH_EVENTS],
  useFactory: (
    store: OAuthLinkStore,
    hooks: OAuthHooks,
    listeners: OAuthListeners,
    grants: OAuthGrants,
    clock: Clock,
    emit: AuthEventListener,
  ) => new OAuthLinks({ store, hooks, listeners, grants, clock, emit }),
};

const linkingProvider: Provider = {
  provide: OAuthLinking,
  inject: [OAuthLinks, OAUTH_HOOKS, OAuthTransport, OAUTH_SETTINGS],
  useFactory: (links: OAuthLinks, hooks: OAuthHooks, transport: OAuthTransport, { linking }: OAuthSettings) => {
    if (linking.mode === 'verified-email' && hooks.userOfEmail === undefined)
      throw new AuthConfigError('hooks.userOfEmail', "is missing: oauth.linking.mode 'verified-email' asks it");
    return new OAuthLinking({ links, hooks, transport, options: linking });
  },
};

const settingsProvider: Provider = {
  provide: OAUTH_SETTINGS,
  inject: [OAUTH_OPTIONS, OAuthTransport, Clock],
  useFactory: (options: GivenOAuthOptions, transport: OAuthTransport, clock: Clock) =>
    resolveOAuthOptions(options, new URL(transport.urlOf('/')).origin, clock),
};

function serviceProvider(path: string): Provider {
  return {
    provide: OAuthService,
    inject: [OAUTH_SETTINGS, ProviderSources, OAuthFlowStore, OAuthTransport, Clock, AUTH_EVENTS, OAuthListeners],
    useFactory: (
      settings: OAuthSettings,
      sources: ProviderSources,
      store: OAuthFlowStore,
      transport: OAuthTransport,
      clock: Clock,
      emit: AuthEventListener,
      listeners: OAuthListeners,
    ) => new OAuthService({ settings, sources, path, store, transport, clock, emit, listeners }),
  };
}
