import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  addOrderToEdDsa,
  cubeRoot,
  digestInfoOf,
  orders,
  pkcs1Block,
  pssBlock,
  rawRsa,
  readEcdsa,
  toBytes,
  toDer,
  toNumber,
  writeEcdsa,
  type Hash,
} from '../../../../test/fuzz/crafted-signatures.js';
import { Random } from '../../../../test/fuzz/random.js';
import { createSigners } from '../../../../test/fuzz/tokens.js';
import { algorithms, type JwtAlgorithm } from './algorithms.js';
import { createJwtKey, type JwtKey } from './keys.js';
import { signText, verifyText } from './signature.js';

const signers = createSigners(new Random(1));
const keyOf = (algorithm: JwtAlgorithm): JwtKey => signers.find(({ key }) => key.algorithm === algorithm)!.key;
const input = 'eyJhbGciOiJ4In0.eyJzdWIiOiJhZGEifQ';
const verifies = (key: JwtKey, signature: Uint8Array) =>
  verifyText(key, input, Buffer.from(signature).toString('base64url'));
const bytesOf = (key: JwtKey) => Buffer.from(signText(key, input), 'base64url');
const zero = Buffer.from([0]);

describe.each(signers.map(({ key }) => [`${key.algorithm} ${key.kid ?? ''}`, key] as const))(
  'JF-11 %s',
  (_name, key) => {
    const signature = bytesOf(key);

    it('verifies its own signature', () => expect(verifies(key, signature)).toBe(true));

    it('refuses the signature of another text', () => {
      expect(verifyText(key, `${input}A`, signText(key, input))).toBe(false);
      expect(verifyText(key, '', signText(key, input))).toBe(false);
    });

    it('refuses every single bit flipped in the first, middle and last bytes', () => {
      for (const at of [0, 1, signature.length >> 1, signature.length - 2, signature.length - 1]) {
        for (let bit = 0; bit < 8; bit++) {
          const flipped = Buffer.from(signature);
          flipped[at]! ^= 1 << bit;
          expect([at, bit, verifies(key, flipped)]).toEqual([at, bit, false]);
        }
      }
    });

    it.each<[string, Uint8Array]>([
      ['an empty', new Uint8Array()],
      ['one byte', signature.subarray(0, 1)],
      ['a half', signature.subarray(0, signature.length / 2)],
      ['one without its last byte', signature.subarray(0, -1)],
      ['one without its first byte', signature.subarray(1)],
      ['one with a zero behind', Buffer.concat([signature, zero])],
      ['one with a zero before', Buffer.concat([zero, signature])],
      ['itself twice', Buffer.concat([signature, signature])],
      ['zeros for a', Buffer.alloc(signature.length)],
      ['ones for a', Buffer.alloc(signature.length, 0xff)],
      ['a megabyte for a', Buffer.alloc(1_000_000)],
    ])('refuses %s signature', (_what, bytes) => {
      expect(verifies(key, bytes)).toBe(false);
    });

    it('TR-05 refuses another spelling of the right signature', () => {
      const text = signature.toString('base64url');
      const last = String.fromCharCode(text.charCodeAt(0) + 0x100);
      const others = [
        `${text}=`,
        `${text}==`,
        ` ${text}`,
        `${text}\n`,
        `${text.slice(0, 9)} ${text.slice(9)}`,
        `${last}${text.slice(1)}`,
      ];
      for (const other of others) expect([other, verifyText(key, input, other)]).toEqual([other, false]);
      expect(verifyText(key, input, signature.toString('base64'))).toBe(text === signature.toString('base64'));
    });

    it('JF-04 refuses what any other key of the ring signs, and its own bytes under another algorithm', () => {
      for (const other of signers.map((signer) => signer.key).filter((one) => one !== key)) {
        expect([other.algorithm, verifies(key, bytesOf(other))]).toEqual([other.algorithm, false]);
      }
    });
  },
);

describe.each(['ES256', 'ES384', 'ES512'] as const)('%s', (algorithm) => {
  const key = keyOf(algorithm);
  const order = orders[algorithm];
  const { bytes: length } = algorithms[algorithm];
  const right = bytesOf(key);
  const { r, s } = readEcdsa(right);
  const top = 2n ** BigInt((length / 2) * 8) - 1n;

  it('JF-05 refuses r and s of zero, and of every value around the order', () => {
    const odd = [0n, 1n, 2n, order - 2n, order - 1n, order, order + 1n, order * 2n, order >> 1n, top];
    for (const one of odd) {
      for (const other of [...odd, r, s]) {
        expect([one, other, verifies(key, writeEcdsa(one, other, length))]).toEqual([one, other, false]);
        expect([other, one, verifies(key, writeEcdsa(other, one, length))]).toEqual([other, one, false]);
      }
    }
  });

  it('JF-05 refuses r and s plus the order, which is the same number modulo the order', () => {
    for (const [one, other] of [
      [r + order, s],
      [r, s + order],
      [r + order, s + order],
    ] as const)
      expect(verifies(key, writeEcdsa(one, other, length))).toBe(false);
  });

  it('JF-06 refuses DER, padded and swapped signatures', () => {
    const [left, rest] = [right.subarray(0, length / 2), right.subarray(length / 2)];
    const der = toDer(right);
    const others: Record<string, Uint8Array> = {
      der,
      'DER, filled up': Buffer.concat([der, Buffer.alloc(Math.max(0, length - der.length))]),
      'DER, cut': der.subarray(0, length),
      'a zero before each number': Buffer.concat([zero, left, zero, rest]),
      'a zero behind': Buffer.concat([right, zero]),
      'a zero between': Buffer.concat([left, zero, rest]),
      swapped: writeEcdsa(s, r, length),
      'r twice': writeEcdsa(r, r, length),
      's twice': writeEcdsa(s, s, length),
      'without s': left,
      'r negated': writeEcdsa(order - r, s, length),
    };
    for (const [name, bytes] of Object.entries(others)) expect([name, verifies(key, bytes)]).toEqual([name, false]);
  });

  it('JF-06 verifies what OpenSSL signs in DER only after the change to the form of RFC 7518 §3.4', () => {
    const der = sign(algorithms[algorithm].hash, Buffer.from(input), key.signKey!);
    expect(verifies(key, der)).toBe(false);
  });

  it('JF-07 verifies the mirrored signature: a text is no identity, so revocation goes by jti', () => {
    expect(verifies(key, writeEcdsa(r, order - s, length))).toBe(true);
  });
});

describe('EdDSA', () => {
  const key = keyOf('EdDSA');
  const right = bytesOf(key);
  const [point, scalar] = [right.subarray(0, 32), right.subarray(32)];
  const neutral = toBytes(1n << 248n, 32);

  it.each<[string, Uint8Array]>([
    ['S plus the order', addOrderToEdDsa(right)],
    ['R and S swapped', Buffer.concat([scalar, point])],
    ['the neutral point and zero', Buffer.concat([neutral, Buffer.alloc(32)])],
    ['the neutral point', Buffer.concat([neutral, scalar])],
    ['S of zero', Buffer.concat([point, Buffer.alloc(32)])],
    ['S of all ones', Buffer.concat([point, Buffer.alloc(32, 0xff)])],
    ['an encoding of R beyond the field', Buffer.concat([Buffer.alloc(32, 0xff), scalar])],
  ])('JF-05 refuses %s', (_name, bytes) => {
    expect(verifies(key, bytes)).toBe(false);
  });
});

describe.each(['RS256', 'RS384', 'RS512'] as const)('%s', (algorithm) => {
  const key = keyOf(algorithm);
  const { hash } = algorithms[algorithm];
  const info = digestInfoOf(hash, input);
  const right = bytesOf(key);
  const modulus = modulusOf(key.verifyKey);
  const raw = (block: Uint8Array) => rawRsa(key.signKey!, block);

  it('verifies a block that is filled as RFC 8017 §9.2 says', () => {
    expect(raw(pkcs1Block(info, 256))).toEqual(right);
    expect(verifies(key, raw(pkcs1Block(info, 256)))).toBe(true);
  });

  it.each<[string, () => Buffer]>([
    ['one byte of garbage behind', () => pkcs1Block(info, 256, { garbage: 1 })],
    ['garbage instead of padding', () => pkcs1Block(info, 256, { garbage: 245 - info.length })],
    ['the block type 0', () => pkcs1Block(info, 256, { type: 0, fill: 0 })],
    ['the block type 2', () => pkcs1Block(info, 256, { type: 2 })],
    ['another padding byte', () => pkcs1Block(info, 256, { fill: 0xfe })],
    ['padding of zeros', () => pkcs1Block(info, 256, { fill: 0 })],
    ['the digest without its algorithm', () => pkcs1Block(info.subarray(19), 256)],
    ['the digest of another algorithm', () => pkcs1Block(digestInfoOf(otherHash(hash), input), 256)],
    ['SHA-1', () => pkcs1Block(digestInfoOf('sha1', input), 256)],
    ['the digest twice', () => pkcs1Block(Buffer.concat([info, info]), 256)],
    ['a DigestInfo that ends too early', () => pkcs1Block(info.subarray(0, -1), 256)],
    [
      'a longer length in the DigestInfo',
      () =>
        pkcs1Block(
          info.map((byte, at) => (at === 1 ? byte + 1 : byte)),
          256,
        ),
    ],
    ['nothing', () => pkcs1Block(Buffer.alloc(0), 256)],
    ['the padding of PSS', () => pssBlock(input, 256, { hash, salt: Buffer.alloc(32, 7) })],
  ])('JF-08 refuses a block with %s', (_name, block) => {
    expect(verifies(key, raw(block()))).toBe(false);
  });

  it('JF-08 refuses the numbers 0, 1, n - 1, n, n - s, s + n, and s with more or fewer zeros', () => {
    const s = toNumber(right);
    const odd = [0n, 1n, 2n, modulus - 1n, modulus, modulus - s].map((value) => toBytes(value, 256));
    const longer = [s, s + modulus, s + 2n * modulus].map((value) => toBytes(value, 257));
    for (const bytes of [...odd, ...longer, right.subarray(1), Buffer.concat([right, zero])])
      expect(verifies(key, bytes)).toBe(false);
  });
});

describe('JF-08 a key with the exponent 3', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  const key = createJwtKey('o', { algorithm: 'RS256', key: publicKey });
  const info = digestInfoOf('sha256', input);

  it('verifies an honest signature', () => {
    expect(verifies(key, sign('sha256', Buffer.from(input), privateKey))).toBe(true);
  });

  it('refuses a cube root of a block whose end is free (CVE-2006-4339)', () => {
    const [garbage, wanted] = [194, pkcs1Block(info, 256, { garbage: 194 }).subarray(0, 62)];
    const forged = cubeRoot(toNumber(Buffer.concat([wanted, Buffer.alloc(garbage, 0xff)])));
    // the forgery does what it should: its cube begins with eight bytes of padding and the digest
    expect(toBytes(forged ** 3n, 256).subarray(0, 62)).toEqual(wanted);
    expect(verifies(key, toBytes(forged, 256))).toBe(false);
  });

  it('refuses the cube root of a block that was only cut off', () => {
    expect(verifies(key, toBytes(cubeRoot(toNumber(pkcs1Block(info, 256))), 256))).toBe(false);
  });
});

describe.each(['PS256', 'PS384', 'PS512'] as const)('%s', (algorithm) => {
  const key = keyOf(algorithm);
  const { hash, bytes: length } = algorithms[algorithm];
  const salt = Buffer.alloc(length, 0x42);
  const verifiesBlock = (options: Parameters<typeof pssBlock>[2]) =>
    verifies(key, rawRsa(key.signKey!, pssBlock(input, 256, options)));

  it('verifies a block that is filled as RFC 8017 §9.1.1 says', () => {
    expect(verifiesBlock({ hash, salt })).toBe(true);
    expect(verifiesBlock({ hash, salt: Buffer.alloc(length) })).toBe(true);
  });

  it.each([0, 1, 8, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 94].filter((size) => size !== length))(
    'JF-12 refuses a salt of %i bytes',
    (size) => expect(verifiesBlock({ hash, salt: Buffer.alloc(size, 0x42) })).toBe(false),
  );

  it.each((['sha1', 'sha256', 'sha384', 'sha512'] as const).filter((name) => name !== hash))(
    'JF-12 refuses a mask of %s, and the same as the digest',
    (other) => {
      expect(verifiesBlock({ hash, mgf: other, salt })).toBe(false);
      expect(verifiesBlock({ hash: other, mgf: hash, salt })).toBe(false);
      expect(verifiesBlock({ hash: other, salt })).toBe(false);
    },
  );

  it.each([0xcc, 0x00, 0xbd, 0xff])('JF-12 refuses the trailer %i', (trailer) => {
    expect(verifiesBlock({ hash, salt, trailer })).toBe(false);
  });

  it('JF-12 refuses PKCS#1 v1.5 padding with the same key', () => {
    expect(verifies(key, rawRsa(key.signKey!, pkcs1Block(digestInfoOf(hash, input), 256)))).toBe(false);
  });

  it('JF-08 refuses the numbers 0, 1, n - 1 and s + n', () => {
    const modulus = modulusOf(key.verifyKey);
    const s = toNumber(bytesOf(key));
    for (const value of [0n, 1n, modulus - 1n, modulus, modulus - s])
      expect(verifies(key, toBytes(value, 256))).toBe(false);
    expect(verifies(key, toBytes(s + modulus, 257))).toBe(false);
  });
});

describe('HMAC', () => {
  it.each([
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ] as const)('%s is the HMAC of RFC 2104 with %s, whole and not cut', (algorithm, hash) => {
    const key = keyOf(algorithm);
    const mac = createHmac(hash, key.verifyKey).update(input).digest();
    expect(verifies(key, mac)).toBe(true);
    for (let length = 0; length < mac.length; length++) expect(verifies(key, mac.subarray(0, length))).toBe(false);
  });

  it('TR-05 refuses letters of another script with the same low byte', () => {
    const key = keyOf('HS256');
    const text = signText(key, input);
    for (let at = 0; at < text.length; at++) {
      const other = String.fromCharCode(text.charCodeAt(at) + 0x100);
      expect(verifyText(key, input, text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
    }
  });
});

function modulusOf(key: KeyObject): bigint {
  return toNumber(Buffer.from(key.export({ format: 'jwk' }).n!, 'base64url'));
}

function otherHash(hash: Hash): Hash {
  return hash === 'sha256' ? 'sha384' : 'sha256';
}
