import { createHmac } from 'node:crypto';
import type { Client, ClientAuth } from 'oauth4webapi';
import { AuthConfigError } from '../auth.errors.js';
import { isLoopback } from '../auth.loopback.js';
import { checkSlice } from '../auth.slices.js';
import { bearer, type AuthorizeRequest } from './api-request.js';
import { clientAuthentication } from './client-authentication.js';
import { identityPathNames, type IdentityPaths } from './identity-paths.js';
import { isAllowedEndpoint } from './outbound-fetch.js';
import {
  OAuth2ProviderOptions,
  OidcProviderOptions,
  type OAuth2Options,
  type OAuthProviderOptions,
  type OidcOptions,
} from './provider.options.js';

type Secrets = 'clientSecret' | 'privateKey' | 'tokenEndpointAuthMethod' | 'idTokenSignedResponseAlg';

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

/** A provider, checked. */
export type OAuthProvider = OidcProvider | OAuth2Provider;

/** What a request says by itself: an option of this name would change what is checked (OC-17). */
const reserved = new Set([
  ...['client_id', 'client_secret', 'response_type', 'response_mode', 'redirect_uri', 'scope', 'state', 'nonce'],
  ...['code', 'code_challenge', 'code_challenge_method', 'code_verifier', 'request', 'request_uri', 'registration'],
  'user_scope',
]);

/** @throws AuthConfigError naming the option and the mend, never a secret. */
export function toProvider(path: string, given: OAuthProviderOptions, publicOrigin: string): OAuthProvider {
  if (typeof given !== 'object' || given === null) throw new AuthConfigError(path, 'must be a provider such as oidc()');
  const provider = read(path, given);
  checkParams(`${path}.authorizationParams`, provider.authorizationParams);
  checkTexts(`${path}.scopeAliases`, provider.scopeAliases);
  checkRedirectUri(`${path}.redirectUri`, provider.redirectUri, publicOrigin);
  if (provider.apiBaseUrl !== undefined) checkEndpoint(`${path}.apiBaseUrl`, provider.apiBaseUrl, provider);
  return provider;
}

function read(path: string, given: OAuthProviderOptions): OAuthProvider {
  if (given.kind === 'oidc') return toOidcProvider(path, given);
  if (given.kind === 'oauth2') return toOAuth2Provider(path, given);
  throw new AuthConfigError(`${path}.kind`, "must be 'oidc' or 'oauth2'");
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
  const { clientSecret, privateKey, tokenEndpointAuthMethod, idTokenSignedResponseAlg: algorithm, ...rest } = options;
  return {
    ...rest,
    client: {
      client_id: options.clientId,
      ...(algorithm !== undefined && { id_token_signed_response_alg: algorithm }),
    },
    authenticate: clientAuthentication(path, { clientSecret, privateKey, tokenEndpointAuthMethod }),
    authorize: bearer,
  };
}

function toOAuth2Provider(path: string, given: OAuth2Options): OAuth2Provider {
  const options = checkSlice(path, new OAuth2ProviderOptions(), given);
  const { authorizationEndpoint, tokenEndpoint, userinfoEndpoint, issuer } = options;
  checkEndpoint(`${path}.authorizationEndpoint`, authorizationEndpoint, options);
  checkEndpoint(`${path}.tokenEndpoint`, tokenEndpoint, options);
  if (userinfoEndpoint !== undefined) checkEndpoint(`${path}.userinfoEndpoint`, userinfoEndpoint, options);
  else if (options.identityFrom === 'userinfo')
    throw new AuthConfigError(`${path}.userinfoEndpoint`, 'is missing: nothing else says who somebody is');
  if (issuer !== undefined && issuer !== 'ignore') checkIssuer(`${path}.issuer`, issuer, options);
  checkScope(`${path}.scope`, options.scope);
  checkScope(`${path}.userScope`, options.userScope);
  checkIdentity(`${path}.identity`, options.identity);
  checkTexts(`${path}.tokenErrors`, options.tokenErrors);
  const { clientSecret, privateKey, tokenEndpointAuthMethod, ...rest } = options;
  if (options.appSecretProof && clientSecret === undefined)
    throw new AuthConfigError(`${path}.clientSecret`, 'is missing: appSecretProof needs it');
  return {
    ...rest,
    client: { client_id: options.clientId },
    authenticate: clientAuthentication(path, { clientSecret, privateKey, tokenEndpointAuthMethod }),
    authorize: bearer,
    userinfoParams: (accessToken): Record<string, string> =>
      options.appSecretProof
        ? { appsecret_proof: createHmac('sha256', clientSecret!).update(accessToken).digest('hex') }
        : {},
  };
}

interface Transport {
  readonly allowInsecureLoopback: boolean;
}

function checkIssuer(option: string, issuer: string, { allowInsecureLoopback }: Transport): void {
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
}

function checkParams(option: string, params: Readonly<Record<string, string>>): void {
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw new AuthConfigError(option, "must be an object such as { prompt: 'login' }");
  for (const [name, value] of Object.entries(params)) {
    if (reserved.has(name)) throw new AuthConfigError(`${option}.${name}`, 'is reserved: it is written by the log-in');
    if (typeof value !== 'string') throw new AuthConfigError(`${option}.${name}`, 'must be a text');
  }
}

function checkEndpoint(option: string, url: string, { allowInsecureLoopback }: Transport): void {
  const isUrl = URL.canParse(url) && new URL(url).username === '' && new URL(url).hash === '';
  if (!isUrl) throw new AuthConfigError(option, "must be a URL, such as 'https://sso.example.com/token'");
  if (isAllowedEndpoint(url, allowInsecureLoopback)) return;
  if (new URL(url).protocol === 'http:' && isLoopback(new URL(url).hostname))
    throw new AuthConfigError(
      option,
      'is plain http: set allowInsecureLoopback for a provider of your tests, or use https',
    );
  throw new AuthConfigError(option, 'is not https: use https (http on loopback only)');
}

function checkIdentity(option: string, identity: IdentityPaths): void {
  checkTexts(option, identity);
  const unknown = Object.keys(identity).find((name) => !identityPathNames.includes(name));
  if (unknown !== undefined)
    throw new AuthConfigError(`${option}.${unknown}`, `is no option: there are ${identityPathNames.join(', ')}`);
}

function checkTexts(option: string, texts: unknown): void {
  const isObject = typeof texts === 'object' && texts !== null && !Array.isArray(texts);
  if (!isObject || !Object.values(texts).every((text) => typeof text === 'string' && text !== ''))
    throw new AuthConfigError(option, 'must be an object of texts');
}

function checkRequiredClaims(option: string, claims: unknown): void {
  const isObject = typeof claims === 'object' && claims !== null && !Array.isArray(claims);
  if (!isObject || !Object.values(claims).every((values) => isTexts(values) && values.length > 0))
    throw new AuthConfigError(option, "must be an object of lists, such as { hd: ['example.com'] }");
}

function checkAuthority(option: string, given: OidcProviderOptions['authoritativeEmail']): void {
  if (given !== undefined && !(isTexts(given?.domains) && typeof given.claim === 'string'))
    throw new AuthConfigError(option, "must be such as { domains: ['example.com'], claim: 'hd' }");
}

function isTexts(values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string');
}

/** The flow's cookie comes back to our own host alone. */
function checkRedirectUri(option: string, redirectUri: string | undefined, publicOrigin: string): void {
  if (redirectUri === undefined) return;
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  if (url === undefined || url.origin !== publicOrigin || url.hash !== '' || url.username !== '')
    throw new AuthConfigError(option, 'must be a URL of publicUrl, without a fragment');
}
