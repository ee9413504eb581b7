import type { DataSource, EntityManager } from 'typeorm';

/**
 * Do the work on one connection to the primary: a replica that lags would not know the newest revocation,
 * nor the newest refresh token.
 *
 * On SQLite all of TypeORM shares one connection: called while the application has a transaction open there, the
 * statements join it, and a rollback takes them back. Revoke after the commit.
 *
 * @throws Error that names the driver's code only. TypeORM's error holds the statement and its parameters, and would show
 *   them to every logger; that is also why it is not the `cause`.
 */
export async function onPrimary<T>(
  dataSource: DataSource,
  kept: 'revocations' | 'sessions' | 'signing keys' | 'OAuth flows' | 'OAuth grants' | 'OAuth links',
  work: (db: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await untilUnlocked(() => work(runner.manager), 10);
  } catch (error) {
    // oxlint-disable-next-line preserve-caught-error -- see @throws
    throw new Error(`The store of ${kept} failed: ${driverCode(error) ?? errorName(error)}`);
  } finally {
    await runner.release();
  }
}

/** The database ended one of two statements that waited for each other, and took it back whole: MySQL, PostgreSQL (two). */
const deadlockCodes = new Set(['ER_LOCK_DEADLOCK', '40P01', '40001']);

/** Safe to do again: `work` ends with the first statement that changes anything. */
async function untilUnlocked<T>(work: () => Promise<T>, attempts: number): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (attempts <= 1 || !deadlockCodes.has(driverCode(error) ?? '')) throw error;
    return untilUnlocked(work, attempts - 1);
  }
}

/** The database's word for what went wrong, such as `23505` or `ER_DUP_ENTRY`, when there is one. */
export function driverCode(error: unknown): string | undefined {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const word = driverError?.code ?? code;
  // a driver that puts prose in its code could put a value there
  return typeof word === 'string' && /^\w{1,64}$/.test(word) ? word : undefined;
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}
