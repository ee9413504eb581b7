import { createPublicKey, createSecretKey, KeyObject, X509Certificate } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { algorithms, type JwtAlgorithm } from './algorithms.js';
import { checkPurpose, type KeyMaterial } from './key-material.js';

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
 * The secret of an HMAC algorithm: at least as long as its hash (RFC 7518 §3.2), no known example, no key pair's text.
 *
 * @throws AuthConfigError naming the option and the mend, never the secret.
 */
export function toSecret(option: string, algorithm: JwtAlgorithm, material: KeyMaterial | undefined): KeyObject {
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
      'is missing: make one with `openssl rand -base64 32`, and give it by an environment variable',
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
  if (isCertificate(bytes)) return true;
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

function isCertificate(bytes: Uint8Array): boolean {
  try {
    return new X509Certificate(bytes).publicKey !== undefined;
  } catch {
    return false;
  }
}
