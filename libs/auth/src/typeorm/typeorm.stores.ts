import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuthConfigError } from '../auth.errors.js';
import type { AuthStores, InstanceFinder } from '../stores/auth-stores.js';
import { authEntities } from './entities.js';
import { examineDatabase } from './examine-database.js';
import { TypeormOAuthFlowStore } from './typeorm-oauth-flow.store.js';
import { TypeormOAuthGrantStore } from './typeorm-oauth-grant.store.js';
import { TypeormOAuthLinkStore } from './typeorm-oauth-link.store.js';
import { TypeormRevocationStore } from './typeorm-revocation.store.js';
import { TypeormSessionStore } from './typeorm-session.store.js';
import { TypeormSigningKeyStore } from './typeorm-signing-key.store.js';

export interface TypeormStoresOptions {
  /** The name of the DataSource, as `TypeOrmModule.forRoot({ name })` has it. Default: the one without a name. */
  dataSource?: string;
}

/**
 * Keep what must be remembered in the application's database: all processes see it, and it survives a restart.
 *
 * Does not create the tables: `authMigrations` do.
 *
 * @throws AuthConfigError, at the first use, when the DataSource is absent or does not know `authEntities`.
 */
export function typeormStores({ dataSource }: TypeormStoresOptions = {}): AuthStores {
  return {
    name: 'typeorm',
    durable: true,
    create: (instances) => {
      let found: DataSource | undefined;
      const find = () => (found ??= findDataSource(instances, dataSource));
      return {
        revocations: new TypeormRevocationStore(find),
        sessions: new TypeormSessionStore(find),
        signingKeys: new TypeormSigningKeyStore(find),
        oauthFlows: new TypeormOAuthFlowStore(find),
        oauthGrants: new TypeormOAuthGrantStore(find),
        oauthLinks: new TypeormOAuthLinkStore(find),
      };
    },
    examine: async (instances) => examineDatabase(findDataSource(instances, dataSource)),
  };
}

function findDataSource(instances: InstanceFinder, name: string | undefined): DataSource {
  const called = name === undefined ? 'the DataSource' : `the DataSource "${name}"`;
  const found = findInstance(instances, name);
  if (!found) throw misconfigured(`typeormStores() cannot find ${called}`);
  if (!authEntities.every((entity) => found.hasMetadata(entity))) {
    throw misconfigured(`${called} does not know the tables of Latchkey`);
  }
  return found;
}

function findInstance(instances: InstanceFinder, name: string | undefined): DataSource | undefined {
  try {
    return instances.get<DataSource | undefined>(getDataSourceToken(name), { strict: false });
  } catch {
    return undefined; // Nest throws for what it does not know
  }
}

function misconfigured(problem: string): AuthConfigError {
  return new AuthConfigError(
    'stores',
    `${problem}; import TypeOrmModule.forRoot({ entities: authEntities, migrations: authMigrations, ... }), ` +
      'beside the entities and migrations of your own',
  );
}
