import { type KeyObject, webcrypto } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { AuthConfigError } from '../auth.errors.js';
import type { KeyMaterial } from '../jwt/key-material.js';
import { checkFits, toAsymmetric } from '../jwt/key-pair.js';
import { signJwt } from '../jwt/sign.js';

/** How the client proves itself at the provider (RFC 6749 §2.3, OpenID Connect Core §9). */
export type TokenEndpointAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

const keyAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512'] as const;

/** The key of `private_key_jwt`, or of a client secret that is a JWT. */
export interface PrivateKeyOptions {
  /** PEM, a JWK or a KeyObject. */
  key: KeyMaterial;
  /** The `kid` that the provider knows it by. */
  kid?: string;
  /** Default: RS256 for an RSA key, else that of the curve. */
  algorithm?: (typeof keyAlgorithms)[number];
}

interface Credentials {
  readonly clientSecret: string | undefined;
  readonly privateKey: PrivateKeyOptions | undefined;
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod | undefined;
  readonly clientSecretIssuer: string | undefined;
  readonly applicationScope: readonly string[] | undefined;
}

/** @throws AuthConfigError for credentials that do not fit the method. */
export function clientAuthentication(path: string, credentials: Credentials): oauth.ClientAuth {
  const { clientSecret, privateKey, clientSecretIssuer } = credentials;
  if (clientSecret !== undefined && privateKey !== undefined)
    throw new AuthConfigError(`${path}.privateKey`, 'stands beside clientSecret: keep the one that the provider knows');
  if (clientSecretIssuer !== undefined) return signedSecret(path, credentials, clientSecretIssuer);
  const method = credentials.tokenEndpointAuthMethod ?? defaultMethod(credentials);
  if (method === 'private_key_jwt') return privateKeyJwt(`${path}.privateKey`, privateKey);
  if (privateKey !== undefined)
    throw new AuthConfigError(`${path}.privateKey`, `is not used by ${method}: take it out, or the method`);
  if (method === 'none') {
    if (clientSecret !== undefined)
      throw new AuthConfigError(`${path}.clientSecret`, "is not used by 'none': take it out, or the method");
    if (credentials.applicationScope !== undefined)
      throw new AuthConfigError(
        `${path}.applicationScope`,
        'needs clientSecret or privateKey: without a proof anybody could get a token of the application (RFC 6749 §4.4)',
      );
    return oauth.None();
  }
  if (clientSecret === undefined)
    throw new AuthConfigError(
      `${path}.clientSecret`,
      `is missing: ${method} needs the secret of the provider's console`,
    );
  return method === 'client_secret_post' ? oauth.ClientSecretPost(clientSecret) : oauth.ClientSecretBasic(clientSecret);
}

function defaultMethod({ clientSecret, privateKey }: Credentials): TokenEndpointAuthMethod {
  if (privateKey !== undefined) return 'private_key_jwt';
  return clientSecret === undefined ? 'none' : 'client_secret_basic';
}

/** Seconds. Apple would take half a year. */
const secretLifetime = 300;

/** The secret is a JWT, made anew for each request: Apple takes no other (RFC 7519, with the claims of RFC 7523 §3). */
function signedSecret(
  path: string,
  { privateKey, tokenEndpointAuthMethod: method }: Credentials,
  issuer: string,
): oauth.ClientAuth {
  if (method !== undefined && method !== 'client_secret_post')
    throw new AuthConfigError(
      `${path}.tokenEndpointAuthMethod`,
      "must be 'client_secret_post' beside clientSecretIssuer",
    );
  const { key, algorithm, kid } = readKey(`${path}.privateKey`, privateKey);
  if (kid === undefined)
    throw new AuthConfigError(`${path}.privateKey.kid`, "is missing: the key's id at the provider");
  const signing = { algorithm, kid, signKey: key, verifyKey: key };
  return ({ issuer: audience }, client, body) => {
    const iat = Math.floor(Date.now() / 1000) + (client[oauth.clockSkew] ?? 0);
    const claims = { iss: issuer, sub: client.client_id, aud: audience, iat, exp: iat + secretLifetime };
    body.set('client_id', client.client_id);
    body.set('client_secret', signJwt(signing, {}, claims));
  };
}

function privateKeyJwt(option: string, given: PrivateKeyOptions | undefined): oauth.ClientAuth {
  const { key, algorithm, kid } = readKey(option, given);
  // web crypto imports asynchronously; a key that was read and fits its algorithm is imported
  let imported: Promise<oauth.CryptoKey> | undefined;
  return async (...request) => {
    imported ??= toCryptoKey(key, algorithm);
    const signing = { key: await imported, ...(kid !== undefined && { kid }) };
    await oauth.PrivateKeyJwt(signing)(...request);
  };
}

type KeyAlgorithm = NonNullable<PrivateKeyOptions['algorithm']>;

interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: KeyAlgorithm;
  readonly kid: string | undefined;
}

function readKey(option: string, given: PrivateKeyOptions | undefined): SigningKey {
  if (typeof given !== 'object' || given === null)
    throw new AuthConfigError(option, 'is missing: give { key, kid }, key as PEM, JWK or KeyObject');
  for (const name of Object.keys(given)) {
    if (!['key', 'kid', 'algorithm'].includes(name))
      throw new AuthConfigError(`${option}.${name}`, 'is no option: there are key, kid, algorithm');
  }
  if (given.kid !== undefined && typeof given.kid !== 'string')
    throw new AuthConfigError(`${option}.kid`, 'must be a text');
  const key = toAsymmetric(`${option}.key`, given.algorithm ?? 'RS256', given.key);
  if (key.type !== 'private') throw new AuthConfigError(`${option}.key`, 'is a public key: the private one signs');
  const algorithm = given.algorithm ?? algorithmOf(key);
  if (algorithm === undefined || !keyAlgorithms.includes(algorithm))
    throw new AuthConfigError(`${option}.algorithm`, `must be one of ${keyAlgorithms.join(', ')}`);
  checkFits(`${option}.key`, algorithm, key);
  return { key, algorithm, kid: given.kid };
}

function algorithmOf(key: KeyObject): KeyAlgorithm | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const curves: Record<string, KeyAlgorithm> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
  return curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
}

async function toCryptoKey(key: KeyObject, algorithm: KeyAlgorithm): Promise<oauth.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const parameters = {
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    ES384: { name: 'ECDSA', namedCurve: 'P-384' },
    ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  }[algorithm];
  return (await webcrypto.subtle.importKey('pkcs8', der, parameters, false, ['sign'])) as oauth.CryptoKey;
}
