import { IsArray, IsBoolean, IsString, Matches } from 'class-validator';
import type { Clock } from '../auth.clock.js';
import { IsDuration, type Duration } from '../auth.durations.js';
import { AuthConfigError } from '../auth.errors.js';
import { Sealer, type EncryptionKey } from '../auth.sealer.js';
import { checkSlice, type Given } from '../auth.slices.js';
import { NoOAuthGrantStore } from '../stores/no-oauth-grant.store.js';
import { OAuthGrantStore } from '../stores/oauth-grant.store.js';
import { CookieGrants } from './grants/cookie-grants.js';
import { LinkingOptions } from './linking/linking.options.js';
import type { OAuthProviderOptions } from './provider.options.js';
import { toProvider, type OAuthProvider } from './provider.js';
import { checkedFactory, type MakeProvider, type ProvidersFactory, type ReadProvider } from './providers-factory.js';
import { ReturnTo } from './return-to.js';

/** Where a log-in may end. */
export class ReturnToOptions {
  /** Used when a log-in asks for no return-to, or for one that is not allowed. Default '/'. */
  @IsString()
  default: string = '/';

  /** Origins besides `publicUrl` that `?return_to=` may name; every path of our own is allowed. Default none. */
  @IsArray()
  @IsString({ each: true })
  allow: string[] = [];
}

/** The options `oauth`, as `oauthLogin()` takes them. */
export class OAuthOptions {
  /** `oidc()` and the like; their names are unique. */
  @IsArray()
  providers: OAuthProviderOptions[] = [];

  /** Finds providers that are none of `providers`, by their names: for example one a tenant. Default none. */
  providersFactory: ProvidersFactory | undefined = undefined;

  returnTo: ReturnToOptions = new ReturnToOptions();

  linking: LinkingOptions = new LinkingOptions();

  /** How long a provider may take to answer, in seconds, from the request to the last byte. Default 5; at most 60. */
  @IsDuration({ least: 1, most: 60 })
  timeout: Duration = 5;

  /**
   * An access token is refreshed so many seconds before it expires, so that it does not expire on its way to the API. Default 60;
   * 0 refreshes when it has expired.
   */
  @IsDuration({ least: 0, most: 86_400 })
  refreshLeeway: Duration = 60;

  /**
   * Where grants are kept: a store of your own, `cookieGrants()`, or `noGrants()` for log-ins whose tokens nobody needs. Default: the
   * module's stores.
   */
  grants: OAuthGrantStore | CookieGrants | undefined = undefined;

  /**
   * How long a process caches what it read of a user's grants, in seconds. It sees what other processes write or revoke that much
   * later. Default 0: no cache.
   */
  @IsDuration({ least: 0, most: 3_600 })
  grantCache: Duration = 0;

  /**
   * Keys that encrypt flows and grants: the first one encrypts, each of them decrypts. Required in production. Default: a random key
   * of this process.
   */
  @IsArray()
  encryptionKeys: EncryptionKey[] = [];
}

/** The options of `oauthLogin()` that are known before a factory is asked. */
export class OAuthRouteOptions {
  /** Where the routes live: `GET /login/:provider` and `/login/:provider/authorized`. Default 'login'. */
  @Matches(/^[a-z0-9_-]+(\/[a-z0-9_-]+)*$/i, { message: "must be a path without slashes at its ends, such as 'login'" })
  path: string = 'login';

  /** Mount the routes. False: only `AuthGuard(name)` in controllers of your own. Default true. */
  @IsBoolean()
  controller: boolean = true;
}

export type GivenOAuthOptions = Given<Omit<OAuthOptions, 'returnTo' | 'linking'>> & {
  returnTo?: Given<ReturnToOptions>;
  linking?: Given<LinkingOptions>;
};

/** The options, checked. Secrets live in closures and KeyObjects only. */
export interface OAuthSettings {
  readonly providers: ReadonlyMap<string, OAuthProvider>;
  readonly makeProvider: MakeProvider | undefined;
  readonly returnTo: ReturnTo;
  readonly linking: LinkingOptions;
  readonly timeout: Duration;
  readonly sealer: Sealer;
  /** Nothing that it sealed can be read after a restart. */
  readonly isKeyOfProcess: boolean;
  readonly refreshLeeway: Duration;
  readonly grants: OAuthGrantStore | CookieGrants | undefined;
  readonly grantCache: Duration;
}

/**
 * Check the options and complete them.
 *
 * @throws AuthConfigError naming the provider, the option and the mend, never a value that could be a secret.
 */
export function resolveOAuthOptions(given: GivenOAuthOptions, publicOrigin: string, clock: Clock): OAuthSettings {
  const options = checkSlice('oauth', new OAuthOptions(), given, ['returnTo', 'linking']);
  const grants = checkedGrants(options.grants);
  const read: ReadProvider = (path, one) => {
    const provider = toProvider(path, one, publicOrigin, clock);
    checkKeeping(`${path}.applicationScope`, provider, grants);
    return provider;
  };
  const providers = new Map<string, OAuthProvider>();
  for (const [index, one] of options.providers.entries()) {
    const provider = read(`oauth.providers[${index}]`, one);
    if (providers.has(provider.name))
      throw new AuthConfigError(`oauth.providers[${index}].name`, `is taken: there are two called ${provider.name}`);
    checkOwnRedirectUri(`oauth.providers[${index}].redirectUri`, provider, providers);
    providers.set(provider.name, provider);
  }
  return {
    providers,
    makeProvider: factoryOf(options.providersFactory, read),
    returnTo: new ReturnTo(options.returnTo, publicOrigin),
    linking: options.linking,
    timeout: options.timeout,
    refreshLeeway: options.refreshLeeway,
    grants,
    grantCache: options.grantCache,
    isKeyOfProcess: options.encryptionKeys.length === 0,
    sealer: new Sealer('oauth.encryptionKeys', encryptionKeys(options.encryptionKeys)),
  };
}

function factoryOf(factory: unknown, read: ReadProvider): MakeProvider | undefined {
  if (factory === undefined) return undefined;
  if (typeof factory !== 'function')
    throw new AuthConfigError('oauth.providersFactory', 'must be a function from a name to a provider');
  return checkedFactory(factory as ProvidersFactory, read);
}

function checkedGrants(grants: unknown): OAuthSettings['grants'] {
  if (grants === undefined || grants instanceof OAuthGrantStore || grants instanceof CookieGrants) return grants;
  throw new AuthConfigError('oauth.grants', 'must be cookieGrants(), noGrants(), or an OAuthGrantStore of your own');
}

/** No browser shall carry a token of the application, and one that nobody keeps would be asked for at each call. */
function checkKeeping(option: string, provider: OAuthProvider, grants: OAuthSettings['grants']): void {
  if (provider.kind === 'oauth1' || provider.applicationScope === undefined) return;
  if (grants instanceof CookieGrants || grants instanceof NoOAuthGrantStore)
    throw new AuthConfigError(
      option,
      'needs a store that keeps the token: neither cookieGrants() nor noGrants(), but typeormStores() or one of your own',
    );
}

/** An answer tells by its address whose it is: at one of two, the code of an honest provider would go to the other (RFC 9700 §4.4). */
function checkOwnRedirectUri(option: string, one: OAuthProvider, others: ReadonlyMap<string, OAuthProvider>): void {
  if (one.redirectUri === undefined) return;
  for (const { name, redirectUri } of others.values()) {
    if (redirectUri === one.redirectUri)
      throw new AuthConfigError(option, `is that of ${name}: give each provider one of its own`);
  }
}

function encryptionKeys(given: EncryptionKey[]): EncryptionKey[] {
  if (given.length > 0) return given;
  if (process.env['NODE_ENV'] === 'production')
    throw new AuthConfigError(
      'oauth.encryptionKeys',
      'is missing in production: give one { id, key }, key of `openssl rand -base64 32`, the same to every process',
    );
  return [Sealer.newKey()];
}
