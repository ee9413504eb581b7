import type { DataSource, QueryRunner } from 'typeorm';
import { MigrationExecutor } from 'typeorm';
import type { StoreCondition } from '../stores/auth-stores.js';
import { authEntities, authMigrations } from './entities.js';
import { driverCode } from './on-primary.js';

/** Are the tables there, were the migrations run, and which time is it there? Reads no row. */
export async function examineDatabase(dataSource: DataSource): Promise<StoreCondition> {
  const runner = dataSource.createQueryRunner('master');
  try {
    const pending = await pendingMigrations(dataSource, runner);
    const problems = pending.length > 0 ? pending : await missingTables(dataSource, runner);
    return { clock: await clockOf(dataSource, runner), problems };
  } catch (error) {
    // TypeORM's error holds the statement
    const code = driverCode(error) ?? 'no answer';
    // oxlint-disable-next-line preserve-caught-error -- see above
    throw new Error(`the database cannot be asked (${code})`);
  } finally {
    await runner.release();
  }
}

async function pendingMigrations(dataSource: DataSource, runner: QueryRunner): Promise<string[]> {
  const known = new Set(dataSource.migrations.map(({ constructor }) => constructor));
  if (!authMigrations.every((migration) => known.has(migration)))
    return ['the DataSource lacks authMigrations: add them to its migrations'];
  // asked for what was run, TypeORM makes its table
  const wasEverRun = await runner.hasTable(dataSource.options.migrationsTableName ?? 'migrations');
  const pending = wasEverRun
    ? await new MigrationExecutor(dataSource, runner).getPendingMigrations()
    : dataSource.migrations.map(({ name, constructor }) => ({ name: name ?? constructor.name }));
  if (pending.length === 0) return [];
  return [`migrations were not run: ${pending.map(({ name }) => name).join(', ')}; run them`];
}

async function missingTables(dataSource: DataSource, runner: QueryRunner): Promise<string[]> {
  const problems: string[] = [];
  for (const entity of authEntities) {
    const { tableName } = dataSource.getMetadata(entity);
    try {
      await runner.manager.createQueryBuilder(entity, 'row').where('1 = 0').getMany();
    } catch (error) {
      problems.push(`the table ${tableName} cannot be read (${driverCode(error) ?? 'no code'}): run the migrations`);
    }
  }
  return problems;
}

const clocks: Readonly<Record<string, string>> = {
  postgres: 'SELECT EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS now',
  mysql: 'SELECT UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS now',
  mariadb: 'SELECT UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS now',
};

/** A file has the clock of this machine. */
async function clockOf({ options }: DataSource, runner: QueryRunner): Promise<number | undefined> {
  const statement = clocks[options.type];
  if (statement === undefined) return undefined;
  const [row] = (await runner.query(statement)) as [{ now: string | number }];
  return Number(row.now);
}
