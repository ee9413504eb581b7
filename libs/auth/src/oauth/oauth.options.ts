import { IsArray, IsBoolean, IsString, Matches } from 'class-validator';
import type { Clock } from '../auth.clock.js';
import { IsDuration, type Duration } from '../auth.durations.js';
import { AuthConfigError } from '../auth.errors.js';
import { Sealer, type EncryptionKey } from '../auth.sealer.js';
import { checkSlice, type Given } from '../auth.slices.js';
import type { OAuthProviderOptions } from './provider.options.js';
import { toProvider, type OAuthProvider } from './provider.js';
import { ReturnTo } from './return-to.js';

/** Where a log-in may end. */
export class ReturnToOptions {
  /** Where nothing else was asked for, or nothing that is allowed. Default '/'. */
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

  returnTo: ReturnToOptions = new ReturnToOptions();

  /** How long any answer of a provider may take, in seconds, from the first byte to the last. Default 5; at most 60. */
  @IsDuration({ least: 1, most: 60 })
  timeout: Duration = 5;

  /** What flows are encrypted with: the first key seals, all open. Required in production. Default: a key of this process. */
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

export type GivenOAuthOptions = Given<Omit<OAuthOptions, 'returnTo'>> & { returnTo?: Given<ReturnToOptions> };

/** The options, checked. Secrets live in closures and KeyObjects only. */
export interface OAuthSettings {
  readonly providers: ReadonlyMap<string, OAuthProvider>;
  readonly returnTo: ReturnTo;
  readonly timeout: Duration;
  readonly sealer: Sealer;
}

/**
 * Check the options and complete them.
 *
 * @throws AuthConfigError naming the provider, the option and the mend, never a value that could be a secret.
 */
export function resolveOAuthOptions(given: GivenOAuthOptions, publicOrigin: string, clock: Clock): OAuthSettings {
  const options = checkSlice('oauth', new OAuthOptions(), given, ['returnTo']);
  const providers = new Map<string, OAuthProvider>();
  for (const [index, one] of options.providers.entries()) {
    const provider = toProvider(`oauth.providers[${index}]`, one, publicOrigin, clock);
    if (providers.has(provider.name))
      throw new AuthConfigError(`oauth.providers[${index}].name`, `is taken: there are two called ${provider.name}`);
    providers.set(provider.name, provider);
  }
  return {
    providers,
    returnTo: new ReturnTo(options.returnTo, publicOrigin),
    timeout: options.timeout,
    sealer: new Sealer('oauth.encryptionKeys', encryptionKeys(options.encryptionKeys)),
  };
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
