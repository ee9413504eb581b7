import { SystemClock, type Clock, type EncryptionKey, type OAuthGrantStore } from 'nest-latchkey';
import type { OAuthLoginOptions } from 'nest-latchkey/passport';
import { OAuthGrants } from '../../libs/auth/src/oauth/grants/oauth-grants.js';
import { OAuthListeners } from '../../libs/auth/src/oauth/events/oauth-listeners.js';
import { resolveOAuthOptions } from '../../libs/auth/src/oauth/oauth.options.js';
import { ProviderSources } from '../../libs/auth/src/oauth/provider-sources.js';
import type { SeenEvent } from './dance.js';

export const testKey: EncryptionKey = { id: 'test', key: 'p0Zk3Vq9LmX2sTz7YwB1nR8cK5hJ4dPfAuEoiQxMrNw=' };

/** The grants of a process, on a store that others may have too. */
export interface ProcessGrants {
  readonly grants: OAuthGrants;
  readonly events: SeenEvent[];
  readonly listeners: OAuthListeners;
}

/** As a process has them, without its routes. */
export function grantsOn(
  store: OAuthGrantStore,
  oauth: Pick<
    OAuthLoginOptions,
    'providers' | 'providersFactory' | 'refreshLeeway' | 'grants' | 'grantCache' | 'encryptionKeys' | 'timeout'
  >,
  clock: Clock = new SystemClock(),
): ProcessGrants {
  const settings = resolveOAuthOptions({ encryptionKeys: [testKey], ...oauth }, 'https://app.example.com', clock);
  const events: SeenEvent[] = [];
  const listeners = new OAuthListeners();
  const grants = new OAuthGrants({
    settings,
    store,
    clock,
    listeners,
    sources: new ProviderSources(settings, clock),
    transport: undefined as never,
    emit: (name, payload) => void events.push({ name, ...payload } as SeenEvent),
    startUrl: (name) => `https://app.example.com/login/${name}`,
  });
  return { grants, events, listeners };
}
