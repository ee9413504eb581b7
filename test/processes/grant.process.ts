/** The grants of an application as a process of its own: asks an API for ada, so many times at once as the test says. */
import { SystemClock, type AuthError } from 'nest-latchkey';
import { OAuthGrants } from '../../libs/auth/src/oauth/grants/oauth-grants.js';
import { OAuthListeners } from '../../libs/auth/src/oauth/events/oauth-listeners.js';
import { resolveOAuthOptions } from '../../libs/auth/src/oauth/oauth.options.js';
import { ProviderSources } from '../../libs/auth/src/oauth/provider-sources.js';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { GrantProcessOptions } from './grant-process.js';

const options = JSON.parse(process.argv[2]!) as GrantProcessOptions;
const database = options.database as unknown as DataSourceOptions;
const dataSource = await new DataSource({
  ...database,
  entities: authEntities,
  migrations: authMigrations,
} as DataSourceOptions).initialize();
const clock = new SystemClock();
const settings = resolveOAuthOptions(
  {
    providers: [{ kind: 'oauth2', name: 'forge', ...options.provider }],
    encryptionKeys: [options.key],
    timeout: options.timeout,
  },
  'https://app.example.com',
  clock,
);
const events: string[] = [];
const grants = new OAuthGrants({
  ...{ settings, clock, listeners: new OAuthListeners(), sources: new ProviderSources(settings, clock) },
  store: typeormStores().create({ get: <T>() => dataSource as T }).oauthGrants!,
  transport: undefined as never,
  emit: (name) => void events.push(name),
  startUrl: (name) => `https://app.example.com/login/${name}`,
});

async function calls(count: number): Promise<string[]> {
  const client = grants.client('forge', { kind: 'user', id: 'ada' });
  const results = await Promise.allSettled(Array.from({ length: count }, () => client.json<{ id: string }>('me')));
  return results.map((one) => (one.status === 'fulfilled' ? one.value.id : (one.reason as AuthError).code));
}

process.on('message', ({ id, count }: { id: number; count: number }) => {
  void calls(count).then((answers) => process.send!({ id, answers, events }));
});
process.on('disconnect', () => process.exit());
process.send!({ ready: true });
