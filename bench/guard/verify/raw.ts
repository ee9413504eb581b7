import { createHmac, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { secretKey } from '../tokens.js';
import type { Operation } from './stopwatch.js';

/** What no verifier of HS256 can leave out: HMAC, comparison, JSON. Nothing else is checked, not even where the dots are. */
export function rawHmac(token: (index: number) => string): Operation {
  return {
    name: 'HS256 raw',
    run: (index) => {
      const { input, payload, signature } = takeApart(token(index));
      const digest = createHmac('sha256', secretKey).update(input).digest();
      if (!timingSafeEqual(digest, Buffer.from(signature, 'base64url'))) throw new Error('forged');
      return JSON.parse(Buffer.from(payload, 'base64url').toString());
    },
  };
}

/** One call of `crypto.verify`, with everything it takes made ready before. */
export function rawVerify(name: string, hash: string | null, key: KeyObject, tokens: readonly string[]): Operation {
  const options = { key, dsaEncoding: 'ieee-p1363' as const };
  const parts = tokens.map((token) => {
    const { input, signature } = takeApart(token);
    return { data: Buffer.from(input), signature: Buffer.from(signature, 'base64url') };
  });
  return {
    name,
    run: (index) => {
      const { data, signature } = parts[index % parts.length]!;
      if (!verify(hash, data, options, signature)) throw new Error('forged');
    },
  };
}

function takeApart(token: string): { input: string; payload: string; signature: string } {
  const first = token.indexOf('.');
  const last = token.lastIndexOf('.');
  return { input: token.slice(0, last), payload: token.slice(first + 1, last), signature: token.slice(last + 1) };
}
