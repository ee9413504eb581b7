import { createPrivateKey, KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../auth.clock.js';
import { AuthConfigError, AuthError } from '../../auth.errors.js';
import { checkSlice } from '../../auth.slices.js';
import type { AuthorizeRequest } from '../client/api-request.js';
import { checkEndpoint, checkIdentity, checkIssuer, checkParams } from '../provider-checks.js';
import { OAuth1ProviderOptions, type OAuth1Options } from './oauth1.options.js';
import { isProtocolParameter, requestSigner, type SignRequest } from './request-signer.js';
import { hmacSignature, plaintextSignature, rsaSignature, type Signature, type SignatureMethod } from './signature.js';

type Secrets = 'consumerSecret' | 'privateKey' | 'signatureMethod' | 'issuer';

/** A provider of OAuth 1, checked. Holds no secret but inside functions. */
export interface OAuth1Provider extends Omit<Readonly<OAuth1ProviderOptions>, Secrets> {
  readonly issuer: string;
  readonly signatureMethod: SignatureMethod;
  readonly sign: SignRequest;
  /** Requests to its API. */
  readonly authorize: AuthorizeRequest;
}

const endpointNames = [
  'requestTokenEndpoint',
  'authorizationEndpoint',
  'accessTokenEndpoint',
  'userinfoEndpoint',
] as const;

/** @throws AuthConfigError naming the option and the mend, never a secret. */
export function toOAuth1Provider(path: string, given: OAuth1Options, clock: Clock): OAuth1Provider {
  const options = checkSlice(path, new OAuth1ProviderOptions(), given);
  const { consumerSecret, privateKey, signatureType, ...rest } = options;
  const signatureMethod = options.signatureMethod ?? (privateKey === undefined ? 'HMAC-SHA1' : 'RSA-SHA1');
  checkEndpoints(path, options);
  if (options.issuer !== undefined) checkIssuer(`${path}.issuer`, options.issuer, options);
  checkParams(`${path}.authorizationParams`, options.authorizationParams, isProtocolParameter);
  checkIdentity(`${path}.identity`, options.identity);
  if (signatureMethod === 'PLAINTEXT') checkPrivacy(path, options);
  const signature = signatureOf(path, signatureMethod, { consumerSecret, privateKey });
  const sign = requestSigner({
    consumerKey: options.consumerKey,
    signatureMethod,
    signatureType,
    signature,
    clock,
  });
  return {
    ...rest,
    signatureMethod,
    signatureType,
    sign,
    issuer: options.issuer ?? options.authorizationEndpoint,
    authorize: (request, { accessToken, tokenSecret }) => {
      // signed with an empty secret it would be the request of anybody who knows the token
      if (!tokenSecret)
        throw new AuthError('invalid_argument', { reason: 'these tokens have no secret: they are none of OAuth 1' });
      return sign(request, { parameters: { oauth_token: accessToken }, tokenSecret });
    },
  };
}

function checkEndpoints(path: string, options: OAuth1ProviderOptions): void {
  for (const name of endpointNames) {
    checkEndpoint(`${path}.${name}`, options[name], options);
    const stray = [...new URL(options[name]).searchParams.keys()].find(isProtocolParameter);
    if (stray !== undefined)
      throw new AuthConfigError(`${path}.${name}`, `has a parameter ${stray}: those are written by the log-in`);
  }
}

/** RFC 5849 §3.4.4: this method sends the secrets. On a loopback interface too there are others who listen. */
function checkPrivacy(path: string, options: OAuth1ProviderOptions): void {
  for (const name of [...endpointNames, 'apiBaseUrl', 'apiOrigins'] as const) {
    if ([options[name]].flat().some(isPlainHttp))
      throw new AuthConfigError(`${path}.${name}`, 'is plain http: PLAINTEXT sends the secrets, and wants https');
  }
  // URLs are logged, and bodies go along with a redirect to another host
  if (options.signatureType !== 'header')
    throw new AuthConfigError(`${path}.signatureType`, "must be 'header' for PLAINTEXT: it is the secrets themselves");
}

function isPlainHttp(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && new URL(url).protocol === 'http:';
}

type Given = Pick<OAuth1ProviderOptions, 'consumerSecret' | 'privateKey'>;

function signatureOf(path: string, method: SignatureMethod, { consumerSecret, privateKey }: Given): Signature {
  if (method === 'RSA-SHA1') {
    if (consumerSecret !== undefined)
      throw new AuthConfigError(`${path}.consumerSecret`, 'is not used by RSA-SHA1: take it out, or the method');
    return rsaSignatureOf(`${path}.privateKey`, privateKey);
  }
  if (privateKey !== undefined)
    throw new AuthConfigError(`${path}.privateKey`, `is not used by ${method}: take it out, or the method`);
  if (consumerSecret === undefined)
    throw new AuthConfigError(
      `${path}.consumerSecret`,
      `is missing: ${method} needs the secret of the provider's console`,
    );
  if (method === 'PLAINTEXT') return plaintextSignature(consumerSecret);
  return hmacSignature(method === 'HMAC-SHA1' ? 'sha1' : 'sha256', consumerSecret);
}

function rsaSignatureOf(option: string, given: Given['privateKey']): Signature {
  if (given === undefined || given === '')
    throw new AuthConfigError(option, 'is missing: RSA-SHA1 wants a private key as PEM, its file or a KeyObject');
  const key = readKey(option, given);
  if (key.type !== 'private' || key.asymmetricKeyType !== 'rsa')
    throw new AuthConfigError(option, 'must be a private RSA key');
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
    throw new AuthConfigError(option, 'an RSA key needs at least 2048 bits');
  const signature = rsaSignature(key);
  try {
    signature('', '');
  } catch {
    throw new AuthConfigError(option, 'cannot sign: OpenSSL is told here to make no signatures with SHA-1');
  }
  return signature;
}

function readKey(option: string, given: unknown): KeyObject {
  if (given instanceof KeyObject) return given;
  try {
    const text = String(given);
    return createPrivateKey(text.includes('-----BEGIN') ? text : readFileSync(text, 'utf8'));
  } catch {
    // the original error can quote the key: it is not kept as a cause
    throw new AuthConfigError(option, 'cannot be read: it must be a private key as PEM, its file or a KeyObject');
  }
}
