import { randomUUID } from 'node:crypto';
import { ask, start, stop, type Child } from '../../child.js';
import { percentile } from '../../statistics.js';
import { sessionApplication } from '../application.js';
import { withDatabase } from '../engines.js';
import type { Question, Times, Tokens } from './revoke.process.js';

const perRound = 100;
/** Two polls long, so that revocations fall anywhere between two of them. */
const within = 2_000;

/**
 * From the call that revokes a session in one process to the first refusal of its token in another: the 99th percentile of
 * each round, in milliseconds. Both are instances of one application on one PostgreSQL; they poll it, or
 * tell each other over Redis too.
 */
export async function measureRevoke(way: 'poll' | 'redis', rounds: number): Promise<number[]> {
  return withDatabase('postgres', async ({ options }) => {
    // the migrations, before two instances start at once
    await (await sessionApplication(options)).context.close();
    const url = (options as { url: string }).url;
    const told = way === 'poll' ? [url] : [url, `latchkey:bench:${randomUUID()}`];
    const one = await start('session/revoke/revoke.process.js', told);
    const other = await start('session/revoke/revoke.process.js', told);
    try {
      const measured: number[] = [];
      for (let round = 0; round < rounds; round++) measured.push(percentile(await delays(one, other), 0.99));
      return measured;
    } finally {
      await Promise.all([one, other].map(stop));
    }
  });
}

async function delays(one: Child<unknown>, other: Child<unknown>): Promise<number[]> {
  const tokens = await ask<Tokens>(one, { kind: 'create', count: perRound } satisfies Question);
  const ids = Object.keys(tokens);
  const [revoked, refused] = await Promise.all([
    ask<Times>(one, { kind: 'revoke', ids, within } satisfies Question),
    ask<Times>(other, { kind: 'watch', tokens } satisfies Question),
  ]);
  return ids.map((id) => refused[id]! - revoked[id]!);
}
