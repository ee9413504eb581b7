import { ask, start, stop, type Child } from '../../child.js';
import { withDatabase } from '../../session/engines.js';
import { median } from '../../statistics.js';
import { readable, table } from '../../table.js';
import { withoutSchema, type OAuthApplicationOptions } from '../application.js';
import { Dancer, freePort } from '../dancer.js';
import type { ProviderAddress } from '../provider.process.js';

const warmUps = 50;
const dances = 200;

/** Milliseconds of the processor that an application uses for a log-in, from its start to its end; in the median, by the round. */
export async function measureDance(rounds: number, provider: ProviderAddress): Promise<number[]> {
  const medians: number[] = [];
  for (let round = 0; round < rounds; round++) {
    medians.push(
      await withDatabase('sqlite', async (database) => {
        const port = await freePort();
        const options: OAuthApplicationOptions = { database: withoutSchema(database.options), provider, port };
        const application = await start('oauth/dance/dance.process.js', [JSON.stringify(options)]);
        const used = await danceAgainAndAgain(application, `http://127.0.0.1:${port}`);
        await stop(application);
        return median(used) / 1000;
      }),
    );
  }
  console.log(`${table(['a log-in with OpenID Connect', 'CPU ms'], [['median of 200', readable(median(medians))]])}\n`);
  return medians;
}

async function danceAgainAndAgain(application: Child<unknown>, origin: string): Promise<number[]> {
  const used: number[] = [];
  let before = await ask<number>(application);
  for (let dance = -warmUps; dance < dances; dance++) {
    await new Dancer().dance(origin, 'corp');
    const after = await ask<number>(application);
    if (dance >= 0) used.push(after - before);
    before = after;
  }
  return used;
}
