import { jest } from '@jest/globals';
import { Random } from '../fuzz/random.js';
import { reachableDatabases } from '../stores/databases.js';
import { killAll } from './app-process.js';
import { createDatabase } from './database.js';
import { Storm } from './storm.js';

jest.setTimeout(120_000);

const seed = Number(process.env['STORM_SEED'] ?? Date.now() % 2 ** 32);
/** One for each way in which a session of the storm ends. */
const rounds = 3;

// `npm run processes` runs a hundred, and four processes too
describe.each(await reachableDatabases())('two processes on $name', (kind) => {
  afterEach(killAll);

  it('S26 RR-01 RR-02 RR-04 RR-05 RR-06 RR-07 RR-10 FT-01 FT-08 FT-09b lose nobody and catch every reuse, killed at any statement', async () => {
    const database = await createDatabase(kind);
    const storm = new Storm({ database: database.options, secret: new Random(seed).text(40) }, 2, new Random(seed));
    try {
      await storm.start();
      for (let round = 0; round < rounds; round++) await storm.round();
      storm.checkDeaths();
      expect(storm.seen).toMatchObject({ round: rounds });
    } catch (error) {
      throw new Error(`STORM_SEED=${seed}, after ${JSON.stringify(storm.seen)}`, { cause: error });
    } finally {
      await storm.stop();
      await database.drop();
    }
  });
});
