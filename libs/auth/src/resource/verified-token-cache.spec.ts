import { randomBytes } from 'node:crypto';
import { Random } from '../../../../test/fuzz/random.js';
import { Clock } from '../auth.clock.js';
import { JwtOptions } from '../jwt/jwt.options.js';
import { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey } from '../jwt/keys.js';
import { signJwt } from '../jwt/sign.js';
import { VerifiedTokenCache } from './verified-token-cache.js';
import type { VerifiedToken } from './verified-token.js';
import { TokenVerifier } from './verify-token.js';

const tokenOf = (raw: string) => ({ raw, subject: raw }) as VerifiedToken;

describe('VerifiedTokenCache', () => {
  it('DS-01 never holds more than its capacity', () => {
    const cache = new VerifiedTokenCache(100);
    const random = new Random(1);
    for (let step = 0; step < 10_000; step++) {
      if (random.oneIn(3)) cache.get(`token ${random.below(300)}`);
      else cache.set(tokenOf(`token ${random.below(300)}`));
      expect(cache.size).toBeLessThanOrEqual(100);
    }
  });

  it('keeps a generation at least: the last half of its capacity is always there', () => {
    for (const count of [50, 51, 75, 99, 100, 101, 1_000]) {
      const cache = new VerifiedTokenCache(100);
      for (let at = 0; at < count; at++) cache.set(tokenOf(`token ${at}`));
      for (let at = count - 1; at >= count - 50; at--) expect(cache.get(`token ${at}`)?.raw).toBe(`token ${at}`);
    }
  });

  it('keeps what is used, through any number of generations, and forgets the rest', () => {
    const cache = new VerifiedTokenCache(10);
    cache.set(tokenOf('used'));
    cache.set(tokenOf('unused'));
    for (let at = 0; at < 100; at++) {
      cache.set(tokenOf(`token ${at}`));
      expect(cache.get('used')?.raw).toBe('used');
    }
    expect(cache.get('unused')).toBeUndefined();
    expect(cache.get('token 0')).toBeUndefined();
  });

  it('CA-14 is keyed by the whole text: texts that are alike get their own', () => {
    const cache = new VerifiedTokenCache();
    const header = 'eyJhbGciOiJIUzI1NiJ9';
    const texts = [
      `${header}.a.s`,
      `${header}.a.S`,
      `${header}.b.s`,
      `${header}.a.s `,
      `${header}.a.`,
      'x'.repeat(9_000),
      `${'x'.repeat(9_000)}y`,
      '__proto__',
      'constructor',
      '',
    ];
    for (const text of texts) {
      expect(cache.get(text)).toBeUndefined();
      cache.set(tokenOf(text));
    }
    for (const text of texts) expect(cache.get(text)?.subject).toBe(text);
  });

  it('takes a token out of both generations', () => {
    const cache = new VerifiedTokenCache(4);
    for (const raw of ['a', 'b', 'c']) cache.set(tokenOf(raw));
    cache.get('a'); // now in the young one and in the old one
    cache.delete('a');
    cache.delete('c');
    expect([cache.get('a'), cache.get('c')]).toEqual([undefined, undefined]);
    expect(cache.get('b')?.raw).toBe('b');
  });

  it('CA-14 finds a token by its whole text only, never by its end', () => {
    const end = 'e'.repeat(40);
    const cache = new VerifiedTokenCache(4);
    cache.set(tokenOf(`alice.${end}`));
    expect(cache.get(`mallory.${end}`)).toBeUndefined();
    expect(cache.get(`alice.${end}`)?.raw).toBe(`alice.${end}`);
    cache.set(tokenOf('x'));
    cache.set(tokenOf('y'));
    expect(cache.get(`mallory.${end}`)).toBeUndefined();
  });
});

describe('the cache in use', () => {
  class TestClock extends Clock {
    milliseconds = 1_800_000_000_000;
    now(): number {
      return this.milliseconds;
    }
  }

  const issuer = 'https://api.example.com';
  const key = createJwtKey('o', { algorithm: 'HS256', key: randomBytes(32) });
  const second = 1_800_000_000;
  const claims = { iss: issuer, aud: issuer, sub: 'ada', jti: 'j', type: 'access', iat: second, exp: second + 900 };

  let clock: TestClock;
  let keys: KeyRing;
  let verifier: TokenVerifier;
  beforeEach(() => {
    clock = new TestClock();
    keys = new KeyRing([key]);
    const options = Object.assign(new JwtOptions(), { issuer });
    verifier = new TokenVerifier({ options, keys, trustedIssuers: [], clock, hooks: {} });
  });

  const verify = (raw: string, requirement = {}) =>
    verifier.verify(raw, { audience: undefined, ...requirement }) as VerifiedToken;

  it('gives the same frozen claims the second time', () => {
    const raw = signJwt(key, {}, { ...claims, deep: { list: [{}] } });
    const one = verify(raw);
    expect(verify(raw)).toBe(one);
    expect(() => Object.assign(one.claims, { sub: 'root' })).toThrow(TypeError);
    expect(() => Object.assign((one.claims['deep'] as { list: object[] }).list[0]!, { x: 1 })).toThrow(TypeError);
  });

  it('CA-14 never gives the claims of another token: 2,000 tokens in any order, with forgeries between', () => {
    const random = new Random(14);
    const tokens = Array.from({ length: 2_000 }, (_, at) =>
      signJwt(key, {}, { ...claims, sub: `user ${at}`, jti: `${at}` }),
    );
    for (let step = 0; step < 10_000; step++) {
      const at = random.below(tokens.length);
      const raw = tokens[at]!;
      if (verify(raw).subject !== `user ${at}`) throw new Error(`token ${at} got the claims of ${verify(raw).subject}`);
      if (!random.oneIn(10)) continue;
      const [header, , signature] = raw.split('.');
      const payload = tokens[random.below(tokens.length)]!.split('.')[1];
      const forged = `${header}.${payload}.${signature}`;
      if (forged !== raw) expect(() => verify(forged)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
    }
  });

  it.each<[string, (raw: string) => string]>([
    ['one bit of the signature', (raw) => raw.slice(0, -2) + (raw.at(-2) === 'A' ? 'B' : 'A') + raw.at(-1)],
    ['a space behind', (raw) => `${raw} `],
    ['padding', (raw) => `${raw}=`],
    [
      'a letter of the same low byte',
      (raw) => raw.slice(0, -1) + String.fromCharCode(raw.charCodeAt(raw.length - 1) + 0x100),
    ],
    ['no signature', (raw) => raw.slice(0, raw.lastIndexOf('.') + 1)],
  ])('JF-07 a known token with %s is refused each time, and stays known itself', (_name, change) => {
    const raw = signJwt(key, {}, claims);
    const one = verify(raw);
    for (let round = 0; round < 3; round++)
      expect(() => verify(change(raw))).toThrow(expect.objectContaining({ code: 'token_invalid' }));
    expect(verify(raw)).toBe(one);
  });

  it('is no way around the clock: a known token expires at exp plus the tolerance', () => {
    const raw = signJwt(key, {}, claims);
    verify(raw);
    clock.milliseconds += 904_999;
    expect(verify(raw).subject).toBe('ada');
    clock.milliseconds += 1;
    expect(() => verify(raw)).toThrow(expect.objectContaining({ code: 'token_expired' }));
    expect(verify(raw, { allowExpired: true }).subject).toBe('ada');
    expect(() => verify(raw)).toThrow(expect.objectContaining({ code: 'token_expired' }));
  });

  it('is no way around nbf: a known token waits when the clock is set back', () => {
    const raw = signJwt(key, {}, { ...claims, nbf: second });
    verify(raw);
    clock.milliseconds -= 5_001;
    expect(() => verify(raw)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
    clock.milliseconds += 1;
    expect(verify(raw).subject).toBe('ada');
  });

  it('is no way around audience and issuer of a route', () => {
    const raw = signJwt(key, {}, claims);
    verify(raw);
    expect(() => verify(raw, { audience: ['other'] })).toThrow(expect.objectContaining({ code: 'token_invalid' }));
    expect(() => verify(raw, { issuer: 'https://other' })).toThrow(expect.objectContaining({ code: 'token_invalid' }));
    expect(verify(raw, { audience: ['other', issuer] }).subject).toBe('ada');
  });

  it('S43 is no way around the key ring: a known token goes with its key, and others stay good', () => {
    const next = createJwtKey('o', { algorithm: 'HS256', kid: 'next', key: randomBytes(32) });
    const [old, young] = [signJwt(key, {}, claims), signJwt(next, {}, { ...claims, jti: 'k' })];
    keys.replace([next, key]);
    for (let round = 0; round < 2; round++) for (const raw of [old, young]) expect(verify(raw).subject).toBe('ada');
    keys.replace([next]);
    expect(() => verify(old)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
    expect(verify(young).subject).toBe('ada');
  });
});
