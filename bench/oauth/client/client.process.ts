/** What the client adds to `fetch`, and whether it ever mixes users up. */
import { typeormStores } from 'nest-latchkey/typeorm';
import { getDataSourceToken } from '@nestjs/typeorm';
import { median, shuffled } from '../../statistics.js';
import { ada, grantsOf, oauthContext, withoutSchema, type OAuthApplicationOptions } from '../application.js';
import type { ProviderAddress } from '../provider.process.js';
import { withDatabase } from '../../session/engines.js';

/** Medians in microseconds, by the round; and how many of 200 requests had the token of another user. */
export interface ClientMeasured {
  readonly fetch: number[];
  readonly cached: number[];
  readonly uncached: number[];
  /** The read of a grant through the store alone. */
  readonly read: number[];
  /** That read and then that `fetch`, by hand: what whoever keeps tokens in a table has to do. */
  readonly readThenFetch: number[];
  readonly foreign: number[];
}

const samples = 400;
const names = ['fetch', 'cached', 'uncached', 'read', 'readThenFetch'] as const;

type Name = (typeof names)[number];

const [address, rounds] = process.argv.slice(2) as [string, string];
const provider = JSON.parse(address) as ProviderAddress;
const measured = await withDatabase('postgres', (database) =>
  measure({ database: withoutSchema(database.options), provider, port: 1 }),
);
process.send!(measured, () => process.exit());

async function measure(options: OAuthApplicationOptions): Promise<ClientMeasured> {
  const uncached = await oauthContext(options);
  const cached = await oauthContext({ ...options, grantCache: 3_600 });
  const tokens = { accessToken: 'the token of ada', refreshToken: 'x'.repeat(43) };
  await grantsOf(uncached).put(ada, 'forge', { subject: '1', tokens });
  const store = typeormStores().create({
    get: () => uncached.get(getDataSourceToken(), { strict: false }),
  }).oauthGrants!;
  const headers = { authorization: `Bearer ${tokens.accessToken}` };
  const [withCache, without] = [cached, uncached].map((one) => grantsOf(one).client('forge', ada));
  const bare = async () => (await fetch(provider.api, { headers })).arrayBuffer();
  const calls: Record<Name, () => Promise<unknown>> = {
    fetch: bare,
    cached: async () => (await withCache!.get('')).arrayBuffer(),
    uncached: async () => (await without!.get('')).arrayBuffer(),
    read: () => store.list('user:ada', 'forge'),
    readThenFetch: async () => {
      await store.list('user:ada', 'forge');
      return bare();
    },
  };
  const result: ClientMeasured = { fetch: [], cached: [], uncached: [], read: [], readThenFetch: [], foreign: [] };
  for (let round = -1; round < Number(rounds); round++) {
    const times = await alternate(calls);
    const foreign = await countForeign(grantsOf(uncached));
    if (round < 0) continue; // the compiler sees all
    for (const name of names) result[name].push(median(times[name]));
    result.foreign.push(foreign);
  }
  await Promise.all([cached.close(), uncached.close()]);
  return result;
}

/**
 * One of each: what the machine does meanwhile, it does to all. In another order each time, for the next pays for what a call
 * leaves to be done.
 */
async function alternate(calls: Record<Name, () => Promise<unknown>>) {
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let sample = 0; sample < samples; sample++) {
    for (const name of shuffled(names)) {
      const start = performance.now();
      await calls[name]();
      times[name].push((performance.now() - start) * 1000);
    }
  }
  return times;
}

async function countForeign(grants: ReturnType<typeof grantsOf>): Promise<number> {
  const users = ['ada', 'bob'].map((id) => ({ kind: 'user', id }) as const);
  for (const user of users)
    await grants.put(user, 'forge', { subject: '1', tokens: { accessToken: `the token of ${user.id}` } });
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const user = users[index % 2]!;
      const delay = Math.floor(Math.random() * 20);
      await new Promise((resolve) => setTimeout(resolve, delay));
      const { authorization } = await grants
        .client('forge', user)
        .json<{ authorization: string }>(`?delay=${Math.floor(Math.random() * 20)}`);
      return authorization === `Bearer the token of ${user.id}`;
    }),
  );
  return answers.filter((isOwn) => !isOwn).length;
}
