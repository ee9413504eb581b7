import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import { equalText } from '../jwt/equal-text.js';
import type { OAuthFlowStore } from '../stores/oauth-flow.store.js';
import { asking } from '../stores/store-answer.js';
import type { Dance, DanceDenial, FlowStart } from './dance.js';
import { FlowEvents } from './events/flow-events.js';
import { flowCookieName, FlowCookies, stateHash } from './flow-cookies.js';
import { flowLifetime, type Flow, type LinkIntent } from './flow.js';
import { checkAccount, checkLink, checkSession } from './linking/link-intent.js';
import type { OAuthLogin } from './oauth-login.js';
import { OAuth1Dance } from './oauth1/oauth1-dance.js';
import { OAuth2Dance } from './oauth2-dance.js';
import { answering, withError } from './events/oauth-answer.js';
import type { OAuthListeners } from './events/oauth-listeners.js';
import type { OAuthAnswer } from './events/oauth-result.js';
import type { OAuthExchange, OAuthTransport } from './oauth-transport.js';
import type { OAuthSettings } from './oauth.options.js';
import { ProviderProblem, type ProviderFailure } from './provider-errors.js';
import type { ProviderSource, ProviderSources } from './provider-sources.js';
import type { OAuthProvider } from './provider.js';
import { furtherScope } from './scope.js';

export interface OAuthStartOptions {
  /**
   * Where the browser goes after the log-in: a path of your own, or a URL that `returnTo.allow` covers. Else
   * `returnTo.default`.
   */
  returnTo?: unknown;
  /** Link the identity to this user, and log nobody in. `sid` is the session that the browser has in its cookie. */
  link?: LinkIntent | undefined;
  /** Scope values to ask for, in addition to the `scope` that the provider is configured with. */
  scope?: readonly string[];
  /** The `subject` of the account at the provider that has to answer. Any other account is refused. Default: any account. */
  account?: string | undefined;
}

export interface OAuthServiceParts {
  readonly settings: OAuthSettings;
  readonly sources: ProviderSources;
  /** Of the routes, without slashes at its ends. */
  readonly path: string;
  readonly store: OAuthFlowStore;
  readonly transport: OAuthTransport;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
  readonly listeners: OAuthListeners;
}

/** The provider vouches for somebody, who has to be logged in now. */
export interface OAuthAuthorized {
  readonly kind: 'authorized';
  /** Names the answer. */
  readonly id: string;
  readonly login: OAuthLogin;
  readonly returnTo: string;
  /** False: the application does not want the grant to be stored. */
  readonly store: boolean;
  /** What the browser gets instead of `returnTo`, once its user is logged in. */
  readonly answer: OAuthAnswer | undefined;
}

/** How the answer of a provider ended. */
export type OAuthOutcome =
  | OAuthAuthorized
  /** The provider, or the application, said no; `error` is its word, and `returnTo` tells it. */
  | { readonly kind: 'denied'; readonly error: string; readonly returnTo: string }
  /** The same answer came before, by a double click or the back button: nobody is logged in again. */
  | { readonly kind: 'repeated'; readonly returnTo: string };

/** Milliseconds that the row of an answered flow outlives the flow: the clocks of several servers. */
const rowMargin = 120_000;
/** Milliseconds: what is still one visit. */
const aMoment = 30_000;

/**
 * Log-in with a provider: `start()` sends the browser there, `complete()` reads the answer.
 *
 * A flow is bound to its browser by an encrypted cookie, and is answered once by a row in the store.
 */
export class OAuthService {
  private readonly flows: FlowCookies;
  private readonly events: FlowEvents;

  constructor(private readonly parts: OAuthServiceParts) {
    this.flows = new FlowCookies(parts.settings.sealer);
    this.events = new FlowEvents(parts);
  }

  /** The names of the providers, as they are configured. `providersFactory` may know more. */
  get providers(): readonly string[] {
    return [...this.parts.settings.providers.keys()];
  }

  /** Of one of them: passport has a strategy for each. */
  protocolOf(name: string): 'oauth1' | 'oauth2' {
    return this.parts.settings.providers.get(name)?.kind === 'oauth1' ? 'oauth1' : 'oauth2';
  }

  /** Is it the answer of the provider that has come, or does a log-in begin? Proves nothing: `complete()` does. */
  async isAnswer(name: string, values: URLSearchParams): Promise<boolean> {
    return (await this.find(name)).isAnswer(values);
  }

  /**
   * Begin a log-in, and keep it in a cookie of the response.
   *
   * @param options give `link` only in a route that is guarded, and that other sites cannot call (CSRF): it opens another way into
   *   the account.
   * @returns the URL to send the browser to.
   * @throws AuthError `oauth_provider_unknown`; the `oauth_provider_…` codes when the provider cannot be asked;
   *   `oauth_link_refused` when `link` is not the browser's session, or the provider answers by `form_post`, which carries no
   *   session cookie; `invalid_argument` for a malformed scope.
   */
  async start(name: string, exchange: OAuthExchange, options: OAuthStartOptions = {}): Promise<string> {
    const { settings, transport, clock } = this.parts;
    const { returnTo, link, scope = [], account } = options;
    const dance = await this.find(name);
    const further = furtherScope(dance.provider, scope);
    transport.keepPrivate(exchange);
    if (link !== undefined) await checkLink(link, dance, transport, exchange);
    const start: FlowStart = {
      provider: name,
      redirectUri: this.redirectUri(dance.provider),
      returnTo: settings.returnTo.choose(returnTo),
      startedAt: clock.now(),
      ...(link !== undefined && { link: intentOf(link) }),
      ...(further.length > 0 && { scope: further }),
      ...(account !== undefined && { account }),
    };
    const { flow, location } = await this.told(start, exchange, () => dance.begin(start));
    const kept = await this.events.begins(flow, location, exchange);
    const crossSite = dance.isCrossSite;
    for (const old of this.flows.superfluous(transport.cookies(exchange)))
      transport.clearCookie(exchange, { name: old, crossSite });
    transport.setCookie(exchange, this.flows.seal(kept, crossSite));
    return location;
  }

  /**
   * Read the answer of a provider, and exchange its code. Nobody is logged in yet.
   *
   * @throws AuthError before the code is exchanged: `oauth_flow_unknown`, `oauth_flow_expired`, `oauth_response_invalid`,
   *   and `oauth_link_refused` when the browser has another session than the one that began to link. After: `oauth_link_refused` for
   *   another account than was asked for; `oauth_grant_refused`, `oauth_id_token_invalid`, `oauth_provider_failed`, `oauth_provider_unavailable`,
   *   `oauth_provider_timeout`, `store_unavailable`
   */
  async complete(name: string, exchange: OAuthExchange): Promise<OAuthOutcome> {
    const { transport } = this.parts;
    const dance = await this.find(name);
    transport.keepPrivate(exchange);
    const { method, values } = transport.parameters(exchange);
    const cookies = transport.cookies(exchange);
    const state = dance.stateOf(method, values);
    const finished = this.flows.finished(cookies);
    if (finished !== undefined && equalText(finished.id, stateHash(state)))
      return { kind: 'repeated', returnTo: this.parts.settings.returnTo.choose(finished.returnTo) };
    const flow = this.flowOf(name, state, values, cookies);
    return this.told(flow, exchange, () => this.answer(dance, values, flow, exchange));
  }

  private async answer(
    dance: Dance,
    values: URLSearchParams,
    flow: Flow,
    exchange: OAuthExchange,
  ): Promise<OAuthOutcome> {
    const { transport, settings } = this.parts;
    const crossSite = dance.isCrossSite;
    // the allow-list may have changed since
    const returnTo = settings.returnTo.choose(flow.returnTo);
    const current = { ...flow, returnTo };
    const answer = await dance.read(values, current);
    if (answer.kind === 'granted' && flow.link !== undefined) await checkSession(flow.link, transport, exchange);
    // claimed before anything is spent: a second answer must find nothing
    if (!(await this.consume(flow))) return { kind: 'repeated', returnTo };
    transport.clearCookie(exchange, { name: flowCookieName(flow.state), crossSite });
    if (answer.kind === 'denied') return this.denied(answer, current, exchange);

    const login = await answer.redeem();
    checkAccount(flow, login);
    // again: the provider took its time, and the user may have ended the session meanwhile
    if (flow.link !== undefined) await checkSession(flow.link, transport, exchange);
    const verdict = await this.events.succeeds(login, current, exchange);
    if (verdict.answer?.kind === 'reject') {
      const { reason: error } = verdict.answer;
      return { kind: 'denied', error, returnTo: withError(returnTo, error) };
    }
    return { kind: 'authorized', id: stateHash(flow.state), login, returnTo, ...verdict };
  }

  /** A log-in has come to its end, and whoever visits its answer once more goes where it went. Where it failed, they do not. */
  async finish({ id, login, returnTo }: OAuthAuthorized, exchange: OAuthExchange): Promise<void> {
    const { transport, clock } = this.parts;
    const { provider } = login;
    const { isCrossSite } = await this.find(provider);
    transport.setCookie(exchange, this.flows.sealFinished({ id, provider, returnTo, at: clock.now() }, isCrossSite));
  }

  /** Did a log-in of this browser with the provider end at this path a moment ago? */
  hasJustEnded(provider: string, path: string, exchange: OAuthExchange): boolean {
    const { transport, clock } = this.parts;
    const finished = this.flows.finished(transport.cookies(exchange));
    if (finished?.provider !== provider || finished.returnTo !== path) return false;
    return clock.now() < finished.at + aMoment;
  }

  private async denied(denial: DanceDenial, flow: Flow, exchange: OAuthExchange): Promise<OAuthOutcome> {
    const { word, description, uri } = denial;
    const error = new AuthError('oauth_denied', { reason: `authorization: the provider answered ${word}` });
    const failure: ProviderFailure = { phase: 'authorization', error, word, description, uri };
    const answer = await this.events.fails(failure, flow, exchange);
    if (answer !== undefined) throw answering(this.parts.transport, exchange, answer, flow.returnTo);
    return { kind: 'denied', error: word, returnTo: withError(flow.returnTo, word) };
  }

  private async find(name: string): Promise<Dance> {
    return danceOf(await this.parts.sources.find(name), this.parts.clock);
  }

  /** Only the browser that began a flow has it (RFC 9700 §4.7.1), and only at the provider that it was begun with (§4.4). */
  private flowOf(name: string, state: string, values: URLSearchParams, cookies: ReadonlyMap<string, string>): Flow {
    const flow = this.flows.open(state, cookies);
    if (flow === undefined || flow.provider !== name) {
      const code = values.has('error') ? 'oauth_response_invalid' : 'oauth_flow_unknown';
      throw new AuthError(code, { reason: 'authorization: no flow of this browser has that state' });
    }
    if (this.parts.clock.now() < flow.startedAt + flowLifetime * 1000) return flow;
    const message = `The log-in took too long: begin it again at ${this.startUrl(name)}`;
    throw new AuthError('oauth_flow_expired', { phrase: { status: 403, message } });
  }

  private consume({ state, startedAt }: Flow): Promise<boolean> {
    const expiresAt = startedAt + flowLifetime * 1000 + rowMargin;
    return asking(this.parts.store.consume({ id: stateHash(state), expiresAt }));
  }

  private startUrl(name: string): string {
    return this.parts.transport.urlOf(`/${this.parts.path}/${name}`);
  }

  private redirectUri({ name, redirectUri }: OAuthProvider): string {
    return redirectUri ?? this.parts.transport.urlOf(`/${this.parts.path}/${name}/authorized`);
  }

  /** Whatever fails at the provider is told, and thrown: as an AuthError, or as what a handler answers. */
  private async told<T>(flow: FlowStart, exchange: OAuthExchange, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProviderProblem)) throw error;
      const answer = await this.events.fails(error.failure, flow, exchange);
      if (answer === undefined) throw error.failure.error;
      throw answering(this.parts.transport, exchange, answer, flow.returnTo);
    }
  }
}

/** What an application hands on may have more members. */
function intentOf({ user, sid, grantOnly }: LinkIntent): LinkIntent {
  return grantOnly === true ? { user, sid, grantOnly } : { user, sid };
}

function danceOf(at: ProviderSource, clock: Clock): Dance {
  return at.source === undefined
    ? new OAuth1Dance(at.provider, at.outbound)
    : new OAuth2Dance(at.provider, at.source, clock);
}
