import { AuthRevocation1785542400000 } from './migrations/1785542400000-auth-revocation.js';
import { RefreshUseEntity } from './refresh-use.entity.js';
import { RevocationEntity } from './revocation.entity.js';

/** For `entities` of the DataSource, beside the application's own. */
export const authEntities = [RevocationEntity, RefreshUseEntity];

/** For `migrations` of the DataSource, oldest first. They work on SQLite, PostgreSQL, MySQL and MariaDB. */
export const authMigrations = [AuthRevocation1785542400000];
