import type { JsonWebKey, KeyObject } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import type { JwtAlgorithm } from './algorithms.js';

/** Key material as a person configures it: text (a secret, or PEM), bytes, a JWK, or a ready KeyObject. */
export type KeyMaterial = string | Uint8Array | JsonWebKey | KeyObject;

/** What a JWK says of itself must agree (RFC 7517 §4.2, §4.4). @throws AuthConfigError */
export function checkPurpose(option: string, algorithm: JwtAlgorithm, jwk: JsonWebKey): void {
  if (jwk.use === 'enc') throw new AuthConfigError(option, 'is an encryption key (`use: enc`): give a signing key');
  if (jwk['alg'] !== undefined && jwk['alg'] !== algorithm) {
    throw new AuthConfigError(option, `names another algorithm than ${algorithm}`);
  }
}
