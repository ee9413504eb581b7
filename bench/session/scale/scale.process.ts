import {
  RefreshTokenEntity,
  RefreshUseEntity,
  RevocationEntity,
  SessionEntity,
  typeormStores,
} from 'nest-latchkey/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { median } from '../../statistics.js';
import { sessionApplication, type SessionApplication } from '../application.js';
import { withDatabase, type Bare, type BenchDatabase, type EngineName } from '../engines.js';
import { Recorder } from '../recorder.js';
import { analyse, fillExpiredRevocations, filledToken, fillSessions, withoutIndexes } from './fill.js';
import { Stopwatch, type Slowest } from './stopwatch.js';

/** What one engine answered. Times in milliseconds, by the round. */
export interface Measured {
  readonly few: number[];
  readonly many: number[];
  /** Statements that write to the sessions when all those of a subject are ended. */
  readonly revokeWrites: number;
  /** The slowest statement of the clean-up, and its first words. */
  readonly cleanup: Slowest[];
  /** Refreshes per second of 16 clients at once, among 1,000,000 sessions. */
  readonly perSecond: number;
  /** Bytes of each table and each index, where the engine tells. */
  readonly sizes: Record<string, number>;
}

const few = 1_000;
const many = 1_000_000;
const samplesPerRound = 60;
const clients = 16;
const batchesPerRound = 20;
/** As SessionCleanup and RevocationList have it. */
const batchOfSessions = 50;
const batchOfRevocations = 100;
const year = 365 * 86_400_000;

const [engine, rounds] = process.argv.slice(2) as [EngineName, string];
const measured = await withDatabase(engine, (small) => withDatabase(engine, (large) => measure(small, large)));
process.send!(measured, () => process.exit());

async function measure(small: BenchDatabase, large: BenchDatabase): Promise<Measured> {
  const recorder = new Recorder();
  const application = {
    small: await sessionApplication(small.options),
    large: await sessionApplication({ ...large.options, logging: ['query'], logger: recorder }),
  };
  try {
    await fillLive(small, application.small, few);
    await fillLive(large, application.large, many);
    const sizes = engine === 'postgres' ? await onBare(large, sizesOf) : {};
    const cost = await alternate(
      (token) => application.small.auth.refreshSession(token),
      (token) => application.large.auth.refreshSession(token),
    );
    const perSecond = await throughput((token) => application.large.auth.refreshSession(token));
    recorder.take();
    await application.large.auth.revokeSessions({ subject: 'user 1' });
    const revokeWrites = recorder.take().filter(({ sql }) => /^(UPDATE|INSERT|DELETE)/.test(sql)).length;
    return { ...cost, sizes, perSecond, revokeWrites, cleanup: await measureCleanup(large) };
  } finally {
    await application.small.context.close();
    await application.large.context.close();
  }
}

async function fillLive(database: BenchDatabase, { context }: SessionApplication, count: number): Promise<void> {
  await onBare(database, async (bare) => {
    const entities = [SessionEntity, RefreshTokenEntity];
    await withoutIndexes(context.get(DataSource), entities, () => fillSessions(bare, engine, count));
    await analyse(bare, engine);
  });
}

async function onBare<T>(database: BenchDatabase, work: (bare: Bare) => Promise<T>): Promise<T> {
  const bare = await database.bare();
  try {
    return await work(bare);
  } finally {
    await bare.close();
  }
}

type Refresh = (token: string) => Promise<unknown>;

/** One refresh here, one there; each session once, spread over all of them: no row is warm. */
async function alternate(ofFew: Refresh, ofMany: Refresh): Promise<{ few: number[]; many: number[] }> {
  const cost = { few: [] as number[], many: [] as number[] };
  let sample = 0;
  for (let round = -1; round < Number(rounds); round++) {
    const times = { few: [] as number[], many: [] as number[] };
    for (const end = sample + samplesPerRound; sample < end; sample++) {
      times.few.push(await timed(() => ofFew(filledToken((sample % few) + 1))));
      times.many.push(await timed(() => ofMany(filledToken(((sample * 7919) % many) + 1))));
    }
    if (round < 0) continue; // the compiler and the connections warm up
    cost.few.push(median(times.few));
    cost.many.push(median(times.many));
  }
  return cost;
}

/** Other sessions than the rounds took, each once. */
async function throughput(refresh: Refresh): Promise<number> {
  const start = performance.now();
  let next = 1;
  const client = async (): Promise<void> => {
    while (performance.now() < start + 5_000) await refresh(filledToken(many - ((next++ * 104_729) % (many / 2))));
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (next / (performance.now() - start)) * 1000;
}

/** For the sessions a year has gone by, so that all have expired. */
async function measureCleanup(database: BenchDatabase): Promise<Measured['cleanup']> {
  const stopwatch = new Stopwatch();
  const dataSource = await new DataSource({
    ...database.options,
    ...stopwatch.options,
  } as DataSourceOptions).initialize();
  try {
    await onBare(database, async (bare) => {
      const entities = [RevocationEntity, RefreshUseEntity];
      await withoutIndexes(dataSource, entities, () => fillExpiredRevocations(bare, engine, many));
      await analyse(bare, engine);
    });
    const { sessions, revocations } = typeormStores().create({ get: <T>() => dataSource as T });
    const slowest: Slowest[] = [];
    for (let round = 0; round < Number(rounds); round++) {
      stopwatch.reset();
      for (let batch = 0; batch < batchesPerRound; batch++) {
        await sessions!.prune(Date.now() + year, batchOfSessions);
        await revocations!.prune(Date.now(), batchOfRevocations);
      }
      slowest.push(stopwatch.slowest);
    }
    return slowest;
  } finally {
    await dataSource.destroy();
  }
}

async function sizesOf(bare: Bare): Promise<Record<string, number>> {
  const { rows } = (await bare.run(
    `SELECT relation.relname || CASE WHEN indisprimary THEN ' of ' || owner.relname ELSE '' END AS name,
       pg_relation_size(relation.oid) AS bytes
     FROM pg_class relation
     LEFT JOIN pg_index ON indexrelid = relation.oid
     LEFT JOIN pg_class owner ON owner.oid = indrelid
     WHERE COALESCE(owner.relname, relation.relname) IN ('auth_session', 'auth_refresh_token')
     ORDER BY COALESCE(owner.relname, relation.relname) DESC, indrelid IS NOT NULL, 1`,
    [],
  )) as { rows: { name: string; bytes: string }[] };
  return Object.fromEntries(rows.map(({ name, bytes }) => [name.replace(/^PK_\w+/, 'primary key'), Number(bytes)]));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
