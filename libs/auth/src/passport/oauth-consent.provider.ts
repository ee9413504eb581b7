import type { Provider } from '@nestjs/common';
import { Clock } from '../auth.clock.js';
import { ConsentTickets } from '../oauth/consent/consent-tickets.js';
import { OAuthConsent } from '../oauth/consent/oauth-consent.js';
import { OAuthGrants } from '../oauth/grants/oauth-grants.js';
import { OAuthTransport } from '../oauth/oauth-transport.js';
import type { OAuthSettings } from '../oauth/oauth.options.js';
import { ProviderSources } from '../oauth/provider-sources.js';
import { OAUTH_SETTINGS, startUrlOf } from './oauth-grants.provider.js';

export const ticketsProvider: Provider = {
  provide: ConsentTickets,
  inject: [OAUTH_SETTINGS, Clock],
  useFactory: ({ sealer }: OAuthSettings, clock: Clock) => new ConsentTickets(sealer, clock),
};

/** @param path of the routes that log in. */
export function consentProvider(path: string): Provider {
  return {
    provide: OAuthConsent,
    inject: [ProviderSources, OAuthGrants, ConsentTickets, OAuthTransport],
    useFactory: (sources: ProviderSources, grants: OAuthGrants, tickets: ConsentTickets, transport: OAuthTransport) =>
      new OAuthConsent({ sources, grants, tickets, transport, startUrl: startUrlOf(path, transport) }),
  };
}
