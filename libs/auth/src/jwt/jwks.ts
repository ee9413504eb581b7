import type { JsonWebKey } from 'node:crypto';
import { algorithms } from './algorithms.js';
import type { KeyRing } from './key-ring.js';

/** A JWK set (RFC 7517 §5). */
export interface JsonWebKeySet {
  readonly keys: readonly JsonWebKey[];
}

/** The public keys of a ring. Secrets are left out whole: their set is empty. */
export function publicJwks(ring: KeyRing): JsonWebKeySet {
  return {
    keys: ring.keys
      .filter((key) => algorithms[key.algorithm].family !== 'HMAC')
      .map((key) => ({ ...key.verifyKey.export({ format: 'jwk' }), kid: key.kid!, alg: key.algorithm, use: 'sig' })),
  };
}
