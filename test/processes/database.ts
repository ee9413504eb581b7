import { DataSource } from 'typeorm';
import type { DatabaseKind } from '../stores/databases.js';

/** An empty database with its tables, as processes are told of it. */
export interface SharedDatabase {
  /** DataSourceOptions without what no text can hold. */
  readonly options: Readonly<Record<string, unknown>>;
  drop(): Promise<void>;
}

export async function createDatabase(kind: DatabaseKind): Promise<SharedDatabase> {
  const database = await kind.create();
  const dataSource = await new DataSource(database.options).initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
  const { entities: _entities, migrations: _migrations, ...options } = database.options;
  return { options, drop: () => database.drop() };
}
