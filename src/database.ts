import { dirname } from 'node:path';
import { authEntities, authMigrations } from 'nest-latchkey/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { AppUser } from './users/app-user.entity.js';
import { CreateAppUser1795132800000 } from './users/create-app-user.migration.js';

/**
 * The options of the database behind a URL: `sqlite:./data/app.sqlite`, `postgres://…` or `mysql://…`.
 *
 * Holds the entities and migrations of the application and of the library. Migrations run when the application starts; the
 * schema is never derived from the entities. PostgreSQL needs the package `pg`, MySQL and MariaDB need `mysql2`.
 */
export function databaseOptions(url: string): DataSourceOptions {
  const schema = {
    entities: [AppUser, ...authEntities],
    migrations: [CreateAppUser1795132800000, ...authMigrations],
    migrationsRun: true,
    synchronize: false,
  };
  const scheme = url.slice(0, url.indexOf(':'));
  switch (scheme) {
    case 'sqlite':
      // WAL: readers do not wait for the writer; a second writer waits for `timeout` milliseconds instead of failing at once
      return { ...schema, type: 'better-sqlite3', database: sqliteFile(url), enableWAL: true, timeout: 5_000 };
    case 'postgres':
    case 'postgresql':
      return { ...schema, type: 'postgres', url };
    case 'mysql':
    case 'mariadb':
      // without stringifyObjects an object that reaches a query as a parameter becomes SQL
      return { ...schema, type: scheme, url, charset: 'utf8mb4', extra: { stringifyObjects: true } };
    default:
      throw new TypeError('DATABASE_URL must begin with sqlite:, postgres:// or mysql://');
  }
}

/** The folder for files that belong to the database: the SQLite file's own; `./data` for a database elsewhere. */
export function databaseFolder(url: string): string {
  if (!url.startsWith('sqlite:') || sqliteFile(url) === ':memory:') return './data';
  return dirname(sqliteFile(url));
}

function sqliteFile(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, '');
}
