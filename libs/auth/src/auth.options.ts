import type { Type } from '@nestjs/common';
import { seconds } from './auth.durations.js';
import { AuthConfigError } from './auth.errors.js';
import type { AuthHooks } from './auth.hooks.js';
import { checkSlice, type Given } from './auth.slices.js';
import { CookieOptions, CookiesOptions, type SlidingRefresh } from './http/cookies.options.js';
import { CsrfNames, CsrfOptions } from './http/csrf.options.js';
import { authErrorNames, ErrorsOptions, type AuthErrorName } from './http/errors.options.js';
import { configuredKeys } from './jwt/configured-keys.js';
import { JwtOptions } from './jwt/jwt.options.js';
import type { KeyRing } from './jwt/key-ring.js';
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
  session?: Given<SessionOptions>;
  /** Default `memoryStores()`; `typeormStores()` of `nest-latchkey/typeorm`; `noStores()` remembers nothing. */
  stores?: AuthStores;
  revocation?: Given<RevocationOptions>;
  hooks?: AuthHooks | Type<AuthHooks>;
  errors?: Given<ErrorsOptions>;
  guard?: Given<GuardOptions>;
}

/** The options, checked and completed. Holds no secret but inside KeyObjects, which print none. */
export interface AuthSettings {
  /** Undefined when neither `publicUrl` nor the issuer is a URL. */
  readonly publicOrigin: string | undefined;
  readonly secureCookies: boolean;
  /** Tokens can travel in cookies here. */
  readonly withCookies: boolean;
  readonly keys: KeyRing;
  readonly jwt: JwtOptions;
  readonly transport: TransportOptions;
  readonly cookies: CookiesOptions;
  readonly csrf: CsrfOptions;
  readonly session: SessionOptions;
  readonly stores: AuthStores;
  readonly revocation: RevocationOptions;
  readonly hooks: AuthHooks | Type<AuthHooks>;
  readonly errors: ErrorsOptions;
  readonly guard: GuardOptions;
}

const slices = [
  'publicUrl',
  'jwt',
  'transport',
  'cookies',
  'csrf',
  'session',
  'stores',
  'revocation',
  'hooks',
  'errors',
  'guard',
];

/**
 * Check the options and complete them.
 *
 * @throws AuthConfigError naming the option and the mend, never a value.
 */
export function resolveOptions(options: AuthModuleOptions): AuthSettings {
  if (typeof options !== 'object' || options === null)
    throw new AuthConfigError('forRoot()', 'takes an object: { jwt: { issuer, secret } }');
  for (const name of Object.keys(options)) {
    if (!slices.includes(name)) throw new AuthConfigError(name, `is no option: there are ${slices.join(', ')}`);
  }
  const given = checkSlice('jwt', new JwtOptions(), options.jwt);
  const keys = configuredKeys(given);
  // from here on keys live in KeyObjects only: what prints the settings prints no secret
  const jwt = Object.assign(given, { secret: undefined, privateKey: undefined, publicKey: undefined, keys: undefined });
  const transport = checkSlice('transport', new TransportOptions(), options.transport, ['header', 'query', 'body']);
  const settings = {
    ...publicAddress(options),
    withCookies: options.cookies !== undefined || transport.locations.includes('cookie'),
    ...{ keys, jwt, transport },
    cookies: checkSlice('cookies', new CookiesOptions(), options.cookies, ['access', 'refresh']),
    csrf: checkSlice('csrf', new CsrfOptions(), options.csrf, ['access', 'refresh']),
    session: checkSlice('session', new SessionOptions(), options.session),
    revocation: checkSlice('revocation', new RevocationOptions(), options.revocation),
    errors: checkSlice('errors', new ErrorsOptions(), options.errors),
    guard: checkSlice('guard', new GuardOptions(), options.guard),
    stores: options.stores ?? memoryStores(),
    hooks: options.hooks ?? {},
  };
  checkLifetimes(settings);
  checkCookies(settings);
  checkErrors(settings.errors);
  checkByHand(settings);
  return settings;
}

function publicAddress({ publicUrl, jwt }: AuthModuleOptions): Pick<AuthSettings, 'publicOrigin' | 'secureCookies'> {
  const text = publicUrl ?? (/^https?:/.test(jwt.issuer) && URL.canParse(jwt.issuer) ? jwt.issuer : undefined);
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

function checkLifetimes({ jwt, revocation }: AuthSettings): void {
  if (seconds(jwt.refreshTokenLifetime) < seconds(jwt.accessTokenLifetime)) {
    throw new AuthConfigError(
      'jwt.refreshTokenLifetime',
      'is shorter than jwt.accessTokenLifetime: a refresh would come too late',
    );
  }
  if (seconds(revocation.maxStaleness) <= seconds(revocation.poll)) {
    throw new AuthConfigError(
      'revocation.maxStaleness',
      'must be longer than revocation.poll: every request would get 503',
    );
  }
}

function checkCookies(settings: AuthSettings): void {
  const { withCookies, publicOrigin, secureCookies, cookies, csrf } = settings;
  for (const origin of csrf.trustedOrigins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new AuthConfigError('csrf.trustedOrigins', "must hold origins such as 'https://app.example.com'");
    }
  }
  if (!withCookies) return;
  if (publicOrigin === undefined)
    throw new AuthConfigError('publicUrl', 'is missing: cookies need to know whether the site is https');
  if (!secureCookies && !isLoopback(new URL(publicOrigin).hostname)) {
    throw new AuthConfigError(
      'publicUrl',
      'is plain http, and cookies must not travel unencrypted: use https (http on loopback only)',
    );
  }
  if (cookies.sameSite === 'none' && !secureCookies)
    throw new AuthConfigError('cookies.sameSite', "'none' needs an https publicUrl");
  checkSliding(cookies.slidingRefresh);
  for (const kind of ['access', 'refresh'] as const) {
    checkPrefix(
      `cookies.${kind}`,
      cookies[kind].name,
      cookies[kind].path ?? (kind === 'access' ? '/' : 'below /'),
      settings,
    );
    checkPrefix(`csrf.${kind}`, csrf[kind].cookieName, csrf[kind].cookiePath, settings);
  }
  const names = [cookies.access.name, cookies.refresh.name, csrf.access.cookieName, csrf.refresh.cookieName].filter(
    Boolean,
  );
  if (new Set(names).size < names.length) throw new AuthConfigError('cookies', 'two cookies have one name');
}

/** RFC 6265bis §4.1.3: a browser drops a prefixed cookie that does not keep the prefix's promise. */
function checkPrefix(
  option: string,
  name: string | undefined,
  path: string,
  { cookies, secureCookies }: AuthSettings,
): void {
  if (name === undefined || !/^__(host|secure)-/i.test(name)) return;
  if (!secureCookies) throw new AuthConfigError(`${option}.name`, 'has a prefix that needs an https publicUrl');
  if (!/^__host-/i.test(name)) return;
  if (cookies.domain !== undefined) throw new AuthConfigError(`${option}.name`, '__Host- forbids cookies.domain');
  if (path !== '/') throw new AuthConfigError(`${option}.path`, "__Host- needs the path '/'");
}

function checkSliding(sliding: false | SlidingRefresh): void {
  if (sliding === false) return;
  for (const name of ['within', 'absolute'] as const) {
    if (!(seconds(sliding?.[name]) > 0))
      throw new AuthConfigError(`cookies.slidingRefresh.${name}`, "must be a duration such as '30m'");
  }
}

function checkErrors({ status, handlers }: ErrorsOptions): void {
  for (const [option, values] of Object.entries({ status, handlers })) {
    for (const [name, value] of Object.entries(values as Record<string, unknown>)) {
      if (!authErrorNames.includes(name as AuthErrorName)) {
        throw new AuthConfigError(`errors.${option}.${name}`, `is no error: there are ${authErrorNames.join(', ')}`);
      }
      if (option === 'handlers' && typeof value !== 'function')
        throw new AuthConfigError(`errors.handlers.${name}`, 'must be a function');
      if (option === 'status' && !(Number.isInteger(value) && (value as number) >= 400 && (value as number) < 600)) {
        throw new AuthConfigError(`errors.status.${name}`, 'must be a status from 400 to 599: a refusal stays one');
      }
    }
  }
}

function checkByHand({ stores, hooks }: AuthSettings): void {
  if (typeof stores?.create !== 'function')
    throw new AuthConfigError('stores', 'must be memoryStores(), typeormStores() or noStores()');
  if (typeof hooks !== 'function' && typeof hooks !== 'object')
    throw new AuthConfigError('hooks', 'must be an object or a class');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
