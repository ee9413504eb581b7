import { IsBoolean, IsIn, IsNotEmpty, IsOptional, IsString, Matches } from 'class-validator';
import type { Client, ClientAuth } from 'oauth4webapi';
import { AuthConfigError } from '../auth.errors.js';
import { isLoopback } from '../auth.loopback.js';
import { checkSlice, type Given } from '../auth.slices.js';
import { clientAuthentication, type PrivateKeyOptions, type TokenEndpointAuthMethod } from './client-authentication.js';

/** A provider that speaks OpenID Connect: everything else is read from its discovery document. */
export class OidcProviderOptions {
  readonly kind: 'oidc' = 'oidc' as const;

  /** Ours for it: in the path of its routes, and in `AuthGuard(name)`. */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, {
    message: 'must be 1 to 32 letters, digits, - and _, beginning with a letter or a digit',
  })
  name!: string;

  /** Exactly as the provider's discovery document writes it. */
  @IsString()
  @IsNotEmpty()
  issuer!: string;

  @IsString()
  @IsNotEmpty()
  clientId!: string;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  clientSecret: string | undefined = undefined;

  /** For `private_key_jwt`. */
  privateKey: PrivateKeyOptions | undefined = undefined;

  /** Default: `private_key_jwt` with a key, `client_secret_basic` with a secret, else `none`. */
  @IsOptional()
  @IsIn(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'], {
    message: "must be 'client_secret_basic', 'client_secret_post', 'private_key_jwt' or 'none'",
  })
  tokenEndpointAuthMethod: TokenEndpointAuthMethod | undefined = undefined;

  @IsString({ each: true })
  scope: readonly string[] = ['openid', 'email', 'profile'];

  /** `'form_post'`: the answer comes in a form, and stays out of URLs. Default 'query'. */
  @IsIn(['query', 'form_post'], { message: "must be 'query' or 'form_post'" })
  responseMode: 'query' | 'form_post' = 'query';

  /** Push authorization requests (RFC 9126). Always done where the provider requires it. Default false. */
  @IsBoolean()
  pushedAuthorizationRequests: boolean = false;

  /** More parameters of the authorization request, for example `{ prompt: 'login' }`. */
  authorizationParams: Readonly<Record<string, string>> = {};

  /** The algorithm of its ID tokens. Default: those that its discovery document names, and that sign with a key pair. */
  @IsOptional()
  @IsIn(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'], {
    message: 'must be an asymmetric algorithm, such as RS256 or ES256',
  })
  idTokenSignedResponseAlg: string | undefined = undefined;

  /** Where the answer comes back, of `publicUrl`. Default: `/login/<name>/authorized`. */
  @IsOptional()
  @IsString()
  redirectUri: string | undefined = undefined;

  /** Let the provider use plain http on this machine: for tests. Default false. */
  @IsBoolean()
  allowInsecureLoopback: boolean = false;
}

/** One object a provider. */
export type OAuthProviderOptions = Given<OidcProviderOptions> & { kind: 'oidc'; name: string };

/** A provider, checked. Holds no secret but inside `authenticate`. */
export interface OAuthProvider extends Omit<
  Readonly<OidcProviderOptions>,
  'clientSecret' | 'privateKey' | 'tokenEndpointAuthMethod' | 'idTokenSignedResponseAlg'
> {
  readonly client: Client;
  readonly authenticate: ClientAuth;
}

/** What a request says by itself: an option of this name would change what is checked (OC-17). */
const reserved = new Set([
  ...['client_id', 'client_secret', 'response_type', 'response_mode', 'redirect_uri', 'scope', 'state', 'nonce'],
  ...['code', 'code_challenge', 'code_challenge_method', 'code_verifier', 'request', 'request_uri', 'registration'],
]);

/** @throws AuthConfigError naming the option and the mend, never a secret. */
export function toProvider(path: string, given: OAuthProviderOptions, publicOrigin: string): OAuthProvider {
  if (typeof given !== 'object' || given === null) throw new AuthConfigError(path, 'must be a provider such as oidc()');
  if (given.kind !== 'oidc') throw new AuthConfigError(`${path}.kind`, "must be 'oidc'");
  const options = checkSlice(path, new OidcProviderOptions(), given);
  checkIssuer(`${path}.issuer`, options);
  checkScope(`${path}.scope`, options.scope);
  checkParams(`${path}.authorizationParams`, options.authorizationParams);
  checkRedirectUri(`${path}.redirectUri`, options.redirectUri, publicOrigin);
  const { clientSecret, privateKey, tokenEndpointAuthMethod, idTokenSignedResponseAlg: algorithm, ...rest } = options;
  return {
    ...rest,
    client: {
      client_id: options.clientId,
      ...(algorithm !== undefined && { id_token_signed_response_alg: algorithm }),
    },
    authenticate: clientAuthentication(path, { clientSecret, privateKey, tokenEndpointAuthMethod }),
  };
}

function checkIssuer(option: string, { issuer, allowInsecureLoopback }: OidcProviderOptions): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new AuthConfigError(option, "must be the issuer's URL, such as 'https://sso.example.com'");
  if (url.protocol === 'https:') return;
  if (!isLoopback(url.hostname)) throw new AuthConfigError(option, 'is plain http: use https (http on loopback only)');
  if (!allowInsecureLoopback)
    throw new AuthConfigError(
      option,
      'is plain http: set allowInsecureLoopback for a provider of your tests, or use https',
    );
}

function checkScope(option: string, scope: readonly string[]): void {
  if (!Array.isArray(scope) || !scope.every((value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)))
    throw new AuthConfigError(option, "must be a list of scope values, such as ['openid', 'email']");
  if (!scope.includes('openid')) throw new AuthConfigError(option, "lacks 'openid': without it there is no ID token");
}

function checkParams(option: string, params: Readonly<Record<string, string>>): void {
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw new AuthConfigError(option, "must be an object such as { prompt: 'login' }");
  for (const [name, value] of Object.entries(params)) {
    if (reserved.has(name)) throw new AuthConfigError(`${option}.${name}`, 'is reserved: it is written by the log-in');
    if (typeof value !== 'string') throw new AuthConfigError(`${option}.${name}`, 'must be a text');
  }
}

/** The flow's cookie comes back to our own host alone. */
function checkRedirectUri(option: string, redirectUri: string | undefined, publicOrigin: string): void {
  if (redirectUri === undefined) return;
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  if (url === undefined || url.origin !== publicOrigin || url.hash !== '' || url.username !== '')
    throw new AuthConfigError(option, 'must be a URL of publicUrl, without a fragment');
}
