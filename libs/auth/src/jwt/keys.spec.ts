import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { algorithmNames, algorithms, isAlgorithm, type JwtAlgorithm } from './algorithms.js';
import type { KeyMaterial } from './key-material.js';
import { createJwtKey } from './keys.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed25519 = generateKeyPairSync('ed25519');

const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();
const der = (key: KeyObject) => key.export({ format: 'der', type: key.type === 'private' ? 'pkcs8' : 'spki' });
const jwk = (key: KeyObject) => key.export({ format: 'jwk' });
const secretJwk = (bytes: number) => ({ kty: 'oct', k: randomBytes(bytes).toString('base64url') });

function refusalOf(algorithm: JwtAlgorithm, key: unknown): AuthConfigError {
  try {
    createJwtKey('jwt.some.option', { algorithm, key: key as KeyMaterial });
  } catch (error) {
    expect(error).toBeInstanceOf(AuthConfigError);
    return error as AuthConfigError;
  }
  throw new Error('the key was not refused');
}

/** Every text in some material that would tell of it. */
function secretsIn(material: unknown): string[] {
  if (typeof material === 'string') {
    const lines = material.split(/[^\w+/=-]+/).filter((line) => line.length >= 12 && !/^-+/.test(line));
    return [material.trim(), ...lines].filter((text) => text !== '');
  }
  if (material instanceof Uint8Array) {
    const bytes = Buffer.from(material);
    return (['base64', 'base64url', 'hex', 'latin1'] as const)
      .map((encoding) => bytes.toString(encoding))
      .filter((text) => text.length >= 8);
  }
  if (typeof material !== 'object' || material === null || 'type' in material) return [];
  const { d, k, n, x, y } = material as Record<string, unknown>;
  return [d, k, n, x, y].filter((text) => typeof text === 'string' && text.length >= 8) as string[];
}

describe('createJwtKey: which keys are refused', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const short = generateKeyPairSync('rsa', { modulusLength: 2040 });
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const withExponent = (e: string) => ({ ...jwk(rsa.publicKey), e });
  const encrypted = p256.privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'opensesame' })
    .toString();
  const publicPem = pem(rsa.publicKey);

  const rows: [id: string, what: string, algorithm: JwtAlgorithm, key: unknown, mend: RegExp][] = [
    ['CF-01', 'no secret', 'HS256', undefined, /is missing.*openssl rand -base64 32/],
    ['CF-01', 'a secret that is null', 'HS256', null, /is missing/],
    ['CF-01', 'an empty secret', 'HS256', '', /is missing/],
    ['CF-01', 'the text undefined', 'HS256', 'undefined', /shorter than 32 bytes.*openssl rand -base64 32/],
    ['JF-09', 'an empty secret of bytes', 'HS256', new Uint8Array(), /shorter than 32 bytes/],
    ['JF-09', 'the secret "secret"', 'HS256', 'secret', /shorter than 32 bytes/],
    ['JF-09', '16 bytes for HS256', 'HS256', randomBytes(16), /shorter than 32 bytes/],
    ['JF-09', '31 bytes for HS256', 'HS256', randomBytes(31), /shorter than 32 bytes/],
    ['JF-09', '47 bytes for HS384', 'HS384', randomBytes(47), /shorter than 48 bytes.*openssl rand -base64 48/],
    ['JF-09', '63 bytes for HS512', 'HS512', randomBytes(63), /shorter than 64 bytes.*openssl rand -base64 64/],
    ['JF-09', 'a short secret as KeyObject', 'HS256', createSecretKey(randomBytes(31)), /shorter than 32 bytes/],
    ['JF-09', 'a short secret as JWK', 'HS256', secretJwk(31), /shorter than 32 bytes/],
    ['JF-09', 'zeros', 'HS256', Buffer.alloc(64), /known example or one repeated pattern.*openssl/],
    ['JF-09', 'one letter again and again', 'HS256', 'x'.repeat(40), /repeated pattern/],
    ['JF-09', 'a known example, repeated', 'HS256', 'your-256-bit-secret'.repeat(2), /known example/],
    ['JF-09', 'a known example, cut to length', 'HS256', 'supersecretsupersecretsupersecre', /known example/],
    ['JF-09', 'a known example with spaces', 'HS256', ' Change Me '.repeat(4), /known example/],
    ['JF-09', 'digits in order, cut to length', 'HS256', '12345678901234567890123456789012', /repeated pattern/],
    ['JF-09', 'hexadecimal digits in order, twice', 'HS256', '0123456789abcdef'.repeat(2), /repeated pattern/],
    ['JF-09', 'a word again and again', 'HS256', 'correct-horse-'.repeat(4), /repeated pattern/],
    ['CF-02', 'a public key as secret, PEM', 'HS256', publicPem, /PEM, DER or JWK: HS256 wants random bytes/],
    ['CF-02', 'the same behind white space', 'HS256', `\r\n ${publicPem}`, /PEM, DER or JWK/],
    ['CF-02', 'the same with CRLF', 'HS256', publicPem.replaceAll('\n', '\r\n'), /PEM, DER or JWK/],
    ['CF-02', 'the same as bytes', 'HS256', Buffer.from(publicPem), /PEM, DER or JWK/],
    ['CF-02', 'the same as secret KeyObject', 'HS256', createSecretKey(Buffer.from(publicPem)), /PEM, DER or JWK/],
    ['CF-02', 'a public key without its armour', 'HS256', publicPem.replaceAll(/-----.*-----/g, ''), /PEM, DER or JWK/],
    ['CF-02', 'an RSA public key as DER', 'HS256', der(rsa.publicKey), /PEM, DER or JWK/],
    [
      'CF-02',
      'a PKCS#1 public key as DER',
      'HS256',
      rsa.publicKey.export({ format: 'der', type: 'pkcs1' }),
      /DER or JWK/,
    ],
    ['CF-02', 'an EC public key as DER', 'HS512', der(p256.publicKey), /PEM, DER or JWK/],
    ['CF-02', 'an EC public key as base64 of DER', 'HS256', der(p256.publicKey).toString('base64'), /PEM, DER or JWK/],
    ['CF-02', 'a public key as text of a JWK', 'HS256', JSON.stringify(jwk(rsa.publicKey)), /PEM, DER or JWK/],
    [
      'CF-02',
      'the same with kty in another place',
      'HS256',
      JSON.stringify({ alg: 'ES256', x5c: ['{'], ...jwk(p256.publicKey) }, null, 2),
      /PEM, DER or JWK/,
    ],
    ['CF-02', 'a JWK set as secret', 'HS256', JSON.stringify({ keys: [jwk(ed25519.publicKey)] }), /PEM, DER or JWK/],
    ['CF-02', 'a private key as secret, PEM', 'HS256', pem(p256.privateKey), /PEM, DER or JWK/],
    ['CF-02', 'a public KeyObject as secret', 'HS256', rsa.publicKey, /must be a secret/],
    ['CF-02', 'a private KeyObject as secret', 'HS256', p256.privateKey, /must be a secret/],
    ['CF-02', 'a JWK of a key pair as secret', 'HS256', jwk(p256.publicKey), /must be a secret/],
    ['CF-01', 'a number as secret', 'HS256', 123_456, /must be a secret/],
    ['CF-01', 'a function as secret', 'HS256', () => 'secret', /must be a secret/],
    ['CF-10', 'an encryption secret', 'HS256', { ...secretJwk(32), use: 'enc' }, /use: enc/],
    [
      'JF-04',
      'a secret of another algorithm',
      'HS256',
      { ...secretJwk(64), alg: 'HS512' },
      /another algorithm than HS256/,
    ],
    [
      'CF-02',
      'a secret KeyObject for a key pair',
      'ES256',
      createSecretKey(randomBytes(32)),
      /is a secret: ES256 wants/,
    ],
    ['CF-01', 'no key', 'ES256', undefined, /is missing: ES256 wants a private key as PEM, JWK or KeyObject/],
    ['CF-01', 'an empty key', 'RS256', '', /is missing/],
    ['CF-01', 'text that is no PEM', 'RS256', 'a text that is no key at all', /cannot be read: RS256 wants PEM/],
    ['CF-01', 'a PEM that is cut off', 'RS256', pem(rsa.privateKey).slice(0, 400), /cannot be read/],
    ['CF-01', 'a PEM with a damaged body', 'ES256', pem(p256.privateKey).replace(/[A-Z]{2}/, '??'), /cannot be read/],
    ['CF-01', 'an encrypted PEM', 'ES256', encrypted, /cannot be read/],
    ['CF-01', 'an empty JWK', 'ES256', {}, /cannot be read/],
    ['CF-01', 'a JWK without coordinates', 'ES256', { kty: 'EC', crv: 'P-256' }, /cannot be read/],
    [
      'CF-01',
      'a point that is not on the curve',
      'ES256',
      { ...jwk(p256.publicKey), y: jwk(p384.publicKey).y },
      /cannot be read/,
    ],
    ['CF-01', 'a number as key', 'RS256', 7, /cannot be read/],
    ['CF-02', 'an `oct` JWK for a key pair', 'RS256', secretJwk(64), /cannot be read/],
    ['CF-10', 'an encryption key', 'RS256', { ...jwk(rsa.privateKey), use: 'enc' }, /use: enc.*signing key/],
    [
      'JF-04',
      'a JWK of another algorithm',
      'RS256',
      { ...jwk(rsa.privateKey), alg: 'PS256' },
      /another algorithm than RS256/,
    ],
    ['JF-08', 'an RSA key of 1024 bits', 'RS256', weak.privateKey, /at least 2048 bits/],
    ['JF-08', 'the same as PEM', 'PS256', pem(weak.privateKey), /at least 2048 bits/],
    ['JF-08', 'the same as public JWK', 'RS512', jwk(weak.publicKey), /at least 2048 bits/],
    ['JF-08', 'an RSA key of 2040 bits', 'RS256', short.publicKey, /at least 2048 bits/],
    ['JF-08', 'the RSA exponent 1', 'RS256', withExponent('AQ'), /exponent is below 3: make a new key/],
    ['JF-08', 'the RSA exponent 1 for PSS', 'PS256', withExponent('AQ'), /exponent is below 3/],
    ['JF-08', 'the RSA exponent 2', 'RS256', withExponent('Ag'), /exponent is below 3/],
    ['CF-03', 'a key that is bound to PSS', 'PS256', pss.privateKey, /wants an RSA key/],
    ['CF-03', 'an EC key for RS256', 'RS256', p256.privateKey, /RS256 wants an RSA key/],
    ['CF-03', 'an Ed25519 key for PS256', 'PS256', ed25519.privateKey, /PS256 wants an RSA key/],
    ['CF-03', 'an RSA key for ES256', 'ES256', rsa.privateKey, /ES256 wants an EC key on the curve prime256v1/],
    ['CF-03', 'a P-384 key for ES256', 'ES256', p384.privateKey, /curve prime256v1/],
    ['CF-03', 'a P-256 key for ES384', 'ES384', pem(p256.publicKey), /curve secp384r1/],
    ['CF-03', 'a P-384 key for ES512', 'ES512', jwk(p384.privateKey), /curve secp521r1/],
    [
      'CF-03',
      'secp256k1 for ES256',
      'ES256',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
      /curve prime256v1/,
    ],
    ['CF-03', 'an EC key for EdDSA', 'EdDSA', p256.privateKey, /EdDSA wants an Ed25519 key/],
    ['CF-03', 'Ed448 for EdDSA', 'EdDSA', generateKeyPairSync('ed448').privateKey, /Ed25519/],
    ['CF-03', 'X25519 for EdDSA', 'EdDSA', generateKeyPairSync('x25519').publicKey, /Ed25519/],
    ['CF-03', 'the algorithm none', 'none' as JwtAlgorithm, 'x'.repeat(64), /the algorithm must be one of HS256, /],
    ['CF-03', 'an algorithm in lower case', 'hs256' as JwtAlgorithm, randomBytes(32), /the algorithm must be one of/],
    [
      'CF-03',
      'an inherited name as algorithm',
      'toString' as JwtAlgorithm,
      randomBytes(32),
      /the algorithm must be one of/,
    ],
    ['CF-03', 'no algorithm', undefined as unknown as JwtAlgorithm, randomBytes(32), /the algorithm must be one of/],
  ];

  it.each(rows)('%s refuses %s, saying what to do and nothing of the key', (_id, _what, algorithm, key, mend) => {
    const error = refusalOf(algorithm, key);

    expect(error.option).toBe('jwt.some.option');
    expect(error.message).toMatch(/^jwt\.some\.option: /);
    expect(error.message).toMatch(mend);
    expect(error.cause).toBeUndefined();
    for (const secret of secretsIn(key)) expect(`${error.message}\n${error.stack}`).not.toContain(secret);
  });
});

describe('createJwtKey: which keys are taken', () => {
  const secret = randomBytes(64);
  const pairs: [JwtAlgorithm, { publicKey: KeyObject; privateKey: KeyObject }][] = [
    ['RS256', rsa],
    ['PS512', rsa],
    ['ES256', p256],
    ['ES384', p384],
    ['EdDSA', ed25519],
  ];

  it.each([
    ['text', secret.toString('base64')],
    ['bytes', secret],
    ['a secret KeyObject', createSecretKey(secret)],
    ['an `oct` JWK', { kty: 'oct', k: secret.toString('base64url'), use: 'sig', alg: 'HS512' }],
  ])('takes a secret as %s, without a kid', (_name, key) => {
    const made = createJwtKey('o', { algorithm: 'HS512', key });
    expect(made).toMatchObject({ kid: undefined, algorithm: 'HS512' });
    expect(made.signKey).toBe(made.verifyKey);
    expect(made.verifyKey.type).toBe('secret');
  });

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('takes for %s exactly %i bytes', (algorithm, bytes) => {
    expect(createJwtKey('o', { algorithm, key: randomBytes(bytes) }).verifyKey.symmetricKeySize).toBe(bytes);
  });

  it('takes random secrets of every spelling: nothing random looks guessable', () => {
    for (let round = 0; round < 500; round++) {
      const bytes = randomBytes(32);
      for (const key of [bytes, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')])
        expect(createJwtKey('o', { algorithm: 'HS256', key }).signKey).toBeDefined();
    }
  });

  it('keeps a copy of the bytes: changing them later changes nothing', () => {
    const bytes = Buffer.from(secret);
    const made = createJwtKey('o', { algorithm: 'HS256', key: bytes });
    bytes.fill(0);
    expect(made.verifyKey.export()).toEqual(secret);
  });

  describe.each(pairs)('%s', (algorithm, { publicKey, privateKey }) => {
    it.each([
      ['a KeyObject', privateKey],
      ['PEM', pem(privateKey)],
      ['PEM as bytes', Buffer.from(pem(privateKey))],
      ['a JWK', jwk(privateKey)],
    ])('takes a private key as %s, to sign and to verify', (_name, key) => {
      const made = createJwtKey('o', { algorithm, key });
      expect(made.signKey?.type).toBe('private');
      expect(made.verifyKey.type).toBe('public');
      expect(made.verifyKey.equals(publicKey)).toBe(true);
    });

    it.each([
      ['a KeyObject', publicKey],
      ['PEM', pem(publicKey)],
      ['a JWK', jwk(publicKey)],
    ])('takes a public key as %s, only to verify', (_name, key) => {
      const made = createJwtKey('o', { algorithm, key });
      expect(made.signKey).toBeUndefined();
      expect(made.verifyKey.equals(publicKey)).toBe(true);
    });

    it('gives both halves the same kid, and one that is given instead', () => {
      const [one, other] = [privateKey, publicKey].map((key) => createJwtKey('o', { algorithm, key }).kid);
      expect(one).toMatch(/^[\w-]{43}$/);
      expect(other).toBe(one);
      expect(createJwtKey('o', { algorithm, key: publicKey, kid: 'mine' }).kid).toBe('mine');
    });
  });

  it('reads PKCS#1 and SEC 1 PEM too', () => {
    const pkcs1 = rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    const sec1 = p256.privateKey.export({ format: 'pem', type: 'sec1' }).toString();
    expect(createJwtKey('o', { algorithm: 'RS256', key: pkcs1 }).signKey).toBeDefined();
    expect(createJwtKey('o', { algorithm: 'ES256', key: sec1 }).signKey).toBeDefined();
  });

  it('JF-08 takes the RSA exponent 3: forging with it is refused, see signature.spec.ts', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    expect(createJwtKey('o', { algorithm: 'RS256', key: publicKey }).verifyKey).toBeDefined();
  });
});

describe('the algorithms', () => {
  it('are the thirteen of RFC 7518 §3.1 and RFC 8037 §3.1, without none', () => {
    const families = ['HS', 'RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((size) => family + size));
    expect([...algorithmNames].toSorted()).toEqual([...families, 'EdDSA'].toSorted());
  });

  it.each(['none', 'None', 'hs256', 'Hs256', 'ED25519', 'eddsa', ' HS256', 'HS256\0', '', 'toString', '__proto__'])(
    'JF-01 knows no %j',
    (name) => expect(isAlgorithm(name)).toBe(false),
  );

  it.each([null, undefined, 0, true, ['HS256'], { toString: () => 'HS256' }, new String('HS256')])(
    'JF-01 takes only text for a name: not %p',
    (name) => expect(isAlgorithm(name)).toBe(false),
  );

  it('want secrets as long as their hash (RFC 7518 §3.2)', () => {
    expect([algorithms.HS256.bytes, algorithms.HS384.bytes, algorithms.HS512.bytes]).toEqual([32, 48, 64]);
  });
});
