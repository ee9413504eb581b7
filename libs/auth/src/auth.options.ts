import type { Type } from '@nestjs/common';
import { seconds } from './auth.durations.js';
import { AuthConfigError } from './auth.errors.js';
import type { AuthHooks } from './auth.hooks.js';
import { checkSettings } from './auth.option-checks.js';
import { Sealer } from './auth.sealer.js';
import type { AuthSettings } from './auth.settings.js';
import { checkSlice, type Given } from './auth.slices.js';
import { CookieOptions, CookiesOptions } from './http/cookies.options.js';
import { CsrfNames, CsrfOptions } from './http/csrf.options.js';
import { ErrorsOptions } from './http/errors.options.js';
import { configuredKeys } from './jwt/configured-keys.js';
import { JwtOptions } from './jwt/jwt.options.js';
import { ManagedKeysOptions } from './jwt/managed-keys.options.js';
import type { OAuthEdge } from './oauth/oauth-edge.js';
import { GuardOptions } from './resource/guard.options.js';
import { BodyOptions, HeaderOptions, QueryOptions, TransportOptions } from './resource/transport.options.js';
import { SessionOptions } from './session/session.options.js';
import type { AuthStores } from './stores/auth-stores.js';
import { memoryStores } from './stores/memory.stores.js';
import { RevocationOptions } from './stores/revocation.options.js';

/** What `AuthModule.forRoot()` takes. Only `jwt.issuer` and a key are required; everything else has a safe default. */
export interface AuthModuleOptions {
  /** The public origin. Decides `Secure` and the cookies' prefixes. Default: the issuer, when that is a URL. */
  publicUrl?: string;
  jwt: Given<JwtOptions> & { issuer: string };
  transport?: Given<Omit<TransportOptions, 'header' | 'query' | 'body'>> & {
    header?: Given<HeaderOptions>;
    query?: Given<QueryOptions>;
    body?: Given<BodyOptions>;
  };
  /** Given, even as `{}`: tokens are issued so that they can travel in cookies. */
  cookies?: Given<Omit<CookiesOptions, 'access' | 'refresh'>> & { access?: CookieOptions; refresh?: CookieOptions };
  csrf?: Given<Omit<CsrfOptions, 'access' | 'refresh'>> & { access?: Given<CsrfNames>; refresh?: Given<CsrfNames> };
  /** Given, even as `{}`: sessions can travel in cookies, and refusals speak as SuperTokens' client expects. */
  session?: Given<SessionOptions>;
  /** `oauthLogin()` of `nest-latchkey/passport`. Beside `forRootAsync({ useFactory })`, not in what the factory gives. */
  oauth?: OAuthEdge;
  /** Default `memoryStores()`; `typeormStores()` of `nest-latchkey/typeorm`; `noStores()` remembers nothing. */
  stores?: AuthStores;
  revocation?: Given<RevocationOptions>;
  hooks?: AuthHooks | Type<AuthHooks>;
  errors?: Given<ErrorsOptions>;
  guard?: Given<GuardOptions>;
}

/** Every slice, checked by the compiler to be all of them. */
export const moduleOptionNames = Object.keys({
  publicUrl: true,
  jwt: true,
  transport: true,
  cookies: true,
  csrf: true,
  session: true,
  oauth: true,
  stores: true,
  revocation: true,
  hooks: true,
  errors: true,
  guard: true,
} satisfies Record<keyof AuthModuleOptions, true>);

/** They stand beside `useFactory`: the module has its shape before a factory is asked. */
export const extraNames = ['isGlobal', 'globalGuard', 'controllers', 'imports'];

/**
 * Check the options and complete them.
 *
 * @param oauth what the module was made with.
 * @param routesPath where its routes were made; null when it has none.
 * @throws AuthConfigError naming the option and the mend, never a value.
 */
export function resolveOptions(
  options: AuthModuleOptions,
  oauth: OAuthEdge | null,
  routesPath: string | null,
): AuthSettings {
  if (typeof options !== 'object' || options === null)
    throw new AuthConfigError('forRoot()', 'takes an object: { jwt: { issuer, secret } }');
  for (const name of Object.keys(options)) {
    if (extraNames.includes(name))
      throw new AuthConfigError(name, 'comes of the factory, too late: write it beside useFactory');
    if (!moduleOptionNames.includes(name))
      throw new AuthConfigError(name, `is no option: there are ${moduleOptionNames.join(', ')}`);
  }
  if ((options.oauth ?? oauth) !== oauth)
    throw new AuthConfigError('oauth', 'comes of the factory, too late for its routes: write it beside useFactory');
  const given = checkSlice('jwt', jwtDefaults(options), options.jwt);
  const keys = configuredKeys(given);
  const managedKeys = given.managedKeys === undefined ? undefined : resolveManagedKeys(given.managedKeys);
  // from here on keys live in KeyObjects only: what prints the settings prints no secret
  const jwt = Object.assign(given, withoutKeys);
  const transport = checkSlice('transport', new TransportOptions(), options.transport, ['header', 'query', 'body']);
  const session = resolveSession(options.session, routesPath);
  const withSessions = options.session !== undefined;
  const settings = {
    ...publicAddress(options),
    withCookies: options.cookies !== undefined || transport.locations.includes('cookie'),
    withSessions,
    sessionsInCookies: withSessions && session.transfer !== 'header',
    keys,
    managedKeys,
    jwt,
    transport,
    cookies: checkSlice('cookies', new CookiesOptions(), options.cookies, ['access', 'refresh']),
    csrf: checkSlice('csrf', new CsrfOptions(), options.csrf, ['access', 'refresh']),
    session,
    oauth,
    revocation: checkSlice('revocation', new RevocationOptions(), options.revocation),
    errors: checkSlice('errors', new ErrorsOptions(), options.errors),
    guard: checkSlice('guard', new GuardOptions(), options.guard),
    stores: options.stores === undefined ? memoryStores() : options.stores,
    hooks: options.hooks === undefined ? {} : options.hooks,
  };
  checkSettings(settings);
  return settings;
}

const withoutKeys = {
  secret: undefined,
  privateKey: undefined,
  publicKey: undefined,
  keys: undefined,
  managedKeys: undefined,
};

/** A secret is what most begin with; keys that are made for them have a public half. */
function jwtDefaults({ jwt }: AuthModuleOptions): JwtOptions {
  const defaults = new JwtOptions();
  if (jwt?.managedKeys !== undefined) defaults.algorithm = 'ES256';
  return defaults;
}

function resolveManagedKeys(given: object): AuthSettings['managedKeys'] {
  const { encryptionKeys, rotateEvery } = checkSlice('jwt.managedKeys', new ManagedKeysOptions(), given);
  return {
    sealer: new Sealer('jwt.managedKeys.encryptionKeys', encryptionKeys),
    rotateEvery: seconds(rotateEvery),
  };
}

function resolveSession(given: AuthModuleOptions['session'], routesPath: string | null): SessionOptions {
  const defaults = new SessionOptions();
  const session = checkSlice('session', Object.assign(defaults, { basePath: routesPath ?? defaults.basePath }), given);
  // a refresh cookie for another path than that of its route is never sent
  if (routesPath !== null && session.basePath !== routesPath)
    throw new AuthConfigError(
      'session.basePath',
      'is not where the routes were made: leave it out, and write controllers: { basePath } in forRoot() or beside useFactory',
    );
  return session;
}

function publicAddress({ publicUrl, jwt }: AuthModuleOptions): Pick<AuthSettings, 'publicOrigin' | 'secureCookies'> {
  const issuer = /^https?:/.test(jwt.issuer) && URL.canParse(jwt.issuer) ? jwt.issuer : undefined;
  const text = publicUrl === undefined ? issuer : publicUrl;
  if (text === undefined) return { publicOrigin: undefined, secureCookies: true };
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
    throw new AuthConfigError('publicUrl', "must be the public origin, for example 'https://api.example.com'");
  }
  if (publicUrl !== undefined && (url.pathname !== '/' || url.search !== '' || url.hash !== '')) {
    throw new AuthConfigError('publicUrl', 'must be an origin alone: take the path away');
  }
  return { publicOrigin: url.origin, secureCookies: url.protocol === 'https:' };
}
