import { Logger, type Provider } from '@nestjs/common';
import { Clock } from '../auth.clock.js';
import { AuthConfigError } from '../auth.errors.js';
import { AUTH_EVENTS, type AuthEventListener } from '../auth.events.js';
import { CookieGrants } from '../oauth/grants/cookie-grants.js';
import { OAuthGrants } from '../oauth/grants/oauth-grants.js';
import { OAuthListeners } from '../oauth/events/oauth-listeners.js';
import { OAuthTransport } from '../oauth/oauth-transport.js';
import type { OAuthSettings } from '../oauth/oauth.options.js';
import { ProviderSources } from '../oauth/provider-sources.js';
import { MemoryOAuthGrantStore } from '../stores/memory-oauth-grant.store.js';
import { NoOAuthGrantStore } from '../stores/no-oauth-grant.store.js';
import { OAuthGrantStore } from '../stores/oauth-grant.store.js';

/** The injection token of the options of `oauthLogin()`, checked. */
export const OAUTH_SETTINGS = Symbol('nest-latchkey:oauth-settings');

export const sourcesProvider: Provider = {
  provide: ProviderSources,
  inject: [OAUTH_SETTINGS, Clock],
  useFactory: (settings: OAuthSettings, clock: Clock) => new ProviderSources(settings, clock),
};

/** @param path of the routes that log in. */
export function grantsProvider(path: string): Provider {
  return {
    provide: OAuthGrants,
    inject: [OAUTH_SETTINGS, ProviderSources, OAuthGrantStore, OAuthTransport, Clock, AUTH_EVENTS, OAuthListeners],
    useFactory: (
      settings: OAuthSettings,
      sources: ProviderSources,
      ofModule: OAuthGrantStore | null,
      transport: OAuthTransport,
      clock: Clock,
      emit: AuthEventListener,
      listeners: OAuthListeners,
    ) => {
      const store = storeOf(settings, ofModule);
      const startUrl = startUrlOf(path, transport);
      return new OAuthGrants({ settings, sources, store, transport, clock, emit, listeners, startUrl });
    },
  };
}

/** Where a log-in with a provider begins. */
export function startUrlOf(path: string, transport: OAuthTransport): (provider: string) => string {
  return (provider) => transport.urlOf(`/${path}/${provider}`);
}

function storeOf({ grants, isKeyOfProcess }: OAuthSettings, ofModule: OAuthGrantStore | null) {
  if (grants instanceof CookieGrants) return 'cookies';
  const store = grants ?? ofModule;
  if (store === null)
    throw new AuthConfigError(
      'oauth.grants',
      'is missing, and stores keep no grants: give noGrants(), or use typeormStores()',
    );
  const isForgetful = store instanceof MemoryOAuthGrantStore || store instanceof NoOAuthGrantStore;
  if (isKeyOfProcess && !isForgetful)
    new Logger(OAuthGrants.name).warn(
      'oauth.encryptionKeys is missing: grants that are stored now cannot be read after a restart',
    );
  return store;
}
