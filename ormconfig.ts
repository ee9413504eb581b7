import { DataSource } from 'typeorm';
import { databaseOptions } from './src/database.js';

/**
 * For TypeORM's command line: `node --import tsx node_modules/typeorm/cli.js -d ormconfig.ts migration:run`.
 *
 * The schema is made by migrations, never by `synchronize`: that may drop a column together with what it holds.
 */
export default new DataSource({
  ...databaseOptions(process.env.DATABASE_URL ?? 'sqlite:./data/app.sqlite'),
  synchronize: false,
  migrationsRun: false,
});
