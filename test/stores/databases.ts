import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceFinder } from 'nest-latchkey';
import { authEntities, authMigrations } from 'nest-latchkey/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** An empty database of its own, for one test. */
export interface TestDatabase {
  readonly options: DataSourceOptions;
  drop(): Promise<void>;
}

/** A kind of database, and how to make an empty one of it. */
export interface DatabaseKind {
  readonly name: string;
  create(): Promise<TestDatabase>;
}

const schema = { entities: authEntities, migrations: authMigrations };

export const sqlite: DatabaseKind = {
  name: 'SQLite',
  async create() {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-stores-'));
    const database = join(folder, 'test.sqlite');
    return {
      options: { ...schema, type: 'better-sqlite3', database, enableWAL: true, timeout: 5_000 },
      drop: async () => rmSync(folder, { recursive: true }),
    };
  },
};

/** Databases of the server behind a URL, made and dropped by its own commands. */
function server(name: string, variable: string, fallback: string, optionsOf: (url: string) => DataSourceOptions) {
  const address = process.env[variable] ?? fallback;

  async function command(sql: string): Promise<void> {
    const dataSource = await new DataSource(optionsOf(address)).initialize();
    try {
      await dataSource.query(sql);
    } finally {
      await dataSource.destroy();
    }
  }

  const kind: DatabaseKind = {
    name,
    async create() {
      const database = `latchkey_${randomUUID().replaceAll('-', '')}`;
      await command(`CREATE DATABASE ${database}`);
      const url = new URL(address);
      url.pathname = database;
      return {
        options: { ...optionsOf(url.href), ...schema } as DataSourceOptions,
        drop: () => command(`DROP DATABASE ${database}`),
      };
    },
  };
  return { kind, variable, isThere: () => command('SELECT 1') };
}

const servers = [
  server('PostgreSQL', 'TEST_POSTGRES_URL', 'postgres://postgres@127.0.0.1:5432/postgres', (url) => ({
    ...{ type: 'postgres', url, connectTimeoutMS: 2_000 },
  })),
  server('MariaDB', 'TEST_MYSQL_URL', 'mariadb://root@127.0.0.1:3306/test', (url) => ({
    ...{ type: 'mariadb', url: url.replace(/^mysql:/, 'mariadb:'), charset: 'utf8mb4', connectTimeout: 2_000 },
    extra: { stringifyObjects: true },
  })),
];

/**
 * SQLite, and the servers that can be reached. Others are left out, which is said; with `CI=true`, or when a variable names
 * one, none may be missing.
 *
 * @throws Error naming the variable.
 */
export async function reachableDatabases(): Promise<DatabaseKind[]> {
  const found = [sqlite];
  for (const { kind, variable, isThere } of servers) {
    try {
      await isThere();
      found.push(kind);
    } catch (error) {
      const problem = `${kind.name} cannot be reached (${(error as { code?: string }).code}): start it, or set ${variable}`;
      if (process.env['CI'] === 'true' || process.env[variable] !== undefined)
        throw new Error(problem, { cause: error });
      console.warn(`LEFT OUT: ${problem}`);
    }
  }
  return found;
}

/** Two DataSources on one new database, as two processes have them; the migrations have run. */
export async function openTwice(kind: DatabaseKind, more: Partial<DataSourceOptions> = {}): Promise<OpenedTwice> {
  const database = await kind.create();
  const options = { ...database.options, ...more } as DataSourceOptions;
  const one = await new DataSource(options).initialize();
  await one.runMigrations();
  const two = await new DataSource(options).initialize();
  return {
    dataSources: [one, two],
    async close() {
      await Promise.all([one.destroy(), two.destroy()]);
      await database.drop();
    },
  };
}

export interface OpenedTwice {
  readonly dataSources: readonly [DataSource, DataSource];
  close(): Promise<void>;
}

/** Take every table away again. */
export async function undoMigrations(dataSource: DataSource): Promise<void> {
  for (let undone = 0; undone < authMigrations.length; undone++) await dataSource.undoLastMigration();
}

/** Where `typeormStores()` looks for its DataSource. */
export function finderOf(dataSource: DataSource): InstanceFinder {
  return { get: <T>() => dataSource as T };
}
