import { AuthConfigError, AuthError } from '../auth.errors.js';
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
  private all: readonly JwtKey[] = [];
  private byKid: ReadonlyMap<string, JwtKey> = new Map();
  private signingKey: JwtKey | undefined;
  private isOutdated: () => boolean = always;
  private readonly listeners: (() => void)[] = [];

  /** @param keys undefined where they are yet to come, by {@link replace}: until then there is an outage. */
  constructor(
    keys: readonly JwtKey[] | undefined,
    private readonly option = 'jwt.keys',
  ) {
    if (keys !== undefined) this.replace(keys);
  }

  /**
   * Change all keys in one step: no token meets a ring that is half changed.
   *
   * @param keys none only while it is outdated.
   * @param isOutdated may there be others by now? While it says so nothing is signed, and a token of an unknown key is refused
   *   by 503; those of the known keys stay good.
   * @throws AuthConfigError for keys that make no ring; then it stays as it was.
   */
  replace(keys: readonly JwtKey[], isOutdated: () => boolean = never): void {
    if (keys.length === 0 && !isOutdated()) throw new AuthConfigError(this.option, 'is empty: give at least one key');
    checkTogether(keys, this.option);
    const gone = this.all.some((key) => !keys.includes(key));
    this.all = keys;
    this.byKid = new Map(keys.flatMap((key) => (key.kid === undefined ? [] : [[key.kid, key]])));
    this.signingKey = keys.find((key) => key.signKey !== undefined);
    this.isOutdated = isOutdated;
    if (gone) for (const forget of this.listeners) forget();
  }

  get keys(): readonly JwtKey[] {
    return this.all;
  }

  /** To be told when a key leaves: what it has verified must not be remembered. */
  onRemoval(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * The key that signs new tokens.
   *
   * @throws AuthConfigError when the ring only verifies.
   * @throws AuthError `keys_unavailable` when it is outdated.
   */
  get current(): JwtKey {
    if (this.isOutdated()) throw unavailable('nothing is signed with keys that may be others by now');
    if (this.signingKey === undefined) {
      throw new AuthConfigError('jwt.privateKey', 'is missing: this application can verify tokens, but not issue them');
    }
    return this.signingKey;
  }

  /**
   * The one applicable key, or none: by `kid`; without `kid` the key that has none, else the only one of the algorithm.
   * The header's `alg` must be the key's own (RFC 8725 §3.1).
   *
   * @throws AuthError `keys_unavailable` when there is none, and the ring is outdated.
   */
  find(hint: KeyHint): JwtKey | undefined {
    const key = hint.kid === undefined ? this.findWithoutKid(hint) : this.byKid.get(hint.kid as string);
    if (key === undefined && this.isOutdated())
      throw unavailable('a token has a key that is not among those last read');
    return key?.algorithm === hint.alg ? key : undefined;
  }

  private findWithoutKid(hint: KeyHint): JwtKey | undefined {
    const unnamed = this.all.find((key) => key.kid === undefined);
    if (unnamed) return unnamed;
    const applicable = this.all.filter((key) => key.algorithm === hint.alg);
    return applicable.length === 1 ? applicable[0] : undefined;
  }
}

const always = (): boolean => true;
const never = (): boolean => false;

function checkTogether(keys: readonly JwtKey[], option: string): void {
  const symmetric = keys.filter((key) => algorithms[key.algorithm].family === 'HMAC').length;
  if (symmetric > 0 && symmetric < keys.length) {
    throw new AuthConfigError(option, 'mixes secrets and key pairs: rotate within one family (ASVS 9.1.2)');
  }
  if (keys.filter((key) => key.kid === undefined).length > 1) {
    throw new AuthConfigError(option, 'has several keys without `kid`: name all but one');
  }
  const kids = new Set<string>();
  for (const { kid } of keys) {
    if (kid === undefined) continue;
    if (kids.has(kid)) throw new AuthConfigError(option, `has two keys with the kid ${JSON.stringify(kid)}`);
    kids.add(kid);
  }
}

function unavailable(reason: string): AuthError {
  return new AuthError('keys_unavailable', { reason });
}
