/* oxlint-disable no-await-in-loop -- one round after the other is what these tests are about */
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { SystemClock } from 'nest-latchkey';
import { oauth2Provider } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { typeormStores } from 'nest-latchkey/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Browser, nextOf } from '../oauth/browser.js';
import { grantsOn, testKey, type ProcessGrants } from '../oauth/grants-on-store.js';
import { finderOf, reachableDatabases } from '../stores/databases.js';
import { authEntities, authMigrations } from '../../libs/auth/src/typeorm/entities.js';
import { createDatabase, type SharedDatabase } from './database.js';
import { GrantProcess, removeBundle } from './grant-process.js';

jest.setTimeout(120_000);

const ada = { kind: 'user', id: 'ada' } as const;

afterAll(removeBundle);

describe.each(await reachableDatabases())('four processes with one grant on $name', (kind) => {
  let provider: LoopbackProvider;
  let database: SharedDatabase;
  let dataSource: DataSource;
  let own: ProcessGrants;
  let processes: GrantProcess[] = [];

  beforeAll(async () => {
    provider = await LoopbackProvider.start({ login: 'alice' });
    database = await createDatabase(kind);
    const options = { ...database.options, entities: authEntities, migrations: authMigrations };
    dataSource = await new DataSource(options as unknown as DataSourceOptions).initialize();
    const store = typeormStores().create(finderOf(dataSource)).oauthGrants!;
    own = grantsOn(store, { providers: [oauth2Provider('forge', provider.oauth2)] }, new SystemClock());
  });
  beforeEach(async () => {
    provider.reset();
  });
  afterEach(() => Promise.all(processes.map((one) => one.kill())));
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
    await provider.stop();
  });

  /** Whose access token has ended, by our clock. */
  async function expiredGrant(): Promise<void> {
    const { access_token: accessToken, refresh_token: refreshToken } = await consent(provider);
    await own.grants.put(ada, 'forge', { subject: 'alice', tokens: { accessToken, refreshToken, expiresAt: 1 } });
    provider.reset();
  }
  /** @param timeout seconds; a lease is five longer. */
  async function start(timeout: number): Promise<void> {
    const options = { database: database.options, key: testKey, provider: provider.oauth2, timeout };
    processes = await Promise.all(Array.from({ length: 4 }, () => GrantProcess.start(options)));
  }
  const refreshes = () => provider.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;

  it('O36 OC-18 make one refresh of 200 calls, and all succeed, in three rounds', async () => {
    await start(10);
    for (let round = 0; round < 3; round++) {
      await expiredGrant();
      const answers = (await Promise.all(processes.map((one) => one.calls(50)))).flat();
      expect(answers).toEqual(Array.from({ length: 200 }, () => 'alice'));
      expect(refreshes()).toBe(1);
    }
  });

  it('O36 OC-18 go on when the one that refreshes is killed before the provider has heard of it', async () => {
    await start(3);
    await expiredGrant();
    // the provider has its request, and answers nothing before it is dead
    provider.fail('token', { kind: 'silent', times: 1 });
    const holder = processes[0]!.calls(5);
    while (provider.count('token') === 0) await wait(10);
    await processes[0]!.kill();
    expect(await holder).toBeUndefined();
    const answers = (await Promise.all(processes.slice(1).map((one) => one.calls(10)))).flat();
    expect(answers).toEqual(Array.from({ length: 30 }, () => 'alice'));
    expect(refreshes()).toBe(2);
  });

  it('O36 end in needs_reauth, and hang nowhere, when it is killed after the provider has rotated', async () => {
    await start(3);
    await expiredGrant();
    provider.fail('token', { kind: 'slow', seconds: 0.8, times: 1 });
    const holder = processes[0]!.calls(5);
    while (provider.count('token') === 0) await wait(10);
    await wait(100);
    await processes[0]!.kill();
    expect(await holder).toBeUndefined();
    const answers = (await Promise.all(processes.slice(1).map((one) => one.calls(10)))).flat();
    expect(answers).toEqual(Array.from({ length: 30 }, () => 'oauth_reauth_required'));
    expect(processes.flatMap(({ events }) => events)).toEqual(['oauth.reauth_required']);
    expect(await own.grants.find('forge', ada)).toMatchObject({ status: 'needs_reauth' });
  });
});

/** What somebody's consent gives, without an application. */
async function consent(provider: LoopbackProvider): Promise<{ access_token: string; refresh_token: string }> {
  const redirectUri = 'https://app.example.com/login/forge/authorized';
  const { clientId, clientSecret } = provider.oauth2 as { clientId: string; clientSecret: string };
  const url = new URL(provider.urlOf('authorization'));
  const codeVerifier = 'a'.repeat(43);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier));
  const query = {
    ...{
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      state: 'x',
      scope: 'profile offline_access',
    },
    ...{ code_challenge: Buffer.from(digest).toString('base64url'), code_challenge_method: 'S256' },
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const code = nextOf(await new Browser().visit(url))!.searchParams.get('code')!;
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier };
  const authorization = `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(clientSecret).replaceAll('%20', '+')}`).toString('base64')}`;
  const answer = await fetch(provider.urlOf('token'), {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { authorization },
  });
  return (await answer.json()) as { access_token: string; refresh_token: string };
}
