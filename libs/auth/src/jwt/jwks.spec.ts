import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { Random } from '../../../../test/fuzz/random.js';
import { createSigners } from '../../../../test/fuzz/tokens.js';
import { publicJwks } from './jwks.js';
import { signJwt } from './sign.js';

const signers = createSigners(new Random(1));
const pairs = signers.at(-1)!.ring;
const secrets = signers[0]!.ring;

describe('publicJwks', () => {
  it('holds every public key with kid, alg and use, and nothing of a private one', () => {
    const { keys } = publicJwks(pairs);
    expect(keys.map(({ alg }) => alg)).toEqual(pairs.keys.map(({ algorithm }) => algorithm));
    expect(keys.map(({ kid }) => kid)).toEqual(pairs.keys.map(({ kid }) => kid));
    for (const key of keys) {
      const allowed = ['kty', 'kid', 'alg', 'use', 'n', 'e', 'crv', 'x', 'y'];
      expect(Object.keys(key).filter((name) => !allowed.includes(name))).toEqual([]);
      expect(key.use).toBe('sig');
    }
  });

  it('leaves secrets out whole', () => {
    expect(publicJwks(secrets)).toEqual({ keys: [] });
    expect(JSON.stringify(publicJwks(secrets))).toBe('{"keys":[]}');
  });

  it('is a set with which jose verifies the tokens of every key', async () => {
    const set = createLocalJWKSet(publicJwks(pairs) as unknown as JSONWebKeySet);
    for (const key of pairs.keys) {
      const { payload } = await jwtVerify(signJwt(key, {}, { sub: key.algorithm }), set);
      expect(payload).toEqual({ sub: key.algorithm });
    }
  });
});
