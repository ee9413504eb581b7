/**
 * Two and four processes on each database that can be reached, killed at random while they refresh:
 *
 *     npm run processes -- --rounds 100 --seed 1
 */
import { parseArgs } from 'node:util';
import { Random } from '../fuzz/random.js';
import { reachableDatabases } from '../stores/databases.js';
import { killAll } from './app-process.js';
import { createDatabase } from './database.js';
import { Storm } from './storm.js';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const rounds = Number(values.rounds ?? 100);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!Number.isSafeInteger(rounds) || !Number.isSafeInteger(seed))
  throw new TypeError('--rounds and --seed are whole numbers');
console.log(`seed ${seed}, ${rounds} rounds for each`);

const random = new Random(seed);
for (const kind of await reachableDatabases()) {
  for (const count of [2, 4]) {
    const database = await createDatabase(kind);
    const storm = new Storm({ database: database.options, secret: random.text(40) }, count, random);
    const began = performance.now();
    try {
      await storm.start();
      for (let round = 0; round < rounds; round++) await storm.round();
      storm.checkDeaths();
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(`${kind.name}, ${count} processes: ${seconds} s, ${JSON.stringify(storm.seen)}`);
    } catch (error) {
      process.exitCode = 1;
      console.error(
        `${kind.name}, ${count} processes, seed ${seed}: ${String(error)} after ${JSON.stringify(storm.seen)}`,
      );
    } finally {
      await storm.stop();
      await database.drop();
    }
  }
}
await killAll();
