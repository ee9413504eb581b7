import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { algorithms, type JwtAlgorithm } from '../../libs/auth/src/jwt/algorithms.js';
import { KeyRing } from '../../libs/auth/src/jwt/key-ring.js';
import { createJwtKey, type JwtKey } from '../../libs/auth/src/jwt/keys.js';
import { signText } from '../../libs/auth/src/jwt/signature.js';
import type { Random } from './random.js';

/** A key that tokens are made with, and the ring they are verified with. */
export interface Signer {
  readonly key: JwtKey;
  readonly ring: KeyRing;
}

/** A valid token, and what it was made of. */
export interface BaseToken {
  readonly signer: Signer;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  readonly text: string;
}

/** Everything a run knows: the signers, some tokens of each, and the keys of an attacker. */
export interface World {
  readonly signers: readonly Signer[];
  readonly tokens: readonly BaseToken[];
  readonly attacker: { readonly rsa: KeyPair; readonly ec: KeyPair };
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The signers, some tokens of each, and an attacker. */
export function createWorld(random: Random, tokensPerSigner = 6): World {
  const signers = createSigners(random);
  return {
    signers,
    tokens: signers.flatMap((signer) => Array.from({ length: tokensPerSigner }, () => createToken(signer, random))),
    attacker: {
      rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    },
  };
}

/**
 * Three rings: the secrets, one secret without a name, and the key pairs. One RSA pair serves all six RSA algorithms, so
 * that nothing but the algorithm of the key tells them apart.
 */
export function createSigners(random: Random): Signer[] {
  return [
    ...ringOf([hmac(random, 'HS256', 'h1'), hmac(random, 'HS384', 'h2'), hmac(random, 'HS512', 'h3')]),
    ...ringOf([hmac(random, 'HS256', undefined)]),
    ...ringOf(keyPairs()),
  ];
}

function ringOf(keys: readonly JwtKey[]): Signer[] {
  const ring = new KeyRing(keys);
  return keys.map((key) => ({ key, ring }));
}

function hmac(random: Random, algorithm: 'HS256' | 'HS384' | 'HS512', kid: string | undefined): JwtKey {
  return createJwtKey('fuzz', { algorithm, kid, key: random.bytes(algorithms[algorithm].bytes) });
}

function keyPairs(): JwtKey[] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsa = (['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map((algorithm) =>
    createJwtKey('fuzz', { algorithm, kid: algorithm.toLowerCase(), key: privateKey }),
  );
  const ec = (['ES256', 'ES384', 'ES512'] as const).map((algorithm) => {
    const pair = generateKeyPairSync('ec', { namedCurve: algorithms[algorithm].curve });
    return createJwtKey('fuzz', { algorithm, key: pair.privateKey });
  });
  return [...rsa, ...ec, createJwtKey('fuzz', { algorithm: 'EdDSA', key: generateKeyPairSync('ed25519').privateKey })];
}

function createToken(signer: Signer, random: Random): BaseToken {
  const header = {
    ...(random.oneIn(4) ? {} : { typ: random.pick(['JWT', 'at+jwt', 'rt+jwt', 'application/at+jwt']) }),
    alg: signer.key.algorithm,
    ...(signer.key.kid === undefined ? {} : { kid: signer.key.kid }),
  };
  const claims = createClaims(random);
  return { signer, header, claims, text: seal(signer.key, header, claims) };
}

function createClaims(random: Random): Record<string, unknown> {
  const iat = 1_700_000_000 + random.below(400_000_000);
  const audience = 'https://api.example.com';
  return {
    iss: audience,
    sub: random.pick(['ada', 'grace', 'Zoë', '山田', '🔑', random.text(12)]),
    aud: random.oneIn(3) ? [audience, 'other'] : audience,
    iat,
    nbf: iat,
    exp: iat + random.pick([60, 900, 2_592_000]),
    jti: random.text(36),
    type: random.pick(['access', 'refresh', 'password_reset']),
    ...(random.oneIn(2) && { sid: random.text(36) }),
    ...(random.oneIn(3) && { auth_time: iat - random.below(1_000) }),
    ...(random.oneIn(2) && { scope: random.pick(['read write', { read: true, admin: false }, ['read']]) }),
    ...(random.oneIn(3) && { profile: { name: 'Ada "the first" \\ Lovelace', tags: [1, -2.5, null, true, []] } }),
  };
}

/** Header and payload as given, signed by `key` with `algorithm`, which is the key's own unless said otherwise. */
export function seal(key: JwtKey, header: unknown, payload: unknown, algorithm: JwtAlgorithm = key.algorithm): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signText({ ...key, algorithm }, input)}`;
}

/** Base64url of the JSON of an object, or of text and bytes as they are. */
export function encode(part: unknown): string {
  const bytes = typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part);
  return Buffer.from(bytes as string).toString('base64url');
}
