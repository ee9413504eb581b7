import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import { authEntities, authMigrations } from 'nest-latchkey/typeorm';
import { Client } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { uuidOf } from './scale/fill.js';

/** What sessions are kept in; the name begins the figures. */
export const engineNames = ['sqlite', 'postgres', 'mariadb'] as const;
export type EngineName = (typeof engineNames)[number];

/** An empty database of its own. */
export interface BenchDatabase {
  readonly options: DataSourceOptions;
  /** A connection of the driver that TypeORM takes, without TypeORM. */
  bare(): Promise<Bare>;
  drop(): Promise<void>;
}

/** The least there is between a program and its database. */
export interface Bare {
  /** A statement as TypeORM sends it: SQLite's prepared once, a parametrised one on PostgreSQL, values written in on MariaDB. */
  run(sql: string, parameters: unknown[]): unknown;
  close(): unknown;
}

/** The servers are those of the tests, see `test/stores/databases.ts`. */
export const engines: Record<EngineName, () => Promise<BenchDatabase>> = {
  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
    const database = join(folder, 'bench.sqlite');
    return {
      options: { ...schema, type: 'better-sqlite3', database, enableWAL: true, timeout: 5_000 },
      bare: async () => bareSqlite(database),
      drop: () => rm(folder, { recursive: true }),
    };
  },
  postgres: () =>
    serverDatabase(process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres', barePostgres, {
      type: 'postgres',
    }),
  mariadb: () =>
    serverDatabase(process.env['TEST_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/test', bareMysql, {
      type: 'mariadb',
      charset: 'utf8mb4',
    }),
};

/** The options of a PostgreSQL that another process has made. */
export function postgresAt(url: string): DataSourceOptions {
  return { ...schema, type: 'postgres', url };
}

/** Do something with an empty database, and drop it. */
export async function withDatabase<T>(engine: EngineName, work: (database: BenchDatabase) => Promise<T>): Promise<T> {
  const database = await engines[engine]();
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

const schema = { entities: authEntities, migrations: authMigrations, migrationsRun: true };

async function serverDatabase(
  address: string,
  bare: (url: string) => Promise<Bare>,
  options: { type: 'postgres' } | { type: 'mariadb'; charset: string },
): Promise<BenchDatabase> {
  const name = `latchkey_bench_${randomUUID().replaceAll('-', '')}`;
  const command = async (sql: string): Promise<void> => {
    const connection = await bare(address);
    await connection.run(sql, []);
    await connection.close();
  };
  await command(`CREATE DATABASE ${name}`);
  const url = new URL(address);
  url.pathname = name;
  return {
    options: { ...schema, ...options, url: url.href.replace(/^mysql:/, 'mariadb:') } as DataSourceOptions,
    bare: () => bare(url.href),
    drop: () => command(`DROP DATABASE ${name}`),
  };
}

function bareSqlite(file: string): Bare {
  const database = new Sqlite(file, { timeout: 5_000 });
  database.pragma('journal_mode = WAL');
  // SQLite has no hash of its own, see scale/fill.ts
  database.function('uuid_of', { deterministic: true }, (text) => uuidOf(String(text)));
  const prepared = new Map<string, Sqlite.Statement>();
  const prepare = (sql: string): Sqlite.Statement => {
    const statement = database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    run: (sql, parameters) => {
      const statement = prepared.get(sql) ?? prepare(sql);
      return statement.reader ? statement.all(...parameters) : statement.run(...parameters);
    },
    close: () => database.close(),
  };
}

async function barePostgres(connectionString: string): Promise<Bare> {
  const client = new Client({ connectionString });
  await client.connect();
  return { run: (sql, parameters) => client.query(sql, parameters), close: () => client.end() };
}

async function bareMysql(uri: string): Promise<Bare> {
  const options = { charset: 'utf8mb4', supportBigNumbers: true, bigNumberStrings: true, stringifyObjects: true };
  const connection = await createConnection({ uri: uri.replace(/^mariadb:/, 'mysql:'), ...options });
  return { run: (sql, parameters) => connection.query(sql, parameters), close: () => connection.end() };
}
