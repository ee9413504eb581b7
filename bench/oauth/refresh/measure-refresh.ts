import { ask, start, stop, type Child } from '../../child.js';
import { withDatabase } from '../../session/engines.js';
import { table } from '../../table.js';
import { ada, grantsOf, oauthApplication, withoutSchema, type OAuthApplicationOptions } from '../application.js';
import { Dancer, freePort } from '../dancer.js';
import type { ProviderAddress } from '../provider.process.js';
import type { RefreshAnswer } from './refresh.process.js';

export interface RefreshMeasured {
  /** Refreshes at the provider: of 30 calls at once in a process, and of 8 processes with 200 each. */
  readonly inProcess: readonly number[];
  readonly amongProcesses: readonly number[];
  /** Calls that did not succeed. */
  readonly failed: number;
}

/** An access token that has ended, and how often the provider is asked for another. */
export async function measureRefresh(rounds: number, provider: Child<ProviderAddress>): Promise<RefreshMeasured> {
  return withDatabase('postgres', async (database) => {
    const at = async (): Promise<OAuthApplicationOptions> => ({
      ...{ database: withoutSchema(database.options), provider: provider.message, port: await freePort() },
    });
    const own = await at();
    const application = await oauthApplication(own);
    const origin = `http://127.0.0.1:${own.port}`;
    const expire = async () => {
      await new Dancer().dance(origin, 'forge');
      const { tokens } = (await grantsOf(application).find('forge', { kind: 'user', id: 'forge:alice' }))!;
      await grantsOf(application).put(ada, 'forge', { subject: 'alice', tokens: { ...tokens, expiresAt: 1 } });
      await ask(provider);
    };
    const processes = await Promise.all(
      Array.from({ length: 8 }, async () => start('oauth/refresh/refresh.process.js', [JSON.stringify(await at())])),
    );
    const measured = { inProcess: [] as number[], amongProcesses: [] as number[], failed: 0 };
    const failures: string[] = [];
    const round = async (asked: readonly Child<unknown>[], calls: number) => {
      await expire();
      const answers = await Promise.all(asked.map((one) => ask<RefreshAnswer>(one, { calls })));
      failures.push(...answers.flatMap((answer) => answer.failures));
      return ask<number>(provider);
    };
    for (let index = 0; index < rounds; index++) {
      measured.inProcess.push(await round(processes.slice(0, 1), 30));
      measured.amongProcesses.push(await round(processes, 200));
    }
    await Promise.all(processes.map(stop));
    await application.close();
    const row = (name: string, values: readonly number[]) => [name, String(Math.max(...values))];
    const rows = [
      row('30 calls in a process', measured.inProcess),
      row('8 processes × 200 calls', measured.amongProcesses),
    ];
    console.log(`${table(['an ended access token', 'refreshes at the provider'], rows)}\n`);
    console.log(`calls that failed: ${failures.length} ${[...new Set(failures)].join(' ')}\n`);
    return { ...measured, failed: failures.length };
  });
}
