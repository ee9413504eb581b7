import { createHmac } from 'node:crypto';
import type { Client, ClientAuth } from 'oauth4webapi';
import type { Clock } from '../auth.clock.js';
import { AuthConfigError } from '../auth.errors.js';
import { checkSlice } from '../auth.slices.js';
import { bearer, withScheme, type AuthorizeRequest } from './client/api-request.js';
import { clientAuthentication } from './client-authentication.js';
import { toOAuth1Provider, type OAuth1Provider } from './oauth1/oauth1-provider.js';
import {
  checkEndpoint,
  checkHeaders,
  checkIdentity,
  checkIssuer,
  checkOrigins,
  checkParams,
  checkRedirectUri,
  checkScope,
  checkTexts,
} from './provider-checks.js';
import {
  OAuth2ProviderOptions,
  OidcProviderOptions,
  type OAuth2Options,
  type OAuthProviderOptions,
  type OidcOptions,
} from './provider.options.js';

type Credentials = 'clientSecret' | 'privateKey' | 'tokenEndpointAuthMethod' | 'clientSecretIssuer';
type Secrets = Credentials | 'idTokenSignedResponseAlg';

/** Holds no secret but inside functions. */
interface CheckedClient {
  readonly client: Client;
  readonly authenticate: ClientAuth;
  /** Requests to its API. */
  readonly authorize: AuthorizeRequest;
}

export interface OidcProvider extends Omit<Readonly<OidcProviderOptions>, Secrets>, CheckedClient {}

export interface OAuth2Provider extends Omit<Readonly<OAuth2ProviderOptions>, Secrets>, CheckedClient {
  /** More parameters of a request to the userinfo endpoint. */
  readonly userinfoParams: (accessToken: string) => Readonly<Record<string, string>>;
}

/** A provider of OAuth 2, with OpenID Connect or without. */
export type CodeProvider = OidcProvider | OAuth2Provider;

/** A provider, checked. */
export type OAuthProvider = CodeProvider | OAuth1Provider;

/** What a request says by itself: an option of this name would change what is checked (OC-17). */
const reserved = new Set([
  'client_id',
  'client_secret',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'request',
  'request_uri',
  'registration',
  'user_scope',
]);

/** @throws AuthConfigError naming the option and the mend, never a secret. */
export function toProvider(
  path: string,
  given: OAuthProviderOptions,
  publicOrigin: string,
  clock: Clock,
): OAuthProvider {
  if (typeof given !== 'object' || given === null) throw new AuthConfigError(path, 'must be a provider such as oidc()');
  // a column of a database that is empty: as a secret it would be none, and as a path it is no text
  const empty = Object.entries(given).find(([, value]) => value === null);
  if (empty !== undefined) throw new AuthConfigError(`${path}.${empty[0]}`, 'must not be null: leave it out');
  const provider = read(path, given, clock);
  checkRedirectUri(`${path}.redirectUri`, provider.redirectUri, publicOrigin);
  if (provider.apiBaseUrl !== undefined) checkEndpoint(`${path}.apiBaseUrl`, provider.apiBaseUrl, provider);
  checkOrigins(`${path}.apiOrigins`, provider.apiOrigins, provider);
  const own = provider.apiBaseUrl === undefined ? [] : [new URL(provider.apiBaseUrl).origin];
  return { ...provider, apiOrigins: [...own, ...provider.apiOrigins] };
}

function read(path: string, given: OAuthProviderOptions, clock: Clock): OAuthProvider {
  if (given.kind === 'oauth1') return toOAuth1Provider(path, given, clock);
  const provider = toCodeProvider(path, given);
  checkParams(`${path}.authorizationParams`, provider.authorizationParams, (name) => reserved.has(name));
  if (provider.kind === 'oidc')
    checkMaxAge(`${path}.authorizationParams.max_age`, provider.authorizationParams['max_age']);
  if (provider.applicationScope !== undefined) checkScope(`${path}.applicationScope`, provider.applicationScope);
  checkTexts(`${path}.scopeAliases`, provider.scopeAliases);
  checkTexts(`${path}.tokenErrors`, provider.tokenErrors);
  checkHeaders(`${path}.requestHeaders`, provider.requestHeaders);
  return provider;
}

function toCodeProvider(path: string, given: OidcOptions | OAuth2Options): CodeProvider {
  if (given.kind === 'oidc') return toOidcProvider(path, given);
  if (given.kind === 'oauth2') return toOAuth2Provider(path, given);
  throw new AuthConfigError(`${path}.kind`, "must be 'oidc', 'oauth2' or 'oauth1'");
}

function toOidcProvider(path: string, given: OidcOptions): OidcProvider {
  const options = checkSlice(path, new OidcProviderOptions(), given);
  checkIssuer(`${path}.issuer`, options.issuer, options);
  if (options.issuerTemplate !== undefined) checkIssuer(`${path}.issuerTemplate`, options.issuerTemplate, options);
  checkScope(`${path}.scope`, options.scope);
  if (!options.scope.includes('openid'))
    throw new AuthConfigError(`${path}.scope`, "lacks 'openid': without it there is no ID token");
  checkRequiredClaims(`${path}.requiredClaims`, options.requiredClaims);
  checkAuthority(`${path}.authoritativeEmail`, options.authoritativeEmail);
  const { idTokenSignedResponseAlg: algorithm, ...rest } = options;
  return {
    ...withoutCredentials(rest),
    client: {
      client_id: options.clientId,
      ...(algorithm !== undefined && { id_token_signed_response_alg: algorithm }),
    },
    authenticate: clientAuthentication(path, options),
    authorize: bearer,
  };
}

function toOAuth2Provider(path: string, given: OAuth2Options): OAuth2Provider {
  const options = checkSlice(path, new OAuth2ProviderOptions(), given);
  const { authorizationEndpoint, tokenEndpoint, userinfoEndpoint, revocationEndpoint, issuer } = options;
  checkEndpoint(`${path}.authorizationEndpoint`, authorizationEndpoint, options);
  checkEndpoint(`${path}.tokenEndpoint`, tokenEndpoint, options);
  if (revocationEndpoint !== undefined) checkEndpoint(`${path}.revocationEndpoint`, revocationEndpoint, options);
  if (userinfoEndpoint !== undefined) checkEndpoint(`${path}.userinfoEndpoint`, userinfoEndpoint, options);
  else if (options.identityFrom === 'userinfo')
    throw new AuthConfigError(`${path}.userinfoEndpoint`, 'is missing: nothing else says who somebody is');
  if (issuer !== undefined && issuer !== 'ignore') checkIssuer(`${path}.issuer`, issuer, options);
  checkScope(`${path}.scope`, options.scope);
  checkScope(`${path}.userScope`, options.userScope);
  checkIdentity(`${path}.identity`, options.identity);
  const { clientSecret } = options;
  if (options.appSecretProof && clientSecret === undefined)
    throw new AuthConfigError(`${path}.clientSecret`, 'is missing: appSecretProof needs it');
  const authenticate = clientAuthentication(path, options);
  checkAudience(`${path}.issuer`, options);
  return {
    ...withoutCredentials(options),
    client: { client_id: options.clientId },
    authenticate,
    authorize: withScheme(options.apiTokenScheme),
    userinfoParams: (accessToken): Record<string, string> =>
      options.appSecretProof
        ? { appsecret_proof: createHmac('sha256', clientSecret!).update(accessToken).digest('hex') }
        : {},
  };
}

/**
 * A JWT that proves the client says who it is made for (RFC 7523 §3), and that is the issuer: in place of a name that is not known, one
 * that is no name would stand there, and the provider refuses it at the first log-in.
 */
function checkAudience(option: string, { issuer, privateKey }: OAuth2ProviderOptions): void {
  if (privateKey !== undefined && (issuer === undefined || issuer === 'ignore'))
    throw new AuthConfigError(
      option,
      'is missing: what privateKey signs is made for it (RFC 7523 §3), so give its name',
    );
}

function withoutCredentials<T extends Pick<OidcProviderOptions, Credentials>>(options: T): Omit<T, Credentials> {
  const {
    clientSecret: _secret,
    privateKey: _key,
    tokenEndpointAuthMethod: _method,
    clientSecretIssuer: _by,
    ...rest
  } = options;
  return rest;
}

function checkRequiredClaims(option: string, claims: unknown): void {
  const isObject = typeof claims === 'object' && claims !== null && !Array.isArray(claims);
  if (!isObject || !Object.values(claims).every((values) => isTexts(values) && values.length > 0))
    throw new AuthConfigError(option, "must be an object of lists, such as { hd: ['example.com'] }");
}

/** The ID token is held to it. */
function checkMaxAge(option: string, seconds: string | undefined): void {
  if (seconds !== undefined && !/^\d{1,9}$/.test(seconds))
    throw new AuthConfigError(option, "must be whole seconds as a text, such as '300'");
}

function checkAuthority(option: string, given: OidcProviderOptions['authoritativeEmail']): void {
  if (given !== undefined && !(isTexts(given?.domains) && typeof given.claim === 'string'))
    throw new AuthConfigError(option, "must be such as { domains: ['example.com'], claim: 'hd' }");
}

function isTexts(values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string');
}
