import { mean, median, rotated, Rounds } from '../statistics.js';
import { readable, table } from '../table.js';
import { ask, start, stop, type Child } from '../child.js';
import { probe } from './probe.js';
import type { Listening, Spent } from './server.js';
import { accessToken } from './tokens.js';
import { variants, type Adapter, type Variant } from './variants.js';
import { wrk, type Tokens } from './wrk.js';

/** A round measures each run twice for a second, not once for two: what else the machine does then hits all alike. */
const turns = 2;
const warmUpSeconds = 2;

/** One line of a round: a variant under one token again and again (warm), or another token each time (cold). */
interface Run {
  readonly name: string;
  readonly variant: Variant;
  readonly tokens: 'warm' | 'cold';
}

type Server = Child<Listening>;

const names = Object.keys(variants) as Variant[];
const runs: readonly Run[] = [
  // without a cache no token is warm
  ...names.filter((name) => name !== 'bare HMAC').map((name) => ({ name, variant: name, tokens: 'warm' as const })),
  { name: 'unguarded, cold', variant: 'unguarded', tokens: 'cold' },
  { name: 'latchkey, cold', variant: 'latchkey', tokens: 'cold' },
  { name: 'bare HMAC, cold', variant: 'bare HMAC', tokens: 'cold' },
  { name: 'fast-jwt cached, cold', variant: 'fast-jwt cached', tokens: 'cold' },
];

/** Every variant on one adapter, each in a process of its own: requests per second, by the name of the run. */
export async function measureHttp(adapter: Adapter, rounds: number, tokenFile: string): Promise<Rounds> {
  const servers = new Map<Variant, Server>();
  try {
    for (const variant of names) servers.set(variant, await start<Listening>('guard/server.js', [adapter, variant]));
    for (const [variant, { message }] of servers) await probe(variant, message.url, accessToken());
    return await alternate(adapter, rounds, servers, tokenFile);
  } finally {
    await Promise.all([...servers.values()].map(stop));
  }
}

async function alternate(
  adapter: Adapter,
  rounds: number,
  servers: ReadonlyMap<Variant, Server>,
  tokenFile: string,
): Promise<Rounds> {
  const load = loader(servers, tokenFile);
  for (const run of runs) await load(run, warmUpSeconds);

  const speed = new Rounds();
  const cost = new Rounds();
  for (let round = 0; round < rounds; round++) {
    const measured = await measureRound(load, round);
    for (const { name } of runs) {
      speed.add(name, mean(measured.speed.of(name)));
      cost.add(name, mean(measured.cost.of(name)));
    }
  }
  printTable(adapter, speed, cost);
  return speed;
}

async function measureRound(load: Load, round: number): Promise<{ speed: Rounds; cost: Rounds }> {
  const speed = new Rounds();
  const cost = new Rounds();
  for (let turn = 0; turn < turns; turn++) {
    for (const run of rotated(runs, round + turn * 3)) {
      const { perSecond, cpuPerRequest } = await load(run, 1);
      speed.add(run.name, perSecond);
      cost.add(run.name, cpuPerRequest);
    }
  }
  return { speed, cost };
}

/** Puts load on a server for some seconds. */
type Load = (run: Run, seconds: number) => Promise<{ perSecond: number; cpuPerRequest: number }>;

/** The cold runs on one server go on where the one before ended, so none finds its tokens cached. */
function loader(servers: ReadonlyMap<Variant, Server>, tokenFile: string): Load {
  const warm = accessToken();
  const used = new Map<Variant, number>();
  return async ({ variant, tokens }, seconds) => {
    const server = servers.get(variant)!;
    const skip = used.get(variant) ?? 0;
    const carried: Tokens = tokens === 'warm' ? { warm } : { cold: tokenFile, skip };
    const before = await ask<Spent>(server);
    const { requests, perSecond } = await wrk(server.message.url, carried, seconds);
    const after = await ask<Spent>(server);
    if (tokens === 'cold') used.set(variant, skip + requests);
    return { perSecond, cpuPerRequest: (after.cpu - before.cpu) / requests };
  };
}

/** The server's own processor time tells the same story where a busy machine blurs the requests per second. */
function printTable(adapter: Adapter, speed: Rounds, cost: Rounds): void {
  const rows = runs.map(({ name, tokens }) => {
    const base = tokens === 'cold' ? 'unguarded, cold' : 'unguarded';
    return [
      name,
      readable(median(speed.of(name))),
      readable(median(speed.ratio(name, base))),
      readable(median(cost.of(name))),
      readable(median(cost.ratio(base, name))),
    ];
  });
  console.log(`${table([adapter, 'requests/s', '÷ unguarded', 'CPU µs/request', 'unguarded ÷ it'], rows)}\n`);
}
