import { sessionApplication, type SessionApplication } from '../application.js';
import { withDatabase, type Bare, type BenchDatabase, type EngineName } from '../engines.js';
import { Recorder, type Statement } from '../recorder.js';

/** What the process measured, by the round. */
export interface Measured {
  /** Rotations per second through AuthService, and through the driver alone. */
  readonly service: number[];
  readonly bare: number[];
  /** Statements of a refresh: of a token whose child was used, and of a child that was not yet used. */
  readonly used: number;
  readonly pending: number;
}

/** So many that a session comes again a few milliseconds later: two moves of its branch never fall into one millisecond. */
const sessions = 200;
const turnsPerRound = 5;
const turnMilliseconds = 300;

const [engine, rounds] = process.argv.slice(2) as [EngineName, string];
const measured = await withDatabase(engine, (database) => withDatabase(engine, (twin) => measure(database, twin)));
process.send!(measured, () => process.exit());

/**
 * Rotations through the service on one database; then the very statements they sent, through the bare driver on its twin,
 * which is in the same state. In short turns, one after the other.
 */
async function measure(database: BenchDatabase, twin: BenchDatabase): Promise<Measured> {
  await (await sessionApplication(twin.options)).context.close();
  const recorder = new Recorder();
  const application = await sessionApplication({ ...database.options, logging: ['query'], logger: recorder });
  const bare = await twin.bare();
  recorder.take();
  try {
    const rotate = await rotations(application);
    await replay(bare, recorder.take());
    const counted = await countStatements(application, recorder);
    await replay(bare, recorder.take());
    return { ...(await alternate(rotate, recorder, bare)), ...counted };
  } finally {
    await bare.close();
    await application.context.close();
  }
}

async function alternate(rotate: () => Promise<void>, recorder: Recorder, bare: Bare) {
  const service: number[] = [];
  const driver: number[] = [];
  for (let round = -1; round < Number(rounds); round++) {
    const spent = { rotations: 0, service: 0, bare: 0 };
    for (let turn = 0; turn < turnsPerRound; turn++) {
      const start = performance.now();
      for (let now = start; now < start + turnMilliseconds; now = performance.now()) {
        await rotate();
        spent.rotations++;
      }
      spent.service += performance.now() - start;
      spent.bare += await replay(bare, recorder.take());
    }
    if (round < 0) continue; // the compiler sees both
    service.push((spent.rotations / spent.service) * 1000);
    driver.push((spent.rotations / spent.bare) * 1000);
  }
  return { service, bare: driver };
}

/** @returns milliseconds */
async function replay(bare: Bare, statements: readonly Statement[]): Promise<number> {
  const start = performance.now();
  for (const { sql, parameters } of statements) await bare.run(sql, parameters);
  return performance.now() - start;
}

/** One rotation of the next session: its refresh token, which was never used, becomes the current one and gets a child. */
async function rotations({ auth }: SessionApplication): Promise<() => Promise<void>> {
  const tokens: string[] = [];
  for (let index = 0; index < sessions; index++) {
    tokens.push((await auth.createSession(`user ${index}`, { scope: { admin: true } })).refresh_token);
  }
  let next = 0;
  return async () => {
    const index = next++ % sessions;
    tokens[index] = (await auth.refreshSession(tokens[index]!)).refresh_token;
  };
}

/** As a browser does it: refresh, use the access token, refresh again; and once more without the use between. */
async function countStatements({ auth }: SessionApplication, recorder: Recorder) {
  const first = await auth.createSession('somebody');
  const second = await auth.refreshSession(first.refresh_token);
  await auth.verify(second.access_token);
  const before = recorder.take();
  const third = await auth.refreshSession(second.refresh_token);
  const used = recorder.take();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await auth.refreshSession(third.refresh_token);
  const pending = recorder.take();
  // the twin sees them too
  for (const { sql, parameters } of [...before, ...used, ...pending]) recorder.logQuery(sql, parameters);
  return { used: used.length, pending: pending.length };
}
