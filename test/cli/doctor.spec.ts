import { jest } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, type AuthModuleOptions, type TrustedIssuerOptions } from 'nest-latchkey';
import { oauthLogin, type OAuthLoginOptions } from 'nest-latchkey/passport';
import { redisFanOut } from 'nest-latchkey/redis';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { checkClock } from '../../libs/auth/src/cli/doctor/check-clock.js';
import { examine } from '../../libs/auth/src/cli/doctor/doctor.js';
import type { Finding } from '../../libs/auth/src/cli/doctor/finding.js';
import { canRunRedis, RedisServer } from '../processes/redis-server.js';
import { reachableDatabases, sqlite, type TestDatabase } from '../stores/databases.js';

jest.setTimeout(60_000);

const jwt = { issuer: 'https://api.example.com', secret: 'kJ3v-9sQx_27LrTnWb8yZpEo5GhCdAuF' };
const started = { level: 'ok', subject: 'boot', text: 'the application starts: options, keys and routes hold' };
const forgetful = expect.objectContaining({ level: 'warn', subject: 'stores' }) as unknown as Finding;

const quiet = () => {};
const withMemory = (options: Partial<AuthModuleOptions> = {}) =>
  examine(AuthModule.forRoot({ jwt, ...options }), quiet);

/** An application with a database. */
function withDatabase(database: Partial<DataSourceOptions>, options: Partial<AuthModuleOptions> = {}) {
  const connection = TypeOrmModule.forRoot({ ...database, retryAttempts: 0 } as never);
  const auth = AuthModule.forRoot({ jwt, stores: typeormStores(), ...options });
  const root: DynamicModule = { ...auth, imports: [...(auth.imports ?? []), connection] };
  return examine(root, quiet);
}

describe('latchkey doctor', () => {
  it('finds an application that starts, and stores that forget', async () => {
    expect(await withMemory()).toEqual([started, forgetful]);
  });

  it('tells of an option that stops the start, and of none of its values', async () => {
    const findings = await withMemory({ jwt: { ...jwt, secret: 'too short by far' } });
    expect(findings).toEqual([
      { level: 'fail', subject: 'boot', text: expect.stringMatching(/^jwt\.secret: is shorter than 32 bytes/) },
    ]);
    expect(JSON.stringify(findings)).not.toContain('by far');
  });

  it('hands on what the module warns of at the start', async () => {
    const [, warning] = await withMemory({ transport: { locations: ['header', 'query'] } });
    expect(warning).toMatchObject({ level: 'warn', subject: 'boot', text: expect.stringContaining('tokens in URLs') });
  });
});

describe('latchkey doctor, of a database', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await sqlite.create();
  });
  afterEach(() => database.drop());

  it('finds the tables', async () => {
    expect(await withDatabase({ ...database.options, migrationsRun: true })).toEqual([
      started,
      { level: 'ok', subject: 'stores', text: 'typeorm: it answers, and its tables are there' },
    ]);
  });

  it('names the migrations that were not run, also where the application cannot start for that', async () => {
    const [boot, stores] = await withDatabase(database.options);
    expect(boot).toMatchObject({
      level: 'fail',
      subject: 'boot',
      text: 'the store cannot be asked: The store of revocations failed: SQLITE_ERROR',
    });
    expect(stores).toMatchObject({ level: 'fail', subject: 'stores' });
    expect(stores!.text).toMatch(/^migrations were not run: AuthRevocation\d+, AuthSession\d+, .*; run them$/);
  });

  it('names those that are new', async () => {
    await withDatabase({ ...database.options, migrations: [...authMigrations], migrationsRun: true });
    class Newer1999999999999 {
      name = 'Newer1999999999999';
      up = async () => {};
      down = async () => {};
    }
    const findings = await withDatabase({ ...database.options, migrations: [...authMigrations, Newer1999999999999] });
    expect(findings).toContainEqual({
      ...{ level: 'fail', subject: 'stores', text: 'migrations were not run: Newer1999999999999; run them' },
    });
  });

  it('misses migrations that the DataSource does not know', async () => {
    const findings = await withDatabase({ ...database.options, migrations: [], synchronize: true });
    expect(findings).toEqual([
      started,
      {
        ...{ level: 'fail', subject: 'stores' },
        text: 'the DataSource lacks authMigrations: add them to its migrations',
      },
    ]);
  });

  it('tells of entities that the DataSource does not know', async () => {
    const findings = await withDatabase({ ...database.options, entities: authEntities.slice(1) });
    expect(findings).toContainEqual({
      ...{ level: 'fail', subject: 'stores', text: expect.stringContaining('does not know the tables of Latchkey') },
    });
  });
});

const databases = (await reachableDatabases()).filter(({ name }) => name !== 'SQLite');

(databases.length > 0 ? describe.each(databases) : describe.skip.each([sqlite]))(
  'latchkey doctor, of $name',
  (kind) => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await kind.create();
    });
    afterAll(() => database.drop());

    it('finds its tables and its clock', async () => {
      const findings = await withDatabase({ ...database.options, migrationsRun: true });
      expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual(['ok boot', 'ok stores', 'ok clock']);
      expect(findings.at(-1)!.text).toMatch(/^the clock of the database is \d{1,3} ms (ahead|behind)$/);
    });
  },
);

describe('the clock of somewhere else', () => {
  it.each([
    [4_999, 'ok', /^the clock of Redis is 4999 ms ahead$/],
    [-5_000, 'ok', /^the clock of Redis is 5000 ms behind$/],
    [5_001, 'warn', /5001 ms ahead: keep clocks within 5 s \(jwt\.clockTolerance\), by NTP$/],
    [-60_000, 'warn', /60000 ms behind: keep clocks/],
    [60_001, 'fail', /60001 ms ahead: keep clocks/],
    [-60_001, 'fail', /60001 ms behind: keep clocks/],
  ])('that is %d ms off is %s', async (offset, level, text) => {
    // asking takes 200 ms, of which half has passed there
    let time = 1_000_000;
    const ask = async () => (time += 200) - 100 + offset;
    const finding = await checkClock('Redis', ask, { now: () => time, tolerance: 5 });
    expect(finding).toEqual({ level, subject: 'clock', text: expect.stringMatching(text) });
  });
});

(canRunRedis() ? describe : describe.skip)('latchkey doctor, of Redis', () => {
  it('finds its clock, and tells of one that is gone', async () => {
    const [redis, database] = [await RedisServer.start({ password: 'not to be told' }), await sqlite.create()];
    const look = () =>
      withDatabase({ ...database.options, migrationsRun: true }, { revocation: { fanOut: redisFanOut(redis.url) } });
    const findings = await look();
    await redis.stop();
    const [boot, ...more] = await look();
    await database.drop();

    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual(['ok boot', 'ok stores', 'ok clock']);
    expect(findings.at(-1)!.text).toMatch(/^the clock of Redis is \d{1,3} ms (ahead|behind)$/);
    expect(boot).toMatchObject({ level: 'fail', subject: 'boot' });
    expect(boot!.text).toMatch(/^revocation\.fanOut: Redis cannot be used \(ECONNREFUSED\): start it/);
    expect(more.map(({ level, subject }) => `${level} ${subject}`)).toEqual(['ok stores']);
    expect(JSON.stringify([boot, findings])).not.toContain('told');
  });
});

describe('latchkey doctor, of others', () => {
  let provider: LoopbackProvider;
  beforeEach(async () => {
    provider = await LoopbackProvider.start();
  });
  afterEach(() => provider.stop());

  it('fetches the keys of trusted issuers', async () => {
    const { issuer } = provider.oidc;
    const trusted: TrustedIssuerOptions = { issuer, discovery: true, audience: jwt.issuer, algorithms: ['RS256'] };
    const look = () => withMemory({ jwt: { ...jwt, trustedIssuers: [trusted] } });
    const subject = `issuer ${issuer}`;
    expect(await look()).toEqual([started, forgetful, { level: 'ok', subject, text: 'its keys can be fetched' }]);
    provider.fail('discovery', { kind: 'status', status: 404 });
    expect((await look()).at(-1)).toEqual({
      ...{ level: 'fail', subject },
      text: `the keys of ${issuer} cannot be fetched: the issuer answered 404; mend jwt.trustedIssuers[0], or the network`,
    });
  });

  it('asks providers of OpenID Connect what they tell of themselves', async () => {
    const client = { clientId: 'app', clientSecret: 'a secret of the client' };
    const providers = [
      { ...provider.oidc, ...client, kind: 'oidc' as const, name: 'corp' },
      { ...provider.oauth2, ...client, kind: 'oauth2' as const, name: 'other' },
    ] satisfies OAuthLoginOptions['providers'];
    const login = () => oauthLogin({ providers, controller: false });
    const look = () => withMemory({ publicUrl: 'http://localhost:3000', oauth: login() });
    const plain = { level: 'ok', subject: 'provider other', text: 'oauth2: nothing can be asked of it' };
    expect((await look()).slice(2)).toEqual([
      { level: 'ok', subject: 'provider corp', text: `oidc: ${provider.oidc.issuer} tells of itself` },
      plain,
    ]);
    await provider.stop();
    const findings = (await look()).slice(2);
    expect(findings).toEqual([
      {
        ...{ level: 'fail', subject: 'provider corp' },
        text: expect.stringMatching(/^discovery: .*; mend issuer http:.*, or the network$/),
      },
      plain,
    ]);
    expect(JSON.stringify(findings)).not.toContain('secret of the client');
  });
});
