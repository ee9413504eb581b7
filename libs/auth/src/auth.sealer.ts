import { createCipheriv, createDecipheriv, createSecretKey, KeyObject, randomBytes } from 'node:crypto';
import { AuthConfigError } from './auth.errors.js';

/** A key of AES-256-GCM for what is encrypted at rest. */
export interface EncryptionKey {
  /** Stands beside what it sealed: letters, digits, `-` and `_`, at most 64. */
  id: string;
  /** 32 random bytes: as such, as base64 text (`openssl rand -base64 32`), or as a secret KeyObject. */
  key: string | Uint8Array | KeyObject;
}

/** What a sealed text belongs to, for example a purpose and the columns of its row: it opens nowhere else. */
export type SealPlace = readonly (string | number | boolean)[];

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** Fewer different ones among 32 random bytes come up less than once in 10^20 keys. */
const leastDistinctBytes = 12;

/**
 * Encrypts texts at rest, so that each opens only in its own place: AES-256-GCM (NIST SP 800-38D) with a random nonce, the
 * id of its key, and the row it stands in as associated data (ASVS 11.3).
 *
 * The first key seals, all of them open: put a new key last in every process, then first, and take an old one out when
 * nothing is sealed under it any more. One key is good for 2^32 texts.
 */
export class Sealer {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #sealing: string;

  /**
   * @param option the path of the list, for messages.
   * @throws AuthConfigError naming the option and the mend, never a key.
   */
  constructor(
    private readonly option: string,
    keys: readonly EncryptionKey[],
  ) {
    if (!Array.isArray(keys) || keys.length === 0)
      throw new AuthConfigError(option, 'is missing: give at least one { id, key }, key of `openssl rand -base64 32`');
    const entries = keys.map((key, index) => readKey(`${option}[${index}]`, key));
    this.#keys = new Map(entries);
    if (this.#keys.size < entries.length) throw new AuthConfigError(option, 'has two keys with one id');
    this.#sealing = entries[0]![0];
  }

  /** A key that only this process knows: what it seals ends with the process. */
  static newKey(): EncryptionKey {
    return { id: 'process', key: randomBytes(keyBytes) };
  }

  seal(text: string, place: SealPlace): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#keys.get(this.#sealing)!, nonce, { authTagLength: tagBytes });
    cipher.setAAD(associated(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${this.#sealing}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  /** Was it sealed under the key that seals now? */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${this.#sealing}.`);
  }

  /**
   * The text that was sealed in this place.
   *
   * @throws AuthConfigError naming the option when no key of ours opens it here.
   */
  open(sealed: string, place: SealPlace): string {
    const [, id, nonce, data] = /^([\w-]{1,64})\.([\w-]{16})\.([\w-]{22,})$/.exec(sealed) ?? [];
    if (id === undefined) throw new AuthConfigError(this.option, 'cannot open what nothing here has sealed');
    const key = this.#keys.get(id);
    if (key === undefined)
      throw new AuthConfigError(this.option, `lacks the key with the id ${id}: put it back, at the end of the list`);
    const bytes = Buffer.from(data!, 'base64url');
    const decipher = createDecipheriv(algorithm, key, Buffer.from(nonce!, 'base64url'), { authTagLength: tagBytes });
    decipher.setAAD(associated(place));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return decipher.update(bytes.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new AuthConfigError(
        this.option,
        `does not open what was sealed with the id ${id}: it is another key than then, or the row was changed`,
      );
    }
  }
}

/** JSON, and no mere joining: `['ab', 'c']` must not be the place `['a', 'bc']`. */
function associated(place: SealPlace): Buffer {
  return Buffer.from(JSON.stringify(place));
}

function readKey(option: string, given: EncryptionKey): [id: string, key: KeyObject] {
  if (typeof given !== 'object' || given === null) throw new AuthConfigError(option, 'must be { id, key }');
  for (const name of Object.keys(given)) {
    if (!['id', 'key'].includes(name))
      throw new AuthConfigError(`${option}.${name}`, 'is no option: there are id, key');
  }
  if (typeof given.id !== 'string' || !/^[\w-]{1,64}$/.test(given.id))
    throw new AuthConfigError(`${option}.id`, 'must be 1 to 64 letters, digits, - and _');
  const bytes = bytesOf(given.key);
  if (bytes?.byteLength !== keyBytes)
    throw new AuthConfigError(
      `${option}.key`,
      `must be ${keyBytes} random bytes: make it with \`openssl rand -base64 32\``,
    );
  if (new Set(bytes).size < leastDistinctBytes)
    throw new AuthConfigError(`${option}.key`, 'is a repeated pattern: make it with `openssl rand -base64 32`');
  return [given.id, createSecretKey(bytes)];
}

function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof KeyObject) return key.type === 'secret' ? key.export() : undefined;
  if (key instanceof Uint8Array) return key;
  const isBase64 = typeof key === 'string' && /^[\w+/-]{43}=?$/.test(key);
  return isBase64 ? Buffer.from(key, 'base64') : undefined;
}
