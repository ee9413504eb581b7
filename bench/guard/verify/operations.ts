import { generateKeyPairSync } from 'node:crypto';
import { accessToken, asymmetric, distinctTokens, secretKey } from '../tokens.js';
import { createJwtKey, KeyRing, parseJwt, verifyJwt } from './built.js';
import { cachedVerifier } from './cached-verifier.js';
import { peers } from './peers.js';
import { rawHmac, rawVerify } from './raw.js';
import type { Operation } from './stopwatch.js';

type Ring = InstanceType<typeof KeyRing>;

/** HS256: bare node:crypto, ours in three stages, and the peers. */
export async function hmacOperations(): Promise<Operation[]> {
  // a few more than the cache holds, so that each is new to it when its turn comes again
  const tokens = distinctTokens(12_000);
  const verifier = await cachedVerifier();
  const ring = new KeyRing([createJwtKey('bench', { algorithm: 'HS256', key: secretKey })]);
  const distinct = received(tokens);
  const same = received([accessToken()]);
  return [
    rawHmac(distinct),
    { name: 'HS256 kernel', run: (index) => kernel(ring, distinct(index)) },
    // as in a guarded request, with issuer, audience and times: first a token not seen before, then one seen before
    { name: 'HS256 insert', run: (index) => verifier(distinct(index)) },
    { name: 'HS256 warm', run: (index) => verifier(same(index)) },
    ...peers(distinct),
  ];
}

/** The algorithms of key pairs: bare `crypto.verify`, and the kernel. */
export function asymmetricOperations(): Operation[] {
  const pairs = [
    { alg: 'RS256', hash: 'sha256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
    { alg: 'ES256', hash: 'sha256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
    { alg: 'EdDSA', hash: null, ...generateKeyPairSync('ed25519') },
  ] as const;
  return pairs.flatMap(({ alg, hash, publicKey, privateKey }) => {
    const kid = 'bench';
    const tokens = Array.from({ length: 500 }, () => accessToken(alg, asymmetric(hash, privateKey), { kid }));
    const ring = new KeyRing([createJwtKey('bench', { kid, algorithm: alg, key: publicKey })]);
    const distinct = received(tokens);
    return [
      rawVerify(`${alg} raw`, hash, publicKey, tokens),
      { name: `${alg} kernel`, run: (index: number) => kernel(ring, distinct(index)) },
    ];
  });
}

/** Take apart, find the key, verify, read the claims and check their shapes. */
function kernel(ring: Ring, token: string): unknown {
  const parsed = parseJwt(token);
  const { alg, kid } = parsed.header;
  return verifyJwt(parsed, ring.find({ alg, kid })!);
}

/** Tokens as they come out of a header: each time a new text, whose hash no Map has computed before. */
function received(tokens: readonly string[]): (index: number) => string {
  const headers = tokens.map((token) => `Bearer ${token}`);
  return (index) => headers[index % headers.length]!.slice('Bearer '.length);
}
