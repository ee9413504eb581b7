import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { AuthConfigError, AuthError } from '../auth.errors.js';
import type { JwtAlgorithm } from './algorithms.js';
import { KeyRing } from './key-ring.js';
import { createJwtKey, type JwtKey } from './keys.js';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

const secret = (kid?: string, algorithm: JwtAlgorithm = 'HS256') =>
  createJwtKey('o', { algorithm, kid, key: randomBytes(64) });
const ec = (kid?: string) =>
  createJwtKey('o', { algorithm: 'ES256', kid, key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey });
const ofRsa = (algorithm: JwtAlgorithm, kid: string) => createJwtKey('o', { algorithm, kid, key: rsa.privateKey });

describe('KeyRing: what stops the boot', () => {
  it.each<[string, string, () => readonly JwtKey[], RegExp]>([
    ['CF-03', 'no key', () => [], /is empty: give at least one key/],
    ['HA-11', 'a secret beside a key pair', () => [secret('a'), ec('b')], /mixes secrets and key pairs.*one family/],
    ['HA-11', 'a key pair beside a secret', () => [ec('a'), secret('b')], /mixes secrets and key pairs/],
    ['HA-10', 'two keys without kid', () => [secret(), secret()], /several keys without `kid`: name all but one/],
    ['CF-10', 'two keys with one kid', () => [secret('a'), secret('b'), secret('a')], /two keys with the kid "a"/],
    [
      'CF-10',
      'one kid in two algorithms',
      () => [ofRsa('RS256', 'a'), ofRsa('PS256', 'a')],
      /two keys with the kid "a"/,
    ],
    [
      'CF-10',
      'the same key pair twice, named by its thumbprint',
      () => [
        createJwtKey('o', { algorithm: 'ES256', key: pair.privateKey }),
        createJwtKey('o', { algorithm: 'ES256', key: pair.publicKey }),
      ],
      /two keys with the kid "[\w-]{43}"/,
    ],
  ])('%s refuses %s, naming the option', (_id, _what, keys, problem) => {
    const make = () => new KeyRing(keys(), 'jwt.keys');
    expect(make).toThrow(AuthConfigError);
    expect(make).toThrow(expect.objectContaining({ option: 'jwt.keys', message: expect.stringMatching(problem) }));
  });

  it('quotes a kid with line breaks, so that a log stays one line', () => {
    expect(() => new KeyRing([secret('a\nb'), secret('a\nb')])).toThrow(String.raw`"a\nb"`);
  });
});

describe('KeyRing: which key verifies', () => {
  const [first, second, third] = [secret('1'), secret('2', 'HS384'), secret('3')];
  const named = new KeyRing([first, second, third]);

  it('finds a key by its kid', () => {
    expect(named.find({ alg: 'HS256', kid: '1' })).toBe(first);
    expect(named.find({ alg: 'HS384', kid: '2' })).toBe(second);
  });

  it.each<[string, string, { alg: unknown; kid: unknown }]>([
    ['JF-10', 'an unknown kid', { alg: 'HS256', kid: '4' }],
    ['JF-04', 'the algorithm of another key', { alg: 'HS384', kid: '1' }],
    ['JF-04', 'an unlisted algorithm of the family', { alg: 'HS512', kid: '1' }],
    ['JF-02', 'another family', { alg: 'RS256', kid: '1' }],
    ['JF-01', 'alg none', { alg: 'none', kid: '1' }],
    ['JF-01', 'alg in lower case', { alg: 'hs256', kid: '1' }],
    ['JF-01', 'alg null', { alg: null, kid: '1' }],
    ['JF-01', 'alg undefined', { alg: undefined, kid: '1' }],
    ['JF-01', 'alg in a list', { alg: ['HS256'], kid: '1' }],
    ['HA-03', 'a kid that is a path', { alg: 'HS256', kid: '../1' }],
    ['HA-03', 'a kid with a NUL', { alg: 'HS256', kid: '1\0' }],
    ['HA-03', 'a kid of 4 KB', { alg: 'HS256', kid: '1'.repeat(4_096) }],
    ['HA-03', 'a kid that is a number', { alg: 'HS256', kid: 1 }],
    ['HA-03', 'a kid that is a list', { alg: 'HS256', kid: ['1'] }],
    ['HA-03', 'a kid that is an object', { alg: 'HS256', kid: { toString: () => '1' } }],
    ['HA-03', 'a kid that is null', { alg: 'HS256', kid: null }],
    ['HA-03', 'an empty kid', { alg: 'HS256', kid: '' }],
    ['HA-04', 'the kid __proto__', { alg: 'HS256', kid: '__proto__' }],
    ['HA-04', 'the kid constructor', { alg: 'HS256', kid: 'constructor' }],
    ['HA-04', 'the kid toString', { alg: 'HS256', kid: 'toString' }],
    ['HA-10', 'no kid, when two keys are of the algorithm', { alg: 'HS256', kid: undefined }],
    ['HA-10', 'no kid and no key of the algorithm', { alg: 'HS512', kid: undefined }],
  ])('%s finds none for %s', (_id, _what, hint) => {
    expect(named.find(hint)).toBeUndefined();
  });

  it('HA-10 takes without kid the only key of the algorithm', () => {
    expect(named.find({ alg: 'HS384', kid: undefined })).toBe(second);
  });

  it('HA-10 takes without kid the key without one, and never another', () => {
    const unnamed = secret();
    const ring = new KeyRing([first, unnamed, second]);
    expect(ring.find({ alg: 'HS256', kid: undefined })).toBe(unnamed);
    expect(ring.find({ alg: 'HS384', kid: undefined })).toBeUndefined();
  });

  it('JF-10 does not fall back to the key without kid when an unknown one is named', () => {
    expect(new KeyRing([secret()]).find({ alg: 'HS256', kid: 'x' })).toBeUndefined();
  });

  it('JF-04 tells algorithms of one RSA key apart', () => {
    const ring = new KeyRing([ofRsa('RS256', 'r'), ofRsa('PS256', 'p')]);
    expect(ring.find({ alg: 'PS256', kid: 'r' })).toBeUndefined();
    expect(ring.find({ alg: 'PS256', kid: 'p' })?.algorithm).toBe('PS256');
    expect(ring.find({ alg: 'RS512', kid: undefined })).toBeUndefined();
  });
});

describe('KeyRing: which key signs', () => {
  it('is the first that can', () => {
    const verifying = createJwtKey('o', { algorithm: 'ES256', key: pair.publicKey });
    const [first, second] = [ec('1'), ec('2')];
    const ring = new KeyRing([verifying, first, second]);
    expect(ring.current).toBe(first);
  });

  it('is none in a ring of public keys, and asking says what to set', () => {
    const ring = new KeyRing([createJwtKey('o', { algorithm: 'ES256', key: pair.publicKey })]);
    expect(() => ring.current).toThrow(/^jwt\.privateKey: is missing: this application can verify tokens/);
  });
});

describe('KeyRing: when its keys change', () => {
  const [first, second, third] = [ec('1'), ec('2'), ec('3')];
  const outage = expect.objectContaining({ code: 'keys_unavailable', statusCode: 503, retryAfter: 1 });

  it('signs and finds by the new keys alone', () => {
    const ring = new KeyRing([first, second]);
    ring.replace([third, second]);
    expect(ring.current).toBe(third);
    expect(ring.keys).toEqual([third, second]);
    expect(ring.find({ alg: 'ES256', kid: '1' })).toBeUndefined();
    expect(ring.find({ alg: 'ES256', kid: '2' })).toBe(second);
  });

  it('tells when a key has left, and not when one came or they changed places', () => {
    const ring = new KeyRing([first, second]);
    let told = 0;
    ring.onRemoval(() => (told += 1));
    ring.replace([second, first, third]);
    expect(told).toBe(0);
    ring.replace([second, third]);
    expect(told).toBe(1);
  });

  it('tells when another key takes the name of one', () => {
    const ring = new KeyRing([first]);
    let told = 0;
    ring.onRemoval(() => (told += 1));
    ring.replace([ec('1')]);
    expect(told).toBe(1);
  });

  it.each<[string, readonly JwtKey[]]>([
    ['no key', []],
    ['two of one kid', [second, ec('2')]],
    ['a secret beside a key pair', [second, secret('s')]],
  ])('CF-10 stays as it was when it is given %s', (_what, keys) => {
    const ring = new KeyRing([first]);
    expect(() => ring.replace(keys)).toThrow(AuthConfigError);
    expect([ring.current, ring.keys]).toEqual([first, [first]]);
  });

  it('is an outage, and no verdict, before its keys have come', () => {
    const ring = new KeyRing(undefined);
    expect(() => ring.current).toThrow(outage);
    expect(() => ring.find({ alg: 'ES256', kid: '1' })).toThrow(outage);
    ring.replace([first]);
    expect(ring.current).toBe(first);
    expect(ring.find({ alg: 'ES256', kid: '2' })).toBeUndefined();
  });

  it('knows its keys, signs nothing and judges no other key while it is outdated', () => {
    const ring = new KeyRing([first, second]);
    ring.replace([first, second], () => true);
    expect(() => ring.current).toThrow(AuthError);
    expect(() => ring.current).toThrow(outage);
    expect(ring.find({ alg: 'ES256', kid: '2' })).toBe(second);
    expect(() => ring.find({ alg: 'ES256', kid: '3' })).toThrow(outage);
    expect(ring.find({ alg: 'none', kid: '1' })).toBeUndefined();
    ring.replace([first, second]);
    expect(ring.current).toBe(first);
  });
});
