import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { algorithms, type JwtAlgorithm } from './algorithms.js';
import { checkPurpose, type KeyMaterial } from './key-material.js';

/**
 * A private key, or a public one.
 *
 * @throws AuthConfigError naming the option and the mend, never the key.
 */
export function toAsymmetric(option: string, algorithm: JwtAlgorithm, material: KeyMaterial | undefined): KeyObject {
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
