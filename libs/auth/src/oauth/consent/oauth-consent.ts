import type { LinkIntent } from '../flow.js';
import type { OAuthGrants } from '../grants/oauth-grants.js';
import { hasSession } from '../linking/link-intent.js';
import type { OAuthExchange, OAuthTransport } from '../oauth-transport.js';
import type { OAuthStartOptions } from '../oauth.service.js';
import type { OAuthProvider } from '../provider.js';
import type { ProviderSources } from '../provider-sources.js';
import { consentScope } from '../scope.js';
import type { ConsentTickets } from './consent-tickets.js';

export interface OAuthConsentParts {
  readonly sources: ProviderSources;
  readonly grants: Pick<OAuthGrants, 'client'>;
  readonly tickets: ConsentTickets;
  readonly transport: Pick<OAuthTransport, 'sessionOf'>;
  /** Where a log-in with a provider begins: a public URL. */
  readonly startUrl: (provider: string) => string;
}

/** Where the user of a request grants what is missing. */
export class OAuthConsent {
  constructor(private readonly parts: OAuthConsentParts) {}

  /**
   * A URL of our own. Whoever opens it is asked for what the grant has and for `missing`: for the same account where there is a grant,
   * else for any. It logs nobody in: only whoever links it does that. In a browser that does not have the user's session, it is a log-in.
   *
   * @param user the subject of the user's sessions.
   * @throws AuthError `oauth_provider_unknown`, `invalid_argument`, `store_unavailable`
   */
  async urlFor(name: string, user: string, exchange: OAuthExchange, missing: readonly string[] = []): Promise<string> {
    const { sources, grants, tickets, startUrl } = this.parts;
    const { provider } = await sources.find(name);
    const client = grants.client(name, { kind: 'user', id: user }, { exchange });
    const granted = await client.scope();
    const account = await client.subject();
    const scope = consentScope(provider, granted, missing);
    const link = await this.linkOf(provider, user, exchange);
    if (link === undefined && account === undefined && scope.length === 0) return startUrl(name);
    return `${startUrl(name)}?ticket=${tickets.write({ provider: name, scope, account, link })}`;
  }

  /**
   * What the browser that opened such a URL begins.
   *
   * @throws AuthError `oauth_flow_unknown`, `oauth_flow_expired`, `store_unavailable`
   */
  async begin(name: string, ticket: string, exchange: OAuthExchange): Promise<OAuthStartOptions> {
    const { scope, account, link } = this.parts.tickets.read(name, ticket);
    const isHere = link !== undefined && (await hasSession(link, this.parts.transport, exchange));
    return { scope, account, link: isHere ? link : undefined };
  }

  /** The session in the browser's cookie, where the provider's answer will bring it along. */
  private async linkOf(
    provider: OAuthProvider,
    user: string,
    exchange: OAuthExchange,
  ): Promise<LinkIntent | undefined> {
    if (provider.kind !== 'oauth1' && provider.responseMode === 'form_post') return undefined;
    const session = await this.parts.transport.sessionOf(exchange);
    return session?.subject === user ? { user, sid: session.id, grantOnly: true } : undefined;
  }
}
