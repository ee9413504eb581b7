import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  type JsonWebKey,
} from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { algorithmNames, algorithms, isAlgorithm, type JwtAlgorithm } from './algorithms.js';

/** Key material as a person configures it: text (a secret, or PEM), bytes, a JWK, or a ready KeyObject. */
export type KeyMaterial = string | Uint8Array | JsonWebKey | KeyObject;

/** One key of the ring, pinned to one algorithm: the token never chooses (RFC 8725 §3.1). */
export interface JwtKey {
  readonly kid: string | undefined;
  readonly algorithm: JwtAlgorithm;
  /** Verifies: the secret, or the public key. */
  readonly verifyKey: KeyObject;
  /** Signs: the secret, or the private key; absent when only the public key is known. */
  readonly signKey: KeyObject | undefined;
}

/** Literal secrets seen in tutorials and default configurations, spaces and case ignored. */
const knownSecrets = new Set(
  [
    'secret',
    'supersecret',
    'secretkey',
    'changeme',
    'changeit',
    'password',
    'yoursecret',
    'yoursecretkey',
    'jwtsecret',
  ].concat([
    'your256bitsecret',
    'mysecret',
    'mysecretkey',
    'topsecret',
    'shhhhh',
    'example',
    'test',
    'default',
    'latchkey',
  ]),
);

/**
 * A key for `algorithm`, refused when it is of the wrong kind or too weak.
 *
 * @param option the option's path, for the message.
 * @throws AuthConfigError naming the option and the mend, never the key (RFC 7518 §3.2 to §3.5, RFC 8725 §3.5).
 */
export function createJwtKey(
  option: string,
  spec: { kid?: string | undefined; algorithm: JwtAlgorithm; key: KeyMaterial },
): JwtKey {
  if (!isAlgorithm(spec.algorithm)) {
    throw new AuthConfigError(option, `the algorithm must be one of ${algorithmNames.join(', ')}`);
  }
  if (algorithms[spec.algorithm].family === 'HMAC') {
    const secret = toSecret(option, spec.algorithm, spec.key);
    return { kid: spec.kid, algorithm: spec.algorithm, verifyKey: secret, signKey: secret };
  }
  const key = toAsymmetric(option, spec.algorithm, spec.key);
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  checkFits(option, spec.algorithm, publicKey);
  return {
    kid: spec.kid ?? thumbprint(publicKey),
    algorithm: spec.algorithm,
    verifyKey: publicKey,
    signKey: key.type === 'private' ? key : undefined,
  };
}

function toSecret(option: string, algorithm: JwtAlgorithm, material: KeyMaterial | undefined): KeyObject {
  const bytes = secretBytes(option, algorithm, material);
  const text = Buffer.from(bytes).toString('latin1');
  const isKey = /-----BEGIN |^\s*\{.*"(kty|keys)"\s*:/s.test(text) || isDerKey(bytes);
  // PEM without its armour is base64 of DER
  if (isKey || isDerKey(Buffer.from(text, 'base64'))) {
    throw new AuthConfigError(option, `holds a key pair's PEM, DER or JWK: ${algorithm} wants random bytes`);
  }
  const least = (algorithms[algorithm] as { bytes: number }).bytes;
  if (bytes.byteLength < least) {
    throw new AuthConfigError(
      option,
      `is shorter than ${least} bytes, which ${algorithm} needs (RFC 7518 §3.2): make one with \`openssl rand -base64 ${least}\``,
    );
  }
  if (isGuessable(text)) {
    throw new AuthConfigError(
      option,
      `is a known example or one repeated pattern: make one with \`openssl rand -base64 ${least}\``,
    );
  }
  return createSecretKey(bytes);
}

function secretBytes(option: string, algorithm: JwtAlgorithm, material: KeyMaterial | undefined): Uint8Array {
  if (material === undefined || material === null || material === '') {
    throw new AuthConfigError(
      option,
      'is missing: set it to at least 32 random bytes, for example from an environment variable',
    );
  }
  if (typeof material === 'string') return Buffer.from(material, 'utf8');
  if (material instanceof Uint8Array) return material;
  if (material instanceof KeyObject) {
    if (material.type === 'secret') return material.export();
  } else if (material.kty === 'oct' && typeof material.k === 'string') {
    checkPurpose(option, algorithm, material);
    return Buffer.from(material.k, 'base64url');
  }
  throw new AuthConfigError(option, 'must be a secret: text, bytes, an `oct` JWK or a secret KeyObject');
}

/** One pattern said again and again carries no more than one of it: `secretsecretsecret…`, `aaaa…`, `12341234…`. */
function isGuessable(text: string): boolean {
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, '');
  let period = 1;
  while (!plain.startsWith(plain.slice(period))) period++;
  const isRepeated = plain.length >= 16 && period <= plain.length / 2;
  return new Set(text).size < 6 || knownSecrets.has(plain.slice(0, period)) || isRepeated;
}

function isDerKey(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30) return false;
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      createPublicKey({ key: Buffer.from(bytes), format: 'der', type });
      return true;
    } catch {
      // not a key of this form
    }
  }
  return false;
}

function toAsymmetric(option: string, algorithm: JwtAlgorithm, material: KeyMaterial | undefined): KeyObject {
  if (material instanceof KeyObject) {
    if (material.type === 'secret') throw new AuthConfigError(option, `is a secret: ${algorithm} wants a key pair`);
    return material;
  }
  if (material === undefined || material === null || material === '') {
    throw new AuthConfigError(option, `is missing: ${algorithm} wants a private key as PEM, JWK or KeyObject`);
  }
  try {
    if (typeof material === 'string' || material instanceof Uint8Array)
      return fromPem(Buffer.from(material).toString());
    checkPurpose(option, algorithm, material);
    return material.d === undefined
      ? createPublicKey({ key: material, format: 'jwk' })
      : createPrivateKey({ key: material, format: 'jwk' });
  } catch (error) {
    if (error instanceof AuthConfigError) throw error;
    // the original error can quote the material: it is not kept as a cause
    throw new AuthConfigError(option, `cannot be read: ${algorithm} wants PEM text, a JWK or a KeyObject`);
  }
}

/** What a JWK says of itself must agree (RFC 7517 §4.2, §4.4). */
function checkPurpose(option: string, algorithm: JwtAlgorithm, jwk: JsonWebKey): void {
  if (jwk.use === 'enc') throw new AuthConfigError(option, 'is an encryption key (`use: enc`): give a signing key');
  if (jwk['alg'] !== undefined && jwk['alg'] !== algorithm) {
    throw new AuthConfigError(option, `names another algorithm than ${algorithm}`);
  }
}

function fromPem(text: string): KeyObject {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) ? createPrivateKey(text) : createPublicKey(text);
}

/** Is the key of the algorithm's kind, and strong enough (RFC 7518 §3.3 to §3.5, RFC 8037)? */
export function checkFits(option: string, algorithm: JwtAlgorithm, key: KeyObject): void {
  const wanted = algorithms[algorithm];
  const details = key.asymmetricKeyDetails ?? {};
  if (wanted.family === 'RSA' || wanted.family === 'RSA-PSS') {
    if (key.asymmetricKeyType !== 'rsa') throw new AuthConfigError(option, `${algorithm} wants an RSA key`);
    if ((details.modulusLength ?? 0) < 2048) throw new AuthConfigError(option, 'an RSA key needs at least 2048 bits');
    if ((details.publicExponent ?? 0n) < 3n)
      throw new AuthConfigError(option, 'the RSA exponent is below 3: make a new key');
  } else if (wanted.family === 'ECDSA') {
    if (key.asymmetricKeyType !== 'ec' || details.namedCurve !== wanted.curve) {
      throw new AuthConfigError(option, `${algorithm} wants an EC key on the curve ${wanted.curve}`);
    }
  } else if (key.asymmetricKeyType !== 'ed25519') {
    throw new AuthConfigError(option, `${algorithm} wants an Ed25519 key`);
  }
}

/** The JWK thumbprint of a public key (RFC 7638 §3), used as its `kid`. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  // JSON.stringify leaves out what is undefined; the order is the lexicographic one that RFC 7638 asks for
  return createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url');
}
