import { isIP, isIPv6 } from 'node:net';
import { IsIn, IsOptional, IsPort, Matches, ValidateBy, validateSync } from 'class-validator';
import type { JwtAlgorithm } from 'nest-latchkey';
import { usernamePattern } from './users/username.js';

/** The signature algorithms that the application can be told to use. */
const signatureAlgorithms: readonly JwtAlgorithm[] = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

/** A wrong or missing variable: the application does not start. The messages name variables, never their values. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(
    /** One sentence for each problem: the variable, and what to write instead. */
    readonly problems: readonly string[],
  ) {
    super(['The environment is not usable:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  }
}

const durationPattern = /^[1-9]\d{0,8}[smhd]?$/;
const durationMend = '$property must be a duration above zero: seconds such as 900, or 15m, 12h, 30d';

/** The variables as they are written: text, with its defaults. */
class Variables {
  @IsPort({ message: '$property must be a port from 0 to 65535, for example 3000; 0 takes a free one' })
  PORT = '3000';

  @Holds(isHost, '$property must be an address or a name to listen on, for example 127.0.0.1')
  HOST = '127.0.0.1';

  @IsOptional()
  @Holds(isOrigin, '$property must be an http(s) origin without a path, for example https://api.example.com')
  PUBLIC_URL?: string;

  @IsIn(['express', 'fastify'], { message: '$property must be express or fastify' })
  ADAPTER = 'express';

  @Holds(
    isDatabaseUrl,
    '$property must be sqlite:<file>, or a URL that begins with postgres:// or mysql://, with special characters of the password percent-encoded',
  )
  DATABASE_URL = 'sqlite:./data/app.sqlite';

  @IsOptional()
  @Holds(
    isRedisUrl,
    '$property must be a URL that begins with redis:// or rediss://, with special characters of the password percent-encoded; leave it out to do without Redis',
  )
  REDIS_URL?: string;

  @IsOptional()
  @Matches(/^[\x21-\x7e]+$/, {
    message: '$property must be a URL or a name without spaces; leave it out to use PUBLIC_URL',
  })
  AUTH_ISSUER?: string;

  @IsOptional()
  @Matches(/^[\x21-\x7e]+$/, {
    message: '$property must be a URL or a name without spaces; leave it out to use PUBLIC_URL',
  })
  AUTH_AUDIENCE?: string;

  @IsOptional()
  @IsIn(signatureAlgorithms, { message: `$property must be one of ${signatureAlgorithms.join(', ')}` })
  AUTH_ALGORITHM?: JwtAlgorithm;

  AUTH_SECRET?: string;

  AUTH_PRIVATE_KEY?: string;

  @Matches(durationPattern, { message: durationMend })
  ACCESS_TOKEN_LIFETIME = '15m';

  @Matches(durationPattern, { message: durationMend })
  REFRESH_TOKEN_LIFETIME = '30d';

  @Matches(/^\d{1,9}[smhd]?$/, { message: '$property must be a duration: seconds such as 5, or 1m; 0 is none' })
  CLOCK_TOLERANCE = '5';

  @Matches(/^\d{1,9}[smhd]?$/, { message: '$property must be a duration: seconds such as 10, or 1m; 0 is none' })
  REUSE_LEEWAY = '10';

  @IsIn(['custom-header', 'token', 'none'], { message: '$property must be custom-header, token or none' })
  ANTI_CSRF = 'custom-header';

  @Holds(
    (text) => list(text).every(isOrigin),
    '$property must be a comma list of origins, each as the browser sends it, for example https://app.example.com; * is not one',
  )
  CORS_ORIGINS = '';

  @Holds(
    (text) => list(text).every(isProxy),
    '$property must be a comma list of the addresses or networks of your own proxies, for example 127.0.0.1,10.0.0.0/8; /0 would be everybody',
  )
  TRUSTED_PROXIES = '';

  @Holds(
    (text) => list(text).every((name) => usernamePattern.test(name)),
    '$property must be a comma list of user names: lower-case letters, digits, dot, underscore and hyphen, at most 64',
  )
  APP_ADMINS = '';

  OAUTH_PROVIDERS?: string;

  @IsIn(['', '0', '1'], { message: '$property must be 1, to let providers on loopback use http, or left out' })
  OAUTH_ALLOW_LOOPBACK_HTTP = '';

  @Matches(/^[1-9]\d{0,8}[sm]?$/, { message: '$property must be a duration above zero: seconds such as 5, or 1m' })
  OAUTH_TIMEOUT = '5';

  @Matches(/^\d{1,9}[smh]?$/, { message: '$property must be a duration: seconds such as 60, or 1m; 0 is none' })
  OAUTH_REFRESH_LEEWAY = '60';

  @IsIn(['on', 'off'], { message: '$property must be on or off' })
  RATE_LIMIT = 'on';

  @IsOptional()
  NODE_ENV?: string;
}

/** The checked configuration of the application; also its injection token. Durations are in seconds. */
export class Environment {
  readonly production: boolean;
  readonly port: number;
  readonly host: string;
  /** The origin under which clients reach the application. */
  readonly publicUrl: string;
  readonly adapter: 'express' | 'fastify';
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithm: JwtAlgorithm | undefined;
  readonly secret: string | undefined;
  /** PEM, or the path of a PEM file. */
  readonly privateKey: string | undefined;
  readonly accessTokenLifetime: number;
  readonly refreshTokenLifetime: number;
  readonly clockTolerance: number;
  readonly reuseLeeway: number;
  readonly antiCsrf: 'custom-header' | 'token' | 'none';
  readonly corsOrigins: readonly string[];
  /** Addresses and networks whose X-Forwarded-For says who a client is. */
  readonly trustedProxies: readonly string[];
  readonly admins: ReadonlySet<string>;
  /** The path of a JSON file. */
  readonly oauthProviders: string | undefined;
  readonly allowLoopbackHttp: boolean;
  readonly oauthTimeout: number;
  readonly oauthRefreshLeeway: number;
  readonly rateLimit: boolean;

  constructor(variables: Variables) {
    this.production = variables.NODE_ENV === 'production';
    this.port = Number(variables.PORT);
    this.host = variables.HOST;
    this.publicUrl = variables.PUBLIC_URL ?? localUrl(variables.HOST, this.port);
    this.adapter = variables.ADAPTER as 'express' | 'fastify';
    this.databaseUrl = variables.DATABASE_URL;
    this.redisUrl = variables.REDIS_URL;
    this.issuer = variables.AUTH_ISSUER ?? this.publicUrl;
    this.audience = variables.AUTH_AUDIENCE ?? this.publicUrl;
    this.algorithm = variables.AUTH_ALGORITHM;
    this.secret = variables.AUTH_SECRET;
    this.privateKey = variables.AUTH_PRIVATE_KEY;
    this.accessTokenLifetime = seconds(variables.ACCESS_TOKEN_LIFETIME);
    this.refreshTokenLifetime = seconds(variables.REFRESH_TOKEN_LIFETIME);
    this.clockTolerance = seconds(variables.CLOCK_TOLERANCE);
    this.reuseLeeway = seconds(variables.REUSE_LEEWAY);
    this.antiCsrf = variables.ANTI_CSRF as 'custom-header' | 'token' | 'none';
    this.corsOrigins = list(variables.CORS_ORIGINS);
    this.trustedProxies = list(variables.TRUSTED_PROXIES);
    this.admins = new Set(list(variables.APP_ADMINS));
    this.oauthProviders = variables.OAUTH_PROVIDERS;
    this.allowLoopbackHttp = variables.OAUTH_ALLOW_LOOPBACK_HTTP === '1';
    this.oauthTimeout = seconds(variables.OAUTH_TIMEOUT);
    this.oauthRefreshLeeway = seconds(variables.OAUTH_REFRESH_LEEWAY);
    this.rateLimit = variables.RATE_LIMIT === 'on';
  }
}

/**
 * Read and check the application's variables. An empty variable counts as not set.
 *
 * Does not look at the signing keys: see `keys.ts`.
 *
 * @throws EnvironmentError with every problem at once.
 */
export function readEnvironment(source: Record<string, string | undefined> = process.env): Environment {
  const variables = new Variables();
  const given = Object.entries(source).filter(
    ([name, value]) => names.has(name) && value !== undefined && value !== '',
  );
  Object.assign(variables, Object.fromEntries(given));

  const errors = validateSync(variables, { validationError: { target: false, value: false } });
  if (errors.length > 0) {
    throw new EnvironmentError(errors.flatMap((error) => Object.values(error.constraints ?? {})));
  }
  return new Environment(variables);
}

/** A class field without a value is an own property all the same, so an instance knows every name. */
const names = new Set(Object.keys(new Variables()));

function Holds(predicate: (text: string) => boolean, message: string): PropertyDecorator {
  return ValidateBy(
    { name: 'holds', validator: { validate: (value: unknown) => typeof value === 'string' && predicate(value) } },
    { message },
  );
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Whoever is named here can call himself any address, and so has limits of his own for each request. */
function isProxy(text: string): boolean {
  const [, address, prefix] = /^([^/]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? [];
  const bits = isIPv6(address ?? '') ? 128 : 32;
  return address !== undefined && isIP(address) !== 0 && Number(prefix ?? bits) <= bits;
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || (/^[A-Za-z0-9.-]+$/.test(text) && URL.canParse(`http://${text}`));
}

/** A URL that a driver cannot parse must not get there: the errors of URL parsers quote it, password and all. */
function isDatabaseUrl(text: string): boolean {
  if (/^sqlite:./.test(text)) return true;
  return /^(postgres|postgresql|mysql|mariadb):\/\/./.test(text) && isParsable(text);
}

function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\/./.test(text) && isParsable(text);
}

function isParsable(url: string): boolean {
  return URL.canParse(url) && !/%(?![0-9A-Fa-f]{2})/.test(url);
}

/** Where a browser on this machine finds the application: the address that means "every interface" is no place to go to. */
function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return new URL(`http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`).origin;
}

/** In seconds. Digits alone are seconds already. */
function seconds(duration: string): number {
  const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[duration.slice(-1)];
  return Number.parseInt(duration, 10) * (unitSeconds ?? 1);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
