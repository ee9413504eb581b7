import { constants, createHash, privateEncrypt, type KeyObject } from 'node:crypto';

/*
 * Signatures that no honest signer makes: ECDSA as numbers, RSA blocks filled by hand. For tests alone.
 */

/** The orders of the curves (SEC 2 §2.4, §2.5, §2.6), and of Ed25519 (RFC 8032 §5.1). */
export const orders = {
  ES256: BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
  ES384: BigInt('0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
  ES512: BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
  EdDSA: 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n,
} as const;

export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

/** Big endian. A number that does not fit is cut to its low bytes. */
export function toBytes(value: bigint, length: number): Buffer {
  const cut = BigInt.asUintN(length * 8, value);
  return Buffer.from(cut.toString(16).padStart(length * 2, '0'), 'hex');
}

/** r and s of a signature in the form of RFC 7518 §3.4. */
export function readEcdsa(signature: Uint8Array): { r: bigint; s: bigint } {
  const half = signature.length / 2;
  return { r: toNumber(signature.subarray(0, half)), s: toNumber(signature.subarray(half)) };
}

export function writeEcdsa(r: bigint, s: bigint, length: number): Buffer {
  return Buffer.concat([toBytes(r, length / 2), toBytes(s, length / 2)]);
}

/** The form that X.509 and OpenSSL use, and JOSE does not. */
export function toDer(signature: Uint8Array): Buffer {
  const { r, s } = readEcdsa(signature);
  return derSequence([derInteger(r), derInteger(s)]);
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const content = bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, content.length]), content]);
}

function derSequence(members: readonly Buffer[]): Buffer {
  const content = Buffer.concat(members);
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([0x30, ...length]), content]);
}

/** EdDSA with S + L: the same number modulo the order, which RFC 8032 §5.1.7 refuses. */
export function addOrderToEdDsa(signature: Uint8Array): Buffer {
  const s = toNumber(Buffer.from(signature.subarray(32)).toReversed());
  return Buffer.concat([signature.subarray(0, 32), toBytes(s + orders.EdDSA, 32).toReversed()]);
}

/** The private operation alone: any block of the modulus' length, below the modulus. */
export function rawRsa(privateKey: KeyObject, block: Uint8Array): Buffer {
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block);
}

/** DigestInfo up to the digest (RFC 8017 §9.2, note 1). */
const digestInfo = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
} as const;

export type Hash = keyof typeof digestInfo;

/** The DigestInfo of a text; `withoutNull`: the parameters are left out. */
export function digestInfoOf(hash: Hash, text: string, { withoutNull = false } = {}): Buffer {
  const digest = createHash(hash).update(text).digest();
  if (!withoutNull) return Buffer.concat([Buffer.from(digestInfo[hash], 'hex'), digest]);
  const head = Buffer.from(digestInfo[hash].replace('0500', ''), 'hex');
  head[1]! -= 2;
  head[3]! -= 2;
  return Buffer.concat([head, digest]);
}

/** `00 01 FF … FF 00 <content> <garbage>`: correct without garbage, and with padding that fills the block. */
export function pkcs1Block(
  content: Uint8Array,
  length: number,
  { garbage = 0, type = 1, fill = 0xff }: { garbage?: number; type?: number; fill?: number } = {},
): Buffer {
  const padding = Buffer.alloc(length - 3 - content.length - garbage, fill);
  const head = Buffer.from([0, type]);
  return Buffer.concat([head, padding, Buffer.from([0]), content, Buffer.alloc(garbage, 0x5a)]);
}

/** EMSA-PSS (RFC 8017 §9.1.1) for a modulus of `length` bytes whose top bit is set. */
export function pssBlock(
  text: string,
  length: number,
  { hash, mgf = hash, salt, trailer = 0xbc }: { hash: Hash; mgf?: Hash; salt: Uint8Array; trailer?: number },
): Buffer {
  const digest = createHash(hash).update(text).digest();
  const inner = createHash(hash)
    .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
    .digest();
  const database = Buffer.alloc(length - inner.length - 1);
  database[database.length - salt.length - 1] = 1;
  database.set(salt, database.length - salt.length);
  const mask = mgf1(mgf, inner, database.length);
  const masked = database.map((byte, index) => byte ^ mask[index]!);
  masked[0]! &= 0x7f;
  return Buffer.concat([masked, inner, Buffer.from([trailer])]);
}

function mgf1(hash: Hash, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0, counter = 0; made < length; made += blocks.at(-1)!.length, counter++) {
    blocks.push(
      createHash(hash)
        .update(seed)
        .update(toBytes(BigInt(counter), 4))
        .digest(),
    );
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** The greatest whole number whose third power is at most `value`. */
export function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / 3) + 1);
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}
