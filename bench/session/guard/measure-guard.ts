import { start, stop } from '../../child.js';
import { probe } from '../../guard/probe.js';
import { wrk } from '../../guard/wrk.js';
import { mean, median, rotated, Rounds } from '../../statistics.js';
import { readable, table } from '../../table.js';
import type { Listening } from './guard.server.js';

const tokens = ['session', 'stateless'] as const;
/** A second each, in turns: what else the machine does then hits both alike. */
const turns = 8;
const warmUpSeconds = 2;

/** Requests per second of one guarded route, under a token of a session and under a stateless one. */
export async function measureGuard(rounds: number): Promise<Rounds> {
  const server = await start<Listening>('session/guard/guard.server.js');
  try {
    const { url } = server.message;
    const load = async (name: (typeof tokens)[number], seconds: number): Promise<number> =>
      (await wrk(url, { warm: server.message[name] }, seconds)).perSecond;
    for (const name of tokens) {
      await probe('latchkey', url, server.message[name]);
      await load(name, warmUpSeconds);
    }
    return await alternate(load, rounds);
  } finally {
    await stop(server);
  }
}

async function alternate(
  load: (name: (typeof tokens)[number], seconds: number) => Promise<number>,
  rounds: number,
): Promise<Rounds> {
  const speed = new Rounds();
  for (let round = 0; round < rounds; round++) {
    const measured = new Rounds();
    for (let turn = 0; turn < turns; turn++) {
      for (const name of rotated(tokens, round + turn)) measured.add(name, await load(name, 1));
    }
    for (const name of tokens) speed.add(name, mean(measured.of(name)));
  }
  const rows = tokens.map((name) => [name, readable(median(speed.of(name)))]);
  console.log(`${table(['a guarded route, by token', 'requests/s'], rows)}\n`);
  return speed;
}
