import type { Given } from '../../auth.slices.js';
import { SystemClock, type Clock } from '../../auth.clock.js';
import type { OAuth1ProviderOptions } from '../../oauth/oauth1/oauth1.options.js';
import type { OAuth2ProviderOptions, OidcProviderOptions } from '../../oauth/provider.options.js';
import { endpoints, type LoopbackEndpoint } from './endpoints.js';
import { FaultBoard, type LoopbackFault } from './faults.js';
import { Interactions } from './interactions.js';
import {
  checkLoopbackOptions,
  defaultClients,
  defaultUsers,
  type LoopbackClient,
  type LoopbackProviderOptions,
  type LoopbackUser,
} from './loopback.options.js';
import { OAuth1 } from './oauth1/oauth1.js';
import { SignedRequests } from './oauth1/signed-request.js';
import { Authorization } from './oauth2/authorization.js';
import { Grants } from './oauth2/grants.js';
import { Resource } from './oauth2/resource.js';
import { TokenEndpoint } from './oauth2/token.js';
import { discoveryDocument, IdTokens } from './oidc.js';
import { LoopbackServer, type Handler, type LoopbackRequest } from './server.js';

/** Requests that are remembered. */
const longestMemory = 1_000;

/**
 * A provider to log in with, on a port of this machine: OpenID Connect, plain OAuth 2 and OAuth 1.0a, for tests and demos.
 *
 * It checks what a strict provider checks, and errs where a test tells it to:
 *
 * ```ts
 * const provider = await LoopbackProvider.start({ login: 'alice' });
 * oauthLogin({ providers: [oidc('corp', provider.oidc), oauth2Provider('forge', provider.oauth2)] });
 *
 * provider.fail('token', { kind: 'status', status: 503, times: 1 });
 * provider.fail('token', { kind: 'id_token', claims: { nonce: 'another' } });
 * provider.heal();
 * expect(provider.count('token')).toBe(2);
 * await provider.stop();
 * ```
 *
 * Anybody who reaches it logs in as anybody: it listens on loopback alone, and not in production.
 */
export class LoopbackProvider {
  /** The requests that reached it, the last thousand: with their secrets. `count()` counts them all. */
  readonly requests: LoopbackRequest[] = [];
  /** Who can log in. May change at any time. */
  users: readonly LoopbackUser[];
  /** Who comes: see the option. May change at any time. */
  login: string | null | undefined;
  /** What time it is there. May change at any time. */
  clock: Clock;

  private readonly counts = new Map<LoopbackEndpoint, number>();
  private readonly faults = new FaultBoard();
  private readonly grants: Grants;
  private readonly idTokens: IdTokens;
  private readonly oauth1Parts: OAuth1;
  private readonly clients: readonly LoopbackClient[];
  private readonly server: LoopbackServer;
  private port = 0;

  private constructor(private readonly options: LoopbackProviderOptions) {
    this.users = options.users ?? defaultUsers;
    this.login = options.login;
    this.clock = options.clock ?? new SystemClock();
    this.clients = options.clients ?? defaultClients;
    this.grants = new Grants(() => this.clock, options.accessTokenLifetime ?? 300);
    this.idTokens = new IdTokens(
      () => this.issuer,
      () => this.clock,
      options.signingAlgorithm,
    );
    const interactions = new Interactions(
      () => this.users,
      () => this.login,
    );
    this.oauth1Parts = new OAuth1(new SignedRequests(this.client, () => this.clock), interactions);
    this.server = new LoopbackServer(this.handlers(interactions), this.faults, (request) => this.remember(request));
  }

  /** @throws AuthConfigError naming the option, and always where NODE_ENV is production. */
  static async start(options: LoopbackProviderOptions = {}): Promise<LoopbackProvider> {
    checkLoopbackOptions(options);
    const provider = new LoopbackProvider(options);
    provider.port = await provider.server.listen(options.port ?? 0);
    return provider;
  }

  /** Open connections end, too. */
  stop(): Promise<void> {
    return this.server.close();
  }

  get issuer(): string {
    return `http://${this.options.host ?? '127.0.0.1'}:${this.port}`;
  }

  urlOf(endpoint: LoopbackEndpoint): string {
    return this.issuer + endpoints[endpoint];
  }

  /** For `oidc(name, provider.oidc)`. */
  get oidc(): Given<Omit<OidcProviderOptions, 'kind' | 'name'>> & { issuer: string; clientId: string } {
    const { clientId, clientSecret } = this.clients[0]!;
    return {
      issuer: this.issuer,
      apiBaseUrl: `${this.urlOf('api')}/`,
      clientId,
      clientSecret,
      allowInsecureLoopback: true,
    };
  }

  /** For `oauth2Provider(name, provider.oauth2)`, or over a preset: `github(provider.oauth2)`. */
  get oauth2(): Given<Omit<OAuth2ProviderOptions, 'kind' | 'name'>> & { clientId: string } {
    const { clientId, clientSecret } = this.clients[0]!;
    return {
      issuer: this.issuer,
      authorizationEndpoint: this.urlOf('authorization'),
      tokenEndpoint: this.urlOf('token'),
      userinfoEndpoint: `${this.urlOf('api')}/me`,
      apiBaseUrl: `${this.urlOf('api')}/`,
      scope: ['profile'],
      clientId,
      clientSecret,
      allowInsecureLoopback: true,
    };
  }

  /** For `oauth1Provider(name, provider.oauth1)`. */
  get oauth1(): Given<Omit<OAuth1ProviderOptions, 'kind' | 'name'>> & { apiBaseUrl: string } {
    const { clientId: consumerKey, clientSecret: consumerSecret } = this.clients[0]!;
    return {
      issuer: this.issuer,
      requestTokenEndpoint: this.urlOf('oauth1.requestToken'),
      authorizationEndpoint: this.urlOf('oauth1.authorization'),
      accessTokenEndpoint: this.urlOf('oauth1.accessToken'),
      userinfoEndpoint: `${this.urlOf('oauth1.api')}/me`,
      apiBaseUrl: `${this.urlOf('oauth1.api')}/`,
      consumerKey,
      consumerSecret,
      allowInsecureLoopback: true,
    };
  }

  /** From now on an endpoint errs, in these ways at once; they replace those that stood there. */
  fail(endpoint: LoopbackEndpoint, ...faults: readonly LoopbackFault[]): void {
    if (faults.some((fault) => fault.kind === 'id_token' && fault.signature === 'other_key'))
      this.idTokens.makeOtherKey();
    this.faults.set(endpoint, faults);
  }

  /** An endpoint does well again. Default: all of them. */
  heal(endpoint?: LoopbackEndpoint): void {
    this.faults.clear(endpoint);
  }

  /** How many requests an endpoint got. */
  count(endpoint: LoopbackEndpoint): number {
    return this.counts.get(endpoint) ?? 0;
  }

  /** As new: no fault, nothing counted, nothing remembered. Who has logged in stays so. */
  reset(): void {
    this.heal();
    this.counts.clear();
    this.requests.length = 0;
  }

  /** Another key signs ID tokens. `keepOld`: the old one stays published, and tokens signed by it good. Default true. */
  rotateKey({ keepOld = true }: { keepOld?: boolean } = {}): void {
    this.idTokens.rotate(keepOld);
  }

  /** All grants end, as when people take their consent back at the provider: no token is good any more. */
  endGrants(): void {
    this.grants.end();
    this.oauth1Parts.end();
  }

  private readonly client = (clientId: string): LoopbackClient | undefined =>
    this.clients.find((client) => client.clientId === clientId);

  private handlers(interactions: Interactions): Readonly<Record<LoopbackEndpoint, Handler>> {
    const { options, grants, idTokens, oauth1Parts: oauth1, client: find } = this;
    const { requirePkce = true, requirePushedAuthorizationRequests: requirePushed = false } = options;
    const issuer = () => this.issuer;
    const authorization = new Authorization({ issuer, find, grants, interactions, requirePkce, requirePushed });
    const token = new TokenEndpoint({ find, grants, idTokens, rotate: options.rotateRefreshTokens ?? true });
    const resource = new Resource(grants);
    return {
      discovery: () => discoveryDocument(this.issuer, options),
      jwks: () => idTokens.jwks(),
      authorization: (request) => authorization.authorize(request),
      par: (request) => authorization.push(request),
      token: (request, faults) => token.token(request, faults),
      userinfo: (request) => resource.userinfo(request),
      revocation: (request) => token.revoke(request),
      api: (request) => resource.api(request),
      'oauth1.requestToken': (request) => oauth1.requestToken(request),
      'oauth1.authorization': (request) => oauth1.authorize(request),
      'oauth1.accessToken': (request) => oauth1.accessToken(request),
      'oauth1.api': (request) => oauth1.api(request),
      interaction: ({ url, form }) => interactions.answer(url.pathname, form),
    };
  }

  private remember(request: LoopbackRequest): void {
    const { endpoint } = request;
    this.requests.push(request);
    if (this.requests.length > longestMemory) this.requests.shift();
    if (endpoint !== undefined) this.counts.set(endpoint, this.count(endpoint) + 1);
  }
}
