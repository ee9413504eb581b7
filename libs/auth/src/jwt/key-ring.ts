import { AuthConfigError } from '../auth.errors.js';
import { algorithms } from './algorithms.js';
import type { JwtKey } from './keys.js';

/** The header of a token as far as it selects a key. */
export interface KeyHint {
  readonly alg: unknown;
  readonly kid: unknown;
}

/**
 * The keys of one issuer. The first that can sign signs; all verify until they are taken out.
 *
 * `kid` is only ever a key of a Map: it reaches no file, query or prototype.
 */
export class KeyRing {
  private readonly byKid = new Map<string, JwtKey>();
  private readonly signingKey: JwtKey | undefined;

  constructor(
    readonly keys: readonly JwtKey[],
    option = 'jwt.keys',
  ) {
    if (keys.length === 0) throw new AuthConfigError(option, 'is empty: give at least one key');
    const symmetric = keys.filter((key) => algorithms[key.algorithm].family === 'HMAC').length;
    if (symmetric > 0 && symmetric < keys.length) {
      throw new AuthConfigError(option, 'mixes secrets and key pairs: rotate within one family (ASVS 9.1.2)');
    }
    if (keys.filter((key) => key.kid === undefined).length > 1) {
      throw new AuthConfigError(option, 'has several keys without `kid`: name all but one');
    }
    for (const key of keys) {
      if (key.kid === undefined) continue;
      if (this.byKid.has(key.kid))
        throw new AuthConfigError(option, `has two keys with the kid ${JSON.stringify(key.kid)}`);
      this.byKid.set(key.kid, key);
    }
    this.signingKey = keys.find((key) => key.signKey !== undefined);
  }

  /** The key that signs new tokens. @throws AuthConfigError when the ring only verifies. */
  get current(): JwtKey {
    if (this.signingKey === undefined) {
      throw new AuthConfigError('jwt.privateKey', 'is missing: this application can verify tokens, but not issue them');
    }
    return this.signingKey;
  }

  /**
   * The one applicable key, or none: by `kid`; without `kid` the key that has none, else the only one of the algorithm.
   * The header's `alg` must be the key's own (RFC 8725 §3.1).
   */
  find(hint: KeyHint): JwtKey | undefined {
    const key = hint.kid === undefined ? this.findWithoutKid(hint) : this.byKid.get(hint.kid as string);
    return key?.algorithm === hint.alg ? key : undefined;
  }

  private findWithoutKid(hint: KeyHint): JwtKey | undefined {
    const unnamed = this.keys.find((key) => key.kid === undefined);
    if (unnamed) return unnamed;
    const applicable = this.keys.filter((key) => key.algorithm === hint.alg);
    return applicable.length === 1 ? applicable[0] : undefined;
  }
}
