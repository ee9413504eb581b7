import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { subject } from './tokens.js';
import type { Variant } from './variants.js';

/**
 * Does the variant do what is to be timed: the right body with a token, 401 without and with a forged one?
 *
 * @throws AssertionError: the run stops, since the figure of a wrong answer is worth nothing.
 */
export async function probe(variant: Variant, url: string, token: string): Promise<void> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  strictEqual(answer.status, 200, `${variant} refuses a good token`);
  deepStrictEqual(await answer.json(), { sub: subject });
  if (variant === 'unguarded' || variant === 'open guard') return;

  const forged = token.slice(0, -6) + (token.endsWith('AAAAAA') ? 'BBBBBQ' : 'AAAAAA');
  const refused = [undefined, `Bearer ${forged}`].map((authorization) => statusOf(url, authorization));
  deepStrictEqual(await Promise.all(refused), [401, 401], `${variant} lets a stranger in`);
}

async function statusOf(url: string, authorization: string | undefined): Promise<number> {
  const answer = await fetch(url, authorization === undefined ? {} : { headers: { authorization } });
  await answer.body?.cancel();
  return answer.status;
}
