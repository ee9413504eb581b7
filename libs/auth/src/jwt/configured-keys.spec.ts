import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { configuredKeys } from './configured-keys.js';
import { JwtOptions } from './jwt.options.js';

const one = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = randomBytes(32).toString('base64');
const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();

function ringOf(options: object) {
  return configuredKeys(Object.assign(new JwtOptions(), { issuer: 'https://api.example.com' }, options));
}

describe('configuredKeys', () => {
  const [privateKey, publicKey] = [pem(one.privateKey), pem(one.publicKey)];
  const key = { kid: 'a', algorithm: 'HS256', key: secret };

  it.each<[string, string, object, string, RegExp]>([
    ['CF-01', 'nothing at all', {}, 'jwt.secret', /is missing: make one with `openssl rand -base64 32`/],
    ['CF-01', 'a secret that the environment lacks', { secret: undefined }, 'jwt.secret', /is missing/],
    ['CF-01', 'an empty secret', { secret: '' }, 'jwt.secret', /is missing/],
    ['JF-09', 'a short secret', { secret: 'hunter2hunter2' }, 'jwt.secret', /shorter than 32 bytes/],
    ['CF-01', 'ES256 without a key', { algorithm: 'ES256' }, 'jwt.privateKey', /is missing: ES256 wants a private key/],
    [
      'CF-03',
      'a secret beside a private key',
      { secret, privateKey },
      'jwt.privateKey',
      /beside jwt\.secret: keep one/,
    ],
    ['CF-03', 'a secret beside a list', { secret, keys: [key] }, 'jwt.keys', /beside jwt\.secret: keep one/],
    ['CF-03', 'a private key beside a list', { privateKey, keys: [key] }, 'jwt.keys', /beside jwt\.privateKey/],
    ['CF-03', 'a public key beside a list', { publicKey, keys: [key] }, 'jwt.publicKey', /put it into the list/],
    ['CF-03', 'a secret for ES256', { algorithm: 'ES256', secret }, 'jwt.secret', /ES256 wants jwt\.privateKey/],
    [
      'CF-02',
      'a private key for HS256',
      { privateKey },
      'jwt.privateKey',
      /the algorithm is HS256: set jwt\.algorithm/,
    ],
    ['CF-02', 'a public key for HS256', { publicKey }, 'jwt.publicKey', /the algorithm is HS256: set jwt\.algorithm/],
    ['CF-02', 'a public key as secret', { secret: publicKey }, 'jwt.secret', /PEM, DER or JWK/],
    [
      'CF-02',
      'a private key where the public one belongs',
      { algorithm: 'ES256', publicKey: privateKey },
      'jwt.publicKey',
      /is a private key: give its public half, or set jwt\.privateKey/,
    ],
    [
      'CF-02',
      'the private key twice',
      { algorithm: 'ES256', privateKey, publicKey: privateKey },
      'jwt.publicKey',
      /is a private key/,
    ],
    [
      'CF-02',
      'a public key where the private one belongs',
      { algorithm: 'ES256', privateKey: publicKey },
      'jwt.privateKey',
      /is a public key: give the private half, or set jwt\.publicKey/,
    ],
    [
      'CF-02',
      'halves of two pairs',
      { algorithm: 'ES256', privateKey, publicKey: pem(other.publicKey) },
      'jwt.publicKey',
      /does not belong to jwt\.privateKey/,
    ],
    [
      'CF-02',
      'a public key that cannot be read',
      { algorithm: 'ES256', privateKey, publicKey: 'no key' },
      'jwt.publicKey',
      /cannot be read/,
    ],
    ['CF-03', 'a key of another kind', { algorithm: 'RS256', privateKey }, 'jwt.privateKey', /RS256 wants an RSA key/],
    ['CF-03', 'an empty list', { keys: [] }, 'jwt.keys', /is empty/],
    ['CF-06', 'a list of texts', { keys: [secret] }, 'jwt.keys[0]', /must be \{ kid, algorithm, key \}/],
    ['CF-06', 'a list with a hole', { keys: [key, null] }, 'jwt.keys[1]', /must be \{ kid, algorithm, key \}/],
    ['CF-06', 'a misspelt member', { keys: [{ ...key, secret }] }, 'jwt.keys[0].secret', /is no option: a key has/],
    ['CF-03', 'no algorithm in the list', { keys: [{ key: secret }] }, 'jwt.keys[0].algorithm', /must be one of HS256/],
    ['CF-03', 'none in the list', { keys: [{ ...key, algorithm: 'none' }] }, 'jwt.keys[0].algorithm', /must be one of/],
    ['HA-10', 'an empty kid', { keys: [{ ...key, kid: '' }] }, 'jwt.keys[0].kid', /must be a non-empty text/],
    ['HA-10', 'a kid that is a number', { keys: [{ ...key, kid: 1 }] }, 'jwt.keys[0].kid', /must be a non-empty text/],
    [
      'JF-09',
      'a short secret in the list',
      { keys: [key, { ...key, key: 'x' }] },
      'jwt.keys[1].key',
      /shorter than 32/,
    ],
    ['CF-10', 'a kid twice', { keys: [key, key] }, 'jwt.keys', /two keys with the kid "a"/],
    [
      'HA-11',
      'secrets and key pairs in one list',
      { keys: [key, { kid: 'b', algorithm: 'ES256', key: privateKey }] },
      'jwt.keys',
      /mixes secrets and key pairs/,
    ],
  ])('%s refuses %s, naming the option and no key', (_id, _what, options, option, problem) => {
    let error: unknown;
    try {
      ringOf(options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(AuthConfigError);
    expect(error).toHaveProperty('option', option);
    const { message, cause } = error as Error;
    expect(cause).toBeUndefined();
    expect(message).toMatch(problem);
    for (const text of [
      secret,
      'hunter2',
      ...privateKey.split('\n').slice(1, -2),
      ...publicKey.split('\n').slice(1, -2),
    ])
      expect(message).not.toContain(text);
  });

  it('makes a ring of one secret', () => {
    const { current } = ringOf({ secret });
    expect(current).toMatchObject({ algorithm: 'HS256', kid: undefined });
    expect(current.signKey!.export().toString()).toBe(secret);
  });

  it('makes a ring of a private key alone, or with its public half', () => {
    const alone = ringOf({ algorithm: 'ES256', privateKey });
    const both = ringOf({ algorithm: 'ES256', privateKey, publicKey });
    expect([alone.current.signKey, both.current.signKey]).not.toContain(undefined);
    expect(both.current.kid).toBe(alone.current.kid);
  });

  it('makes a ring that only verifies of a public key alone', () => {
    const ring = ringOf({ algorithm: 'ES256', publicKey });
    expect(() => ring.current).toThrow(/^jwt\.privateKey: is missing/);
    expect(ring.keys[0]!.verifyKey.equals(one.publicKey)).toBe(true);
  });

  it('makes a ring of a list: the first that can sign signs, public keys only verify', () => {
    const ring = ringOf({
      keys: [
        { kid: 'old', algorithm: 'ES256', key: pem(other.publicKey) },
        { kid: 'new', algorithm: 'ES256', key: one.privateKey },
      ],
    });
    expect(ring.current.kid).toBe('new');
    expect(ring.find({ alg: 'ES256', kid: 'old' })?.signKey).toBeUndefined();
  });
});
