import { answerOf } from '../../child.js';
import { median, Rounds } from '../../statistics.js';
import { readable, table } from '../../table.js';
import type { ProviderAddress } from '../provider.process.js';
import type { ClientMeasured } from './client.process.js';

export interface ClientAdded {
  readonly microseconds: Rounds;
  readonly foreign: readonly number[];
}

/** A request through the client against the same by `fetch`, on loopback; the grant in PostgreSQL. */
export async function measureClient(rounds: number, provider: ProviderAddress): Promise<ClientAdded> {
  const args = [JSON.stringify(provider), String(rounds)];
  const measured = await answerOf<ClientMeasured>('oauth/client/client.process.js', args);
  const microseconds = new Rounds();
  const names = ['fetch', 'cached', 'uncached', 'read', 'readThenFetch'] as const;
  for (const name of names) for (const value of measured[name]) microseconds.add(name, value);
  const rows = names.map((name) => [name, readable(median(measured[name]))]);
  console.log(`${table(['one request, or read', 'µs'], rows)}\n`);
  return { microseconds, foreign: measured.foreign };
}
