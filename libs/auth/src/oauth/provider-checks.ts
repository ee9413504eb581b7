import { AuthConfigError } from '../auth.errors.js';
import { isLoopback } from '../auth.loopback.js';
import { identityPathNames, type IdentityPaths } from './identity-paths.js';
import { isAllowedEndpoint } from './outbound-fetch.js';

interface Transport {
  readonly allowInsecureLoopback: boolean;
}

const plainLoopback = 'is plain http: set allowInsecureLoopback for a provider of your tests, or use https';

export function checkIssuer(option: string, issuer: string, { allowInsecureLoopback }: Transport): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isBare = url?.username === '' && url.search === '' && url.hash === '';
  if (url === undefined || !isBare || !/^https?:$/.test(url.protocol))
    throw new AuthConfigError(option, "must be the issuer's URL, such as 'https://sso.example.com'");
  if (url.protocol === 'https:') return;
  if (!isLoopback(url.hostname)) throw new AuthConfigError(option, 'is plain http: use https (http on loopback only)');
  if (!allowInsecureLoopback) throw new AuthConfigError(option, plainLoopback);
}

/** A list of scope values, each of the characters that one has (RFC 6749 §3.3). */
export function isScope(scope: unknown): scope is readonly string[] {
  const isValue = (value: unknown) => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value);
  return Array.isArray(scope) && scope.every(isValue);
}

export function checkScope(option: string, scope: readonly string[]): void {
  if (!isScope(scope)) throw new AuthConfigError(option, "must be a list of scope values, such as ['openid', 'email']");
}

/** @param isReserved what a request says by itself: an option of this name would change what is checked (OC-17). */
export function checkParams(
  option: string,
  params: Readonly<Record<string, string>>,
  isReserved: (name: string) => boolean,
): void {
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw new AuthConfigError(option, "must be an object such as { prompt: 'login' }");
  for (const [name, value] of Object.entries(params)) {
    if (isReserved(name)) throw new AuthConfigError(`${option}.${name}`, 'is reserved: it is written by the log-in');
    if (typeof value !== 'string') throw new AuthConfigError(`${option}.${name}`, 'must be a text');
  }
}

export function checkEndpoint(option: string, url: string, { allowInsecureLoopback }: Transport): void {
  const isUrl = URL.canParse(url) && new URL(url).username === '' && new URL(url).hash === '';
  if (!isUrl) throw new AuthConfigError(option, "must be a URL, such as 'https://sso.example.com/token'");
  if (isAllowedEndpoint(url, allowInsecureLoopback)) return;
  if (new URL(url).protocol === 'http:' && isLoopback(new URL(url).hostname))
    throw new AuthConfigError(option, plainLoopback);
  throw new AuthConfigError(option, 'is not https: use https (http on loopback only)');
}

export function checkOrigins(option: string, origins: unknown, transport: Transport): void {
  if (!Array.isArray(origins) || !origins.every((origin) => typeof origin === 'string'))
    throw new AuthConfigError(option, "must be a list of origins, such as ['https://uploads.example.com']");
  for (const origin of origins) {
    checkEndpoint(option, origin, transport);
    if (new URL(origin).origin !== origin)
      throw new AuthConfigError(option, "must hold origins without a path, such as 'https://uploads.example.com'");
  }
}

export function checkIdentity(option: string, identity: IdentityPaths): void {
  checkTexts(option, identity);
  const unknown = Object.keys(identity).find((name) => !identityPathNames.includes(name));
  if (unknown !== undefined)
    throw new AuthConfigError(`${option}.${unknown}`, `is no option: there are ${identityPathNames.join(', ')}`);
}

/** What the protocol writes, and what says how a request is sent. */
const ownHeaders =
  /^(authorization|proxy-.*|cookie|host|content-.*|transfer-encoding|connection|dpop|expect|keep-alive|upgrade)$/i;

/** Headers that stand beside ours: one that proves who asks would go to all of the provider's endpoints. */
export function checkHeaders(option: string, headers: Readonly<Record<string, string>>): void {
  checkTexts(option, headers);
  for (const [name, value] of Object.entries(headers)) {
    if (ownHeaders.test(name)) throw new AuthConfigError(`${option}.${name}`, 'is reserved: the log-in writes it');
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(value))
      throw new AuthConfigError(option, "must hold headers such as { 'User-Agent': 'web:com.example.app:v1' }");
  }
}

export function checkTexts(option: string, texts: unknown): void {
  const isObject = typeof texts === 'object' && texts !== null && !Array.isArray(texts);
  if (!isObject || !Object.values(texts).every((text) => typeof text === 'string' && text !== ''))
    throw new AuthConfigError(option, 'must be an object of texts');
}

/** The flow's cookie comes back to our own host alone. */
export function checkRedirectUri(option: string, redirectUri: string | undefined, publicOrigin: string): void {
  if (redirectUri === undefined) return;
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  if (url === undefined || url.origin !== publicOrigin || url.hash !== '' || url.username !== '')
    throw new AuthConfigError(option, 'must be a URL of publicUrl, without a fragment');
}
