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
  const redirect_uris = ['corp', 'plain', 'github'].map((name) => `${origin}/login/${name}/authorized`);
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

/** The same provider, of which nothing is known but where it is. */
const plain = () => ({
  kind: 'oauth2',
  authorizationEndpoint: `${provider.issuer}/auth`,
  tokenEndpoint: `${provider.issuer}/token`,
  userinfoEndpoint: `${provider.issuer}/api/me`,
  apiBaseUrl: `${provider.issuer}/api/`,
  clientId: 'app',
  clientSecret: 'the secret of the app',
  issuer: provider.issuer,
  scope: ['read'],
  identity: { subject: 'data.id', email: 'data.mail' },
});

/** A variable or two, for as long as something is made. */
async function withVariables<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = process.env;
  process.env = { ...before, ...variables };
  try {
    return await work();
  } finally {
    process.env = before;
  }
}

function fileOf(content: unknown): string {
  const path = join(folder, 'providers.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function environment(variables: Record<string, string>) {
  return readEnvironment({
    PORT: String(port),
    PUBLIC_URL: origin,
    OAUTH_ALLOW_LOOPBACK_HTTP: '1',
    DATABASE_URL: `sqlite:${folder}/app.sqlite`,
    AUTH_SECRET: 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=',
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

  it.each(['express', 'fastify'])('O62 logs in with plain OAuth 2, and with a preset (%s)', async (adapter) => {
    const { kind: _kind, ...elsewhere } = plain();
    const file = fileOf({ plain: plain(), github: { preset: 'github', ...elsewhere } });
    const variables = { ADAPTER: adapter, OAUTH_PROVIDERS: file, DATABASE_URL: urlOf(database) };
    app = await createApp(environment(variables));
    await app.listen(port, '127.0.0.1');
    for (const name of ['plain', 'github']) {
      const browser = new Browser();
      // oxlint-disable-next-line no-await-in-loop -- one log-in after the other
      const page = await browser.follow(await browser.visit(`${origin}/login/${name}?return_to=/me`), () => true);
      expect([page.status, page.body['sub']]).toEqual([200, `${name}:4711`]);
    }
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
  ['another kind', () => ({ corp: { ...corp(), kind: 'oauth3' } }), /corp\.kind must be 'oidc', 'oauth2' or 'oauth1'/],
  ['no client', () => ({ corp: { ...corp(), clientId: undefined } }), /OAUTH_PROVIDERS: corp\.clientId /],
  ['an unknown preset', () => ({ a: { preset: 'myspace' } }), /a\.preset must be one of apple, atlassian, /],
  ['a preset of every object', () => ({ a: { preset: 'constructor' } }), /a\.preset must be one of/],
  ['a list of presets', () => ({ a: { preset: ['github'] } }), /a\.preset must be one of/],
  ['a preset beside a kind', () => ({ a: { ...plain(), preset: 'x' } }), /a\.kind stands beside preset/],
  ['a preset without a client', () => ({ a: { preset: 'x' } }), /OAUTH_PROVIDERS: a\.clientId /],
  ['a preset with a typo', () => ({ a: { preset: 'x', clientid: 'a' } }), /OAUTH_PROVIDERS: a\.clientid is no option/],
  ['no endpoint', () => ({ a: { ...plain(), tokenEndpoint: undefined } }), /OAUTH_PROVIDERS: a\.tokenEndpoint /],
  ['a path that is none', () => ({ a: { ...plain(), identity: { id: 'id' } } }), /a\.identity\.id is no option/],
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

describe('with a client in the environment', () => {
  const client = { GITHUB_OAUTH_CLIENT_ID: 'of-the-environment', GITHUB_OAUTH_CLIENT_SECRET: 'the secret' };
  const linkOf = (variables: Record<string, string>, file: unknown) =>
    withVariables(variables, async () => {
      const app = await createApp(environment({ OAUTH_PROVIDERS: fileOf(file) }));
      try {
        await app.listen(port, '127.0.0.1');
        return nextOf(await new Browser().visit(`${origin}/login/github`));
      } finally {
        await app.close();
      }
    });

  it('O62 offers the preset, beside those of the file', async () => {
    const next = (await linkOf(client, { corp: corp() }))!;
    expect(next.origin + next.pathname).toBe('https://github.com/login/oauth/authorize');
    expect(next.searchParams.get('client_id')).toBe('of-the-environment');
  });

  it('O62 leaves a provider of the file as it is', async () => {
    expect((await linkOf(client, { github: plain() }))!.origin).toBe(provider.issuer);
  });

  const halves = [...Object.entries(client), ['APPLE_OAUTH_CLIENT_ID', 'a'], ['APPLE_OAUTH_PRIVATE_KEY', 'the secret']];
  it.each(halves)('O64 does not start with %s alone', async (name = '', value = '') => {
    const start = withVariables({ [name]: value }, async () => createApp(environment({})));
    await expect(start).rejects.toThrow(/the client of (github|apple) must be whole/);
    await expect(start).rejects.not.toThrow(/the secret/);
  });
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
