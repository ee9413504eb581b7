import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { algorithmNames, algorithms, isAlgorithm, type JwtAlgorithm } from './algorithms.js';
import type { KeyMaterial } from './key-material.js';
import { checkFits, toAsymmetric } from './key-pair.js';
import { toSecret } from './hmac-key.js';

/** One key of the ring, pinned to one algorithm: the token never chooses (RFC 8725 §3.1). */
export interface JwtKey {
  readonly kid: string | undefined;
  readonly algorithm: JwtAlgorithm;
  /** Verifies: the secret, or the public key. */
  readonly verifyKey: KeyObject;
  /** Signs: the secret, or the private key; absent when only the public key is known. */
  readonly signKey: KeyObject | undefined;
}

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

/** The JWK thumbprint of a public key (RFC 7638 §3), used as its `kid`. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  // JSON.stringify leaves out what is undefined; the order is the lexicographic one that RFC 7638 asks for
  return createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url');
}
