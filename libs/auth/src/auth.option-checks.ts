import { parseDuration, seconds } from './auth.durations.js';
import { AuthConfigError } from './auth.errors.js';
import { authHookNames, type AuthHooks } from './auth.hooks.js';
import { isLoopback } from './auth.loopback.js';
import type { AuthSettings } from './auth.settings.js';
import type { SlidingRefresh } from './http/cookies.options.js';
import { reservedClaims } from './jwt/claims.js';
import type { JwtOptions } from './jwt/jwt.options.js';
import { SessionClaim } from './jwt/session-claim.js';
import { authErrorNames, type AuthErrorName, type ErrorsOptions } from './http/errors.options.js';
import { longestConfigured } from './jwt/jwt.options.js';
import { RevocationFanOut } from './stores/revocation-fan-out.js';

/** What no slice can see alone. @throws AuthConfigError naming the option and the mend. */
export function checkSettings(settings: AuthSettings): void {
  checkClaimNames(settings);
  checkLifetimes(settings);
  checkSessions(settings);
  checkCookies(settings);
  checkOAuth(settings);
  checkErrors(settings.errors);
  checkTrustedIssuers(settings);
  checkHooks(settings.hooks);
  if (typeof settings.stores?.create !== 'function')
    throw new AuthConfigError('stores', 'must be memoryStores(), typeormStores() or noStores()');
  const { fanOut } = settings.revocation;
  if (fanOut !== undefined && !(fanOut instanceof RevocationFanOut))
    throw new AuthConfigError('revocation.fanOut', 'must be redisFanOut(url), or a RevocationFanOut of your own');
}

function checkClaimNames({ jwt }: AuthSettings): void {
  if (jwt.subjectClaim === jwt.typeClaim) {
    throw new AuthConfigError('jwt.subjectClaim', 'is jwt.typeClaim too: every user would be one, name two claims');
  }
}

function checkLifetimes({ jwt, revocation, managedKeys }: AuthSettings): void {
  if (seconds(jwt.refreshTokenLifetime) < seconds(jwt.accessTokenLifetime)) {
    throw new AuthConfigError(
      'jwt.refreshTokenLifetime',
      'is shorter than jwt.accessTokenLifetime: a refresh would come too late',
    );
  }
  if (managedKeys !== undefined && longestConfigured(jwt) === Infinity) {
    throw new AuthConfigError(
      'jwt.managedKeys',
      "is given beside a lifetime 'never': no key could ever be retired, give both lifetimes an end",
    );
  }
  if (seconds(revocation.maxStaleness) <= seconds(revocation.poll)) {
    throw new AuthConfigError(
      'revocation.maxStaleness',
      'must be longer than revocation.poll: every request would get 503',
    );
  }
}

function checkSessions({ session, jwt, cookies, withSessions, sessionsInCookies }: AuthSettings): void {
  if (seconds(session.idleLifetime) > seconds(session.absoluteLifetime))
    throw new AuthConfigError('session.idleLifetime', 'is longer than session.absoluteLifetime');
  checkSessionClaims(session.claims, jwt);
  if (!withSessions) return;
  if (seconds(jwt.accessTokenLifetime) + seconds(session.reuseLeeway) >= seconds(session.idleLifetime)) {
    throw new AuthConfigError(
      'session.idleLifetime',
      'must be longer than jwt.accessTokenLifetime and session.reuseLeeway together: sessions would end while they are used',
    );
  }
  if (sessionsInCookies && cookies.sameSite === 'none' && session.antiCsrf === 'none') {
    throw new AuthConfigError(
      'session.antiCsrf',
      "is 'none' beside cookies.sameSite: 'none': every site could act for your users, take 'custom-header'",
    );
  }
}

/** Of two claims of one name one would hide the other; of a name that we write, both would be wrong. */
function checkSessionClaims(claims: readonly SessionClaim[], { subjectClaim, typeClaim }: JwtOptions): void {
  const seen = new Set([...reservedClaims, subjectClaim, typeClaim]);
  for (const [index, claim] of claims.entries()) {
    const option = `session.claims[${index}]`;
    if (!(claim instanceof SessionClaim)) throw new AuthConfigError(option, 'must be what defineClaim() gives');
    if (seen.has(claim.key))
      throw new AuthConfigError(option, `has the key ${claim.key}, which is reserved or taken: name another`);
    seen.add(claim.key);
  }
}

function checkCookies(settings: AuthSettings): void {
  const { withCookies, sessionsInCookies, cookies, csrf } = settings;
  for (const origin of csrf.trustedOrigins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new AuthConfigError('csrf.trustedOrigins', "must hold origins such as 'https://app.example.com'");
    }
  }
  checkSliding(cookies.slidingRefresh);
  if (withCookies || sessionsInCookies) checkAddress(settings);
  if (!withCookies) return;
  for (const kind of ['access', 'refresh'] as const) {
    const { name, path = kind === 'access' ? '/' : 'below /' } = cookies[kind];
    const { cookieName, cookiePath } = csrf[kind];
    checkPrefix({ name: `cookies.${kind}.name`, path: `cookies.${kind}.path` }, name, path, settings);
    checkPrefix({ name: `csrf.${kind}.cookieName`, path: `csrf.${kind}.cookiePath` }, cookieName, cookiePath, settings);
  }
  const names = [cookies.access.name, cookies.refresh.name, csrf.access.cookieName, csrf.refresh.cookieName].filter(
    Boolean,
  );
  if (new Set(names).size < names.length) throw new AuthConfigError('cookies', 'two cookies have one name');
}

/** The answer of a provider comes to a fixed URL of ours, and a cookie with it. */
function checkOAuth({ oauth, publicOrigin, secureCookies, sessionsInCookies }: AuthSettings): void {
  if (oauth === null) return;
  if (publicOrigin === undefined)
    throw new AuthConfigError('publicUrl', 'is missing: oauth needs to know where a provider sends its answer');
  if (!secureCookies && !isLoopback(new URL(publicOrigin).hostname))
    throw new AuthConfigError('publicUrl', 'is plain http, where codes can be read: use https (http on loopback only)');
  if (oauth.logsIn && !sessionsInCookies)
    throw new AuthConfigError(
      'oauth',
      "logs in by a session in cookies: set session: {} with transfer 'any' or 'cookie', or oauthLogin({ controller: false })",
    );
}

function checkAddress({ publicOrigin, secureCookies, cookies }: AuthSettings): void {
  if (publicOrigin === undefined)
    throw new AuthConfigError('publicUrl', 'is missing: cookies need to know whether the site is https');
  if (cookies.sameSite === 'none' && !secureCookies)
    throw new AuthConfigError('cookies.sameSite', "'none' needs an https publicUrl");
  if (secureCookies || isLoopback(new URL(publicOrigin).hostname)) return;
  throw new AuthConfigError(
    'publicUrl',
    'is plain http, and cookies must not travel unencrypted: use https (http on loopback only)',
  );
}

/** RFC 6265bis §4.1.3: a browser drops a prefixed cookie that does not keep the prefix's promise. */
function checkPrefix(
  option: { name: string; path: string },
  name: string | undefined,
  path: string,
  { cookies, secureCookies }: AuthSettings,
): void {
  if (name === undefined || !/^__(host|secure)-/i.test(name)) return;
  if (!secureCookies) throw new AuthConfigError(option.name, 'has a prefix that needs an https publicUrl');
  if (!/^__host-/i.test(name)) return;
  if (cookies.domain !== undefined) throw new AuthConfigError(option.name, '__Host- forbids cookies.domain');
  if (path !== '/') throw new AuthConfigError(option.path, "__Host- needs the path '/'");
}

function checkSliding(sliding: false | SlidingRefresh): void {
  if (sliding === false) return;
  const names = ['within', 'absolute'] as const;
  for (const name of names) {
    if (!((parseDuration(sliding?.[name]) ?? 0) > 0))
      throw new AuthConfigError(`cookies.slidingRefresh.${name}`, "must be a duration such as '30m'");
  }
  for (const name of Object.keys(sliding)) {
    if (!names.includes(name as (typeof names)[number]))
      throw new AuthConfigError(`cookies.slidingRefresh.${name}`, `is no option: there are ${names.join(', ')}`);
  }
}

function checkErrors({ status, handlers }: ErrorsOptions): void {
  for (const [option, values] of Object.entries({ status, handlers })) {
    if (typeof values !== 'object' || values === null)
      throw new AuthConfigError(`errors.${option}`, 'must be an object, with names of errors as members');
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

/** Tokens are sorted by `iss`: of two entries with one issuer, one would never be asked. */
function checkTrustedIssuers({ jwt }: AuthSettings): void {
  const seen = new Set([jwt.issuer]);
  for (const [index, trusted] of (jwt.trustedIssuers ?? []).entries()) {
    const option = `jwt.trustedIssuers[${index}].issuer`;
    if (trusted?.issuer === jwt.issuer)
      throw new AuthConfigError(option, 'is jwt.issuer, whose tokens our own keys verify: take it out');
    if (seen.has(trusted?.issuer)) throw new AuthConfigError(option, 'is named twice: keep one');
    seen.add(trusted?.issuer);
  }
}

/** A hook that is misspelt would never be asked. An instance of a class may have other members; a plain object has none. */
function checkHooks(hooks: AuthSettings['hooks']): void {
  if (typeof hooks === 'function') return;
  if (typeof hooks !== 'object' || hooks === null || Array.isArray(hooks))
    throw new AuthConfigError('hooks', 'must be an object or a class');
  const names = Object.getPrototypeOf(hooks) === Object.prototype ? Object.keys(hooks) : [];
  for (const name of names) {
    if (!authHookNames.includes(name as keyof AuthHooks))
      throw new AuthConfigError(`hooks.${name}`, `is no hook: there are ${authHookNames.join(', ')}`);
  }
  for (const name of authHookNames) {
    if (hooks[name] !== undefined && typeof hooks[name] !== 'function')
      throw new AuthConfigError(`hooks.${name}`, 'must be a function');
  }
}
