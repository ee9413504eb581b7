import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { createApp } from '../../src/app.js';
import { EnvironmentError, readEnvironment } from '../../src/environment.js';
import { reachableDatabases, type TestDatabase } from '../stores/databases.js';
import { Browser, nextOf } from './browser.js';
import { freePort, RealProvider } from './real-provider.js';

jest.setTimeout(60_000);

let folder: string;
let port: number;
let origin: string;
let provider: RealProvider;

beforeAll(async () => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'latchkey-oauth-'));
  port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const redirect_uris = [`${origin}/login/corp/authorized`];
  provider = new RealProvider([{ client_id: 'app', client_secret: 'the secret of the app', redirect_uris }]);
  await provider.start();
});
afterAll(async () => {
  await provider.stop();
  rmSync(folder, { recursive: true });
});

const corp = () => ({
  kind: 'oidc',
  issuer: provider.issuer,
  clientId: 'app',
  clientSecret: 'the secret of the app',
  tokenEndpointAuthMethod: 'client_secret_basic',
  scope: ['openid', 'email', 'offline_access'],
});

function fileOf(content: unknown): string {
  const path = join(folder, 'providers.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function environment(variables: Record<string, string>) {
  return readEnvironment({
    ...{ PORT: String(port), PUBLIC_URL: origin, OAUTH_ALLOW_LOOPBACK_HTTP: '1' },
    ...{ DATABASE_URL: `sqlite:${folder}/app.sqlite`, AUTH_SECRET: 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=' },
    ...variables,
  });
}

describe.each(await reachableDatabases())('the reference application with a provider, on $name', (kind) => {
  let database: TestDatabase;
  let app: INestApplication;

  beforeEach(async () => {
    database = await kind.create();
  });
  afterEach(async () => {
    await app.close();
    await database.drop();
  });

  it.each(['express', 'fastify'])('O8 logs in, knows the user, and knows them again (%s)', async (adapter) => {
    const variables = { ADAPTER: adapter, OAUTH_PROVIDERS: fileOf({ corp: corp() }), DATABASE_URL: urlOf(database) };
    app = await createApp(environment(variables));
    await app.listen(port, '127.0.0.1');

    const browser = new Browser();
    expect((await browser.visit(origin)).text).toContain('<a href="/login/corp">Log in with corp</a>');
    for (const visitor of [browser, new Browser()]) {
      // oxlint-disable-next-line no-await-in-loop -- the second log-in finds the user of the first
      const page = await visitor.follow(await visitor.visit(`${origin}/login/corp?return_to=/me`), () => true);
      expect([page.status, page.body]).toEqual([200, { sub: 'corp:alice', sid: expect.any(String), scope: {} }]);
    }
    expect((await browser.visit(origin)).text).toContain('Logged in as <b>corp:alice</b>');
    expect((await browser.visit(`${origin}/users/corp:alice`)).body).toEqual({ username: 'corp:alice' });
    const { body: devices } = await browser.visit(`${origin}/account/sessions`);
    expect(devices).toContainEqual(expect.objectContaining({ current: true, network: '127.0.0.0/24' }));
    const login = { username: 'corp:alice', password: '' };
    const byPassword = await browser.visit(`${origin}/login`, { method: 'POST', form: new URLSearchParams(login) });
    expect(byPassword.status).toBe(401);
  });

  it('SF-01 begins another session with each log-in', async () => {
    app = await createApp(environment({ OAUTH_PROVIDERS: fileOf({ corp: corp() }), DATABASE_URL: urlOf(database) }));
    await app.listen(port, '127.0.0.1');
    const browser = new Browser();
    const sid = async () => {
      const page = await browser.follow(await browser.visit(`${origin}/login/corp?return_to=/me`), () => true);
      return page.body['sid'] as string;
    };
    const first = await sid();
    expect(await sid()).not.toBe(first);
  });
});

it('answers 503 for a provider that is down, and starts all the same', async () => {
  const down = { ...corp(), issuer: `http://127.0.0.1:${await freePort()}` };
  const app = await createApp(environment({ OAUTH_PROVIDERS: fileOf({ corp: corp(), down }) }));
  try {
    await app.listen(port, '127.0.0.1');
    const browser = new Browser();
    const page = await browser.visit(`${origin}/login/down`);
    expect([page.status, page.headers['retry-after'], page.body['errorCode']]).toEqual([
      503,
      '1',
      'oauth_provider_unavailable',
    ]);
    expect(nextOf(await browser.visit(`${origin}/login/corp`))!.origin).toBe(provider.issuer);
  } finally {
    await app.close();
  }
});

it.each<[string, () => unknown, RegExp]>([
  ['no JSON', () => '{ "corp": { "clientSecret": "the secret', /OAUTH_PROVIDERS must be the path of a JSON file/],
  ['a list', () => [corp()], /OAUTH_PROVIDERS must hold one object/],
  ['a text for a provider', () => ({ corp: 'x' }), /OAUTH_PROVIDERS: corp must be an object/],
  ['a name inside', () => ({ corp: { ...corp(), name: 'x' } }), /OAUTH_PROVIDERS: corp\.name must not stand there/],
  ['no kind', () => ({ corp: { ...corp(), kind: undefined } }), /OAUTH_PROVIDERS: corp\.kind must be 'oidc'/],
  ['no client', () => ({ corp: { ...corp(), clientId: undefined } }), /OAUTH_PROVIDERS: corp\.clientId /],
  ['a number', () => ({ corp: { ...corp(), clientSecret: 5 } }), /OAUTH_PROVIDERS: corp\.clientSecret /],
  ['a typo', () => ({ corp: { ...corp(), scopes: [] } }), /OAUTH_PROVIDERS: corp\.scopes is no option/],
  ['a bad name', () => ({ 'a b': corp() }), /OAUTH_PROVIDERS: a b\.name must be 1 to 32 letters/],
  [
    'plain http',
    () => ({ corp: { ...corp(), issuer: 'http://sso.example.com' } }),
    /corp\.issuer is plain http: use https/,
  ],
])('O64 does not start with a file of providers that holds %s', async (_what, content, problem) => {
  const start = createApp(environment({ OAUTH_PROVIDERS: fileOf(content()) }));
  await expect(start).rejects.toThrow(EnvironmentError);
  await expect(start).rejects.toThrow(problem);
  await expect(start).rejects.not.toThrow(/the secret/);
});

it('O64 wants to be told that a provider may use http', async () => {
  const start = createApp(environment({ OAUTH_PROVIDERS: fileOf({ corp: corp() }), OAUTH_ALLOW_LOOPBACK_HTTP: '' }));
  await expect(start).rejects.toThrow(/OAUTH_PROVIDERS: corp\.issuer is plain http: set OAUTH_ALLOW_LOOPBACK_HTTP=1/);
});

it.each([
  ['OAUTH_TIMEOUT', 'soon'],
  ['OAUTH_TIMEOUT', '0'],
  ['OAUTH_ALLOW_LOOPBACK_HTTP', 'yes'],
])('O64 names the variable %s', (name, value) => {
  expect(() => environment({ [name]: value })).toThrow(name);
});

it('O64 names OAUTH_TIMEOUT where the library refuses it', async () => {
  const start = createApp(environment({ OAUTH_PROVIDERS: fileOf({ corp: corp() }), OAUTH_TIMEOUT: '5m' }));
  await expect(start).rejects.toThrow(/OAUTH_TIMEOUT must be/);
});

function urlOf({ options }: TestDatabase): string {
  return options.type === 'better-sqlite3' ? `sqlite:${options.database}` : (options as { url: string }).url;
}
