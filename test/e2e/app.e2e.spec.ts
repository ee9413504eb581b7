/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.js';
import { databaseOptions } from '../../src/database.js';
import { EnvironmentError, readEnvironment } from '../../src/environment.js';
import { LogInAttempts } from '../../src/rate-limit/log-in-attempts.js';
import { RateLimiters } from '../../src/rate-limit/rate-limiters.js';
import { addressKey } from '../../src/rate-limit/address-key.js';
import { UsersService } from '../../src/users/users.service.js';

type Variables = Record<string, string>;
type Json = Record<string, any>;

let root: string;
let folder: string;

beforeAll(async () => {
  Logger.overrideLogger(false);
  root = await mkdtemp(join(tmpdir(), 'latchkey-app-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'test-'));
});

// hashing passwords takes its time, above all beside other suites
jest.setTimeout(30_000);

/** A running application and the few requests that the tests make of it. */
class Client {
  private constructor(
    readonly app: INestApplication,
    private readonly url: string,
  ) {}

  static async start(variables: Variables): Promise<Client> {
    const app = await createApp(environment(variables));
    await app.listen(0, '127.0.0.1');
    return new Client(app, await app.getUrl());
  }

  async send(method: string, path: string, init: { token?: string; body?: unknown; headers?: Variables } = {}) {
    const headers: Variables = { ...init.headers };
    if (init.token !== undefined) headers['authorization'] = `Bearer ${init.token}`;
    if (init.body !== undefined) headers['content-type'] ??= 'application/json';
    const body = typeof init.body === 'object' ? JSON.stringify(init.body) : (init.body as string | undefined);

    const response = await fetch(this.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Json };
  }

  get(path: string, token?: string) {
    return this.send('GET', path, token === undefined ? {} : { token });
  }

  post(path: string, body: unknown, token?: string) {
    return this.send('POST', path, token === undefined ? { body } : { body, token });
  }

  /** The tokens of a new user. */
  async signUp(username: string): Promise<{ access: string; refresh: string }> {
    const { status, body } = await this.post('/signup', { username, password: `password of ${username}` });
    expect(status).toBe(201);
    return { access: body['access_token'], refresh: body['refresh_token'] };
  }

  preflight(origin: string) {
    return this.send('OPTIONS', '/me', {
      headers: { origin, 'access-control-request-method': 'DELETE', 'access-control-request-headers': 'authorization' },
    });
  }

  logIn(username: string, password = `password of ${username}`) {
    return this.post('/login', { username, password });
  }
}

/** What every test shares; its own database unless it says otherwise. */
function environment(variables: Variables) {
  return readEnvironment({ DATABASE_URL: `sqlite:${folder}/app.sqlite`, PORT: '0', APP_ADMINS: 'root', ...variables });
}

function ecKey(namedCurve: string): string {
  return generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

describe.each(['express', 'fastify'])('the reference application on %s', (adapter) => {
  let client: Client;

  const start = async (variables: Variables = {}) => {
    client = await Client.start({ ADAPTER: adapter, ...variables });
    return client;
  };
  afterEach(() => client.app.close());

  describe('a newcomer', () => {
    beforeEach(() => start());

    it('signs up, logs in and is known', async () => {
      const signUp = await client.post('/signup', { username: 'alice', password: 'password of alice' });
      expect(signUp.status).toBe(201);
      expect(signUp.headers.get('cache-control')).toBe('no-store');
      expect(signUp.body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: expect.any(String),
      });

      const logIn = await client.logIn('alice');
      expect(logIn.status).toBe(200);
      expect(Object.keys(logIn.body).toSorted()).toEqual(Object.keys(signUp.body).toSorted());

      const token = logIn.body['access_token'];
      const me = await client.get('/me', token);
      expect(me.status).toBe(200);
      expect(me.body).toEqual({ sub: 'alice', sid: expect.any(String), scope: {} });
      expect((await client.post('/me', {}, token)).body).toEqual(me.body);
    });

    it('J62 reads in /token/info exactly what was sent', async () => {
      const { access } = await client.signUp('root');
      const { status, body } = await client.get('/token/info', access);
      expect(status).toBe(200);
      const claims = JSON.parse(Buffer.from(access.split('.')[1]!, 'base64url').toString());
      expect(body).toEqual({
        token_type: 'access',
        subject: 'root',
        scope: { admin: true },
        claims,
        is_signed: true,
        signed_token: access,
      });
    });

    it('sees the own page, not that of others, and no admin page', async () => {
      const { access } = await client.signUp('alice');
      await client.signUp('bob');
      expect((await client.get('/users/alice', access)).body).toEqual({ username: 'alice' });
      expect((await client.get('/users/bob', access)).status).toBe(403);
      expect((await client.get('/users/nobody', access)).status).toBe(403);
      const refused = await client.get('/admin', access);
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope');
    });

    it('sees every page as an administrator', async () => {
      await client.signUp('alice');
      const { access } = await client.signUp('root');
      expect((await client.get('/admin', access)).status).toBe(200);
      expect((await client.get('/users/alice', access)).body).toEqual({ username: 'alice' });
      expect((await client.get('/users/nobody', access)).status).toBe(404);
      expect((await client.get('/users/%00', access)).status).toBe(404);
    });

    it('gets a new pair for the refresh token, with the same scope', async () => {
      const { access, refresh } = await client.signUp('root');

      const refreshed = await client.send('POST', '/auth/session/refresh', { token: refresh });
      expect(refreshed.status).toBe(200);
      expect(refreshed.body).toEqual({});
      const next = refreshed.headers.get('st-access-token')!;
      expect((await client.get('/me', next)).body).toMatchObject({ sub: 'root', scope: { admin: true } });
      expect((await client.get('/admin', next)).status).toBe(200);

      expect((await client.send('POST', '/auth/session/refresh', { token: access })).status).toBe(401);
      expect((await client.get('/me', refresh)).status).toBe(401);
    });

    it('sees its devices, and ends one from another', async () => {
      const { access: phone } = await client.signUp('alice');
      const agent = { 'user-agent': 'Laptop/1.0' };
      const logIn = await client.send('POST', '/login', {
        body: { username: 'alice', password: 'password of alice' },
        headers: agent,
      });
      const laptop = logIn.body['access_token'];
      const { body: devices } = await client.get('/account/sessions', phone);
      const [newest, oldest] = devices as Json[];
      expect(newest).toEqual({
        ...{ id: expect.any(String), device: 'Laptop/1.0', network: '127.0.0.0/24', current: false },
        ...{ createdAt: expect.any(String), lastUsedAt: newest!['createdAt'] },
      });
      expect(oldest).toMatchObject({ current: true });
      expect(devices).toHaveLength(2);

      expect((await client.send('DELETE', `/account/sessions/${newest!['id']}`, { token: phone })).status).toBe(204);
      expect((await client.get('/me', laptop)).status).toBe(401);
      expect((await client.get('/me', phone)).status).toBe(200);
      expect((await client.send('DELETE', `/account/sessions/${newest!['id']}`, { token: phone })).status).toBe(404);
    });

    it('S31 ends all other devices, and none of another user', async () => {
      const { access: here } = await client.signUp('alice');
      const there = (await client.logIn('alice')).body['access_token'];
      const { access: bobs } = await client.signUp('bob');
      const [session] = (await client.get('/account/sessions', bobs)).body as Json[];
      expect((await client.send('DELETE', `/account/sessions/${session!['id']}`, { token: here })).status).toBe(404);

      const ended = await client.send('DELETE', '/account/sessions', { token: here });
      expect([ended.status, ended.body]).toEqual([200, { ended: 1 }]);
      const statuses = [here, there, bobs].map(async (token) => (await client.get('/me', token)).status);
      expect(await Promise.all(statuses)).toEqual([200, 401, 200]);
      expect((await client.send('DELETE', '/account/sessions')).status).toBe(401);
    });

    it('signs out, and neither token is of use any more', async () => {
      const { access, refresh } = await client.signUp('alice');
      const other = (await client.logIn('alice')).body['access_token'];

      const signOut = await client.send('POST', '/auth/signout', { token: access });
      expect(signOut.status).toBe(200);
      expect(signOut.body).toEqual({ status: 'OK' });

      expect((await client.get('/me', access)).status).toBe(401);
      expect((await client.send('POST', '/auth/session/refresh', { token: refresh })).status).toBe(401);
      expect((await client.get('/me', other)).status).toBe(200);
    });

    it('is let in without a token only where that is allowed', async () => {
      const { access } = await client.signUp('alice');
      expect((await client.get('/optional')).body).toEqual({ sub: null });
      expect((await client.get('/optional', access)).body).toEqual({ sub: 'alice' });
      expect((await client.get('/optional', `${access}x`)).status).toBe(401);
      expect((await client.get('/fresh', access)).status).toBe(200);
      for (const path of ['/me', '/token/info', '/users/alice', '/admin', '/fresh']) {
        const { status, headers } = await client.get(path);
        expect([path, status]).toEqual([path, 401]);
        expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    });

    it('reads a start page that says who is logged in, and is never refused', async () => {
      const { access } = await client.signUp('alice');
      const anonymous = await client.get('/');
      expect(anonymous.status).toBe(200);
      expect(anonymous.headers.get('content-type')).toMatch(/^text\/html/);
      expect(anonymous.text).toContain('Nobody is logged in');
      expect((await client.get('/', access)).text).toContain('Logged in as <b>alice</b>');
      const garbage = await client.get('/', 'garbage');
      expect(garbage.status).toBe(200);
      expect(garbage.text).toContain('Nobody is logged in');
    });

    it('finds liveness, public keys and an OpenAPI document with the routes', async () => {
      expect((await client.get('/healthz')).body).toEqual({ status: 'ok' });

      const { body: keys } = await client.get('/auth/jwt/jwks.json');
      expect(keys['keys']).toEqual([expect.objectContaining({ kty: 'EC', crv: 'P-256' })]);
      expect(keys['keys'][0]).not.toHaveProperty('d');
      expect((await client.get('/.well-known/jwks.json')).body).toEqual(keys);

      const { body: document } = await client.get('/openapi.json');
      expect(Object.keys(document['paths'])).toEqual(
        expect.arrayContaining(['/signup', '/login', '/me', '/users/{username}']),
      );
      expect(document['paths']['/me'].get.security).toEqual([{ bearer: [] }, { session_cookie: [] }]);
      expect(document['paths']['/login'].post.security ?? []).toEqual([]);
    });

    it('is told the rules of its answers by security headers', async () => {
      const { headers } = await client.get('/');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    });
  });

  describe('sign-up and log-in', () => {
    beforeEach(() => start());

    it('refuses a taken name with 409, also to the second of two at once', async () => {
      const both = await Promise.all(
        [1, 2].map(() => client.post('/signup', { username: 'alice', password: '12345678' })),
      );
      expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
      expect((await client.post('/signup', { username: 'alice', password: '12345678' })).status).toBe(409);
    });

    it('answers an unknown user exactly as a wrong password', async () => {
      await client.signUp('alice');
      const wrong = await client.logIn('alice', 'wrong');
      expect(wrong.status).toBe(401);
      expect(wrong.headers.get('www-authenticate')).toBe('Bearer');
      for (const name of ['nobody', 'Alice', 'alice ', 'ali\0ce', '']) {
        const unknown = await client.logIn(name, 'wrong');
        expect([name, unknown.status, unknown.text]).toEqual([name, 401, wrong.text]);
      }
    });

    it('takes passwords of any characters', async () => {
      const password = 'pä\0\u{1F511} "\\\u202e';
      expect((await client.post('/signup', { username: 'alice', password })).status).toBe(201);
      expect((await client.logIn('alice', password)).status).toBe(200);
      expect((await client.logIn('alice', password.slice(0, -1))).status).toBe(401);
    });
  });

  describe('the limits', () => {
    it('DS-03 stops the guessing of a password, and says when to try again', async () => {
      await start();
      await client.signUp('alice');
      for (let attempt = 0; attempt < 10; attempt += 1) {
        expect((await client.logIn('alice', 'wrong')).status).toBe(401);
      }
      const refused = await client.logIn('alice');
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(300);
      await client.signUp('bob');
      expect((await client.logIn('bob')).status).toBe(200);
    });

    it('DS-03 counts failures only, so a user may log in as often as needed, also at once', async () => {
      await start();
      await client.signUp('alice');
      for (let round = 0; round < 2; round += 1) {
        for (let attempt = 0; attempt < 6; attempt += 1) await client.logIn('alice', 'wrong');
        expect((await client.logIn('alice')).status).toBe(200);
      }
      const many = await Promise.all(Array.from({ length: 12 }, () => client.logIn('alice')));
      expect(new Set(many.map(({ status }) => status))).toEqual(new Set([200]));
    });

    it('DS-03 tells of many guesses at once no more than of ten', async () => {
      await start();
      await client.signUp('alice');
      const guesses = await Promise.all(Array.from({ length: 30 }, () => client.logIn('alice', 'wrong')));
      expect(guesses.filter(({ status }) => status === 401)).toHaveLength(10);
      expect(guesses.filter(({ status }) => status === 429)).toHaveLength(20);
    });

    it('DS-03 holds one address to a hundred requests a minute, whatever X-Forwarded-For says', async () => {
      await start();
      const requests = Array.from({ length: 101 }, (_, index) =>
        client.send('POST', '/auth/session/refresh', { headers: { 'x-forwarded-for': `10.0.0.${index}` } }),
      );
      const statuses = (await Promise.all(requests)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 401)).toHaveLength(100);
      expect(statuses.filter((status) => status === 429)).toHaveLength(1);
      await client.signUp('alice');
    });

    it('does not limit with RATE_LIMIT=off', async () => {
      await start({ RATE_LIMIT: 'off' });
      await client.signUp('alice');
      for (let attempt = 0; attempt < 12; attempt += 1) await client.logIn('alice', 'wrong');
      expect((await client.logIn('alice')).status).toBe(200);
    });
  });

  it('writes no hash of a password to its log when the database refuses it', async () => {
    await start();
    const log: unknown[] = [];
    Logger.overrideLogger({ log() {}, warn() {}, error: (...lines: unknown[]) => log.push(...lines) });
    try {
      const sql = `CREATE TRIGGER full BEFORE INSERT ON app_user BEGIN SELECT raise(ABORT, 'the disk is full'); END`;
      await client.app.get(DataSource).query(sql);
      const { status, body } = await client.post('/signup', { username: 'alice', password: 'password of alice' });
      expect([status, body]).toEqual([500, { statusCode: 500, message: 'Internal server error' }]);
    } finally {
      Logger.overrideLogger(false);
    }
    expect(inspect(log)).toContain('the disk is full');
    expect(inspect(log, { depth: 9, showHidden: true })).not.toMatch(/argon2id|password of alice/);
  });

  describe('by its environment', () => {
    it('closes the names of administrators to sign-up in production, and keeps those that a script made', async () => {
      await start({ NODE_ENV: 'production', AUTH_SECRET: randomBytes(32).toString('base64') });
      expect((await client.post('/signup', { username: 'root', password: 'password of root' })).status).toBe(403);
      await client.app.get(UsersService).create('root', 'password of root');
      const { body } = await client.logIn('root');
      expect(body['scope']).toBe('admin');
      expect((await client.get('/admin', body['access_token'])).status).toBe(200);
    });

    it('keeps its users and its development key over a restart', async () => {
      await start();
      const { access } = await client.signUp('alice');
      await client.app.close();
      await start();
      expect((await client.get('/me', access)).status).toBe(200);
      expect((await client.logIn('alice')).status).toBe(200);
      expect((await stat(join(folder, 'auth-key.es256'))).mode & 0o777).toBe(0o600);
      expect((await readdir(folder)).filter((name) => name.startsWith('auth-key'))).toHaveLength(1);
    });

    it('lets the origins of CORS_ORIGINS in, and no other', async () => {
      await start({ CORS_ORIGINS: 'https://app.example.com' });
      const allowed = await client.preflight('https://app.example.com');
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
      expect(allowed.headers.get('access-control-allow-credentials')).toBe('true');
      expect(allowed.headers.get('access-control-allow-methods')).toContain('DELETE');
      expect((await client.preflight('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe(
        'https://evil.example',
      );
    });

    it.each([
      ['the address that a proxy of ours tells', '127.0.0.0/8', '203.0.113.0/24'],
      ['no address that anybody else tells', '10.0.0.0/8', '127.0.0.0/24'],
      ['no address at all where no proxy is', '', '127.0.0.0/24'],
    ])('takes %s', async (_, proxies, network) => {
      await start({ TRUSTED_PROXIES: proxies });
      // the client can write what stands before: only what our own proxy has added counts
      const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
      const body = { username: 'alice', password: 'password of alice' };
      const { body: tokens } = await client.send('POST', '/signup', { body, headers });
      const { body: devices } = await client.get('/account/sessions', tokens['access_token']);
      expect(devices).toMatchObject([{ network }]);
    });

    it('asks for https where it is served by https', async () => {
      await start({ PUBLIC_URL: 'https://api.example.com' });
      const { headers } = await client.get('/healthz');
      expect(headers.get('strict-transport-security')).toContain('max-age=');
      expect(headers.get('content-security-policy')).toContain('upgrade-insecure-requests');
      // its policy is stricter: what is not of this very origin, and so https, is not loaded at all
      const page = await client.get('/');
      expect(page.headers.get('strict-transport-security')).toContain('max-age=');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'; object-src 'none'");
    });

    it('signs with AUTH_ALGORITHM and AUTH_PRIVATE_KEY, given as PEM, on one line, or as a file', async () => {
      const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      const file = join(folder, 'key.pem');
      await writeFile(file, pem);
      const tokens: string[] = [];
      for (const key of [pem, pem.replaceAll('\n', String.raw`\n`), file]) {
        await client?.app.close();
        await start({ AUTH_ALGORITHM: 'EdDSA', AUTH_PRIVATE_KEY: key });
        tokens.push((await client.signUp(`user${tokens.length}`)).access);
      }
      for (const token of tokens) expect((await client.get('/me', token)).status).toBe(200);
    });
  });
});

describe.each(['express', 'fastify'])('a malformed request on %s', (adapter) => {
  let client: Client;
  let admin: string;

  // one application for them all: none of them may leave anything behind
  beforeAll(async () => {
    folder = await mkdtemp(join(root, 'malformed-'));
    client = await Client.start({ ADAPTER: adapter, RATE_LIMIT: 'off' });
    admin = (await client.signUp('root')).access;
  });
  afterAll(() => client.app.close());

  it.each([
    ['a name in upper case', { username: 'Alice', password: '12345678' }],
    ['a name with a colon', { username: 'github:1', password: '12345678' }],
    ['a name that begins with a dot', { username: '.alice', password: '12345678' }],
    ['a name of 65 characters', { username: 'a'.repeat(65), password: '12345678' }],
    ['a name with a NUL', { username: 'alice\0', password: '12345678' }],
    ['a name with a line end', { username: 'alice\n', password: '12345678' }],
    ['a name that is an object', { username: { $gt: '' }, password: '12345678' }],
    ['a name that is a list', { username: ['alice'], password: '12345678' }],
    ['a password of 7 characters', { username: 'alice', password: '1234567' }],
    ['a password of 257 characters', { username: 'alice', password: 'x'.repeat(257) }],
    ['a password that is a number', { username: 'alice', password: 12_345_678 }],
    ['no password', { username: 'alice' }],
    ['a member too many', { username: 'alice', password: '12345678', isAdmin: true }],
    ['nothing', {}],
    ['null', 'null'],
    ['a list', '[]'],
    ['a list of credentials', '[{"username":"alice","password":"12345678"}]'],
    ['a text', '"alice"'],
    ['a number', '5'],
    ['half an object', '{"username":"alice"'],
    ['an own prototype', '{"__proto__":{"username":"alice","password":"12345678"}}'],
    ['a polluted prototype', '{"constructor":{"prototype":{"isAdmin":true}}}'],
    ['2 MiB', JSON.stringify({ username: 'alice', password: 'x'.repeat(2 ** 21) })],
  ])('with %s is refused', async (_, body) => {
    const { status } = await client.post('/signup', body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect((await client.get('/healthz')).status).toBe(200);
    expect(await client.app.get(UsersService).find('alice')).toBeNull();

    const logIn = await client.post('/login', body);
    expect(logIn.status).toBeGreaterThanOrEqual(400);
    expect(logIn.status).toBeLessThan(500);
  });

  it.each([
    ['no body', {}],
    [
      'a form',
      { body: 'username=alice&password=12345678', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    ['an unknown type', { body: '{}', headers: { 'content-type': 'text/strange' } }],
    ['an unknown character set', { body: '{}', headers: { 'content-type': 'application/json; charset=none' } }],
    ['a compression that is none', { body: '{}', headers: { 'content-encoding': 'gzip' } }],
  ])('with %s is no error of ours', async (_, init) => {
    for (const path of ['/signup', '/login', '/me', '/auth/session/refresh', '/auth/signout']) {
      const { status } = await client.send('POST', path, init);
      expect([path, status < 500]).toEqual([path, true]);
    }
  });

  it.each(['/users/%ff', '/users/%', '/%00', '/users/..%2f..%2fetc', '/me?access_token=%'])(
    'to GET %s is no error of ours',
    async (path) => {
      expect((await client.get(path, admin)).status).toBeLessThan(500);
    },
  );
});

describe('an environment that cannot be used', () => {
  const secret = randomBytes(48).toString('base64');

  it.each<[string, string, Variables]>([
    ['PORT', 'a word', { PORT: 'http' }],
    ['PORT', 'too high', { PORT: '70000' }],
    ['PORT', 'negative', { PORT: '-1' }],
    ['HOST', 'words', { HOST: 'not a host' }],
    ['HOST', 'no address', { HOST: '1.2.3.4.5' }],
    ['PUBLIC_URL', 'no scheme', { PUBLIC_URL: 'api.example.com' }],
    ['PUBLIC_URL', 'a path', { PUBLIC_URL: 'https://api.example.com/path' }],
    ['PUBLIC_URL', 'credentials', { PUBLIC_URL: 'https://user:canary-secret@api.example.com' }],
    ['ADAPTER', 'unknown', { ADAPTER: 'koa' }],
    ['DATABASE_URL', 'unknown', { DATABASE_URL: 'mongodb://user:canary-secret@localhost' }],
    ['DATABASE_URL', 'not encoded', { DATABASE_URL: 'postgres://user:canary-secret#%@localhost/app' }],
    ['DATABASE_URL', 'half encoded', { DATABASE_URL: 'postgres://user:canary-secret%zz@localhost/app' }],
    ['DATABASE_URL', 'nothing behind sqlite', { DATABASE_URL: 'sqlite:' }],
    ['AUTH_ISSUER', 'words', { AUTH_ISSUER: 'two words' }],
    ['AUTH_AUDIENCE', 'words', { AUTH_AUDIENCE: 'two words' }],
    ['AUTH_ALGORITHM', 'none', { AUTH_ALGORITHM: 'none' }],
    ['AUTH_ALGORITHM', 'RS256 with a secret', { AUTH_ALGORITHM: 'RS256', AUTH_SECRET: secret }],
    ['AUTH_ALGORITHM', 'HS256 with a private key', { AUTH_ALGORITHM: 'HS256', AUTH_PRIVATE_KEY: ecKey('P-256') }],
    ['AUTH_SECRET', 'missing in production', { NODE_ENV: 'production' }],
    ['AUTH_SECRET', 'empty in production', { NODE_ENV: 'production', AUTH_SECRET: '' }],
    ['AUTH_SECRET', 'short', { AUTH_SECRET: 'canary-secret' }],
    ['AUTH_SECRET', 'short for HS384', { AUTH_SECRET: secret.slice(0, 47), AUTH_ALGORITHM: 'HS384' }],
    ['AUTH_SECRET', 'beside a private key', { AUTH_SECRET: secret, AUTH_PRIVATE_KEY: ecKey('P-256') }],
    ['AUTH_PRIVATE_KEY', 'no such file', { AUTH_PRIVATE_KEY: '/no/such/canary-secret' }],
    ['AUTH_PRIVATE_KEY', 'mangled PEM', { AUTH_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\ncanary-secret\n' }],
    ['AUTH_PRIVATE_KEY', 'of another curve', { AUTH_PRIVATE_KEY: ecKey('P-384') }],
    ['ACCESS_TOKEN_LIFETIME', 'zero', { ACCESS_TOKEN_LIFETIME: '0' }],
    ['ACCESS_TOKEN_LIFETIME', 'negative', { ACCESS_TOKEN_LIFETIME: '-5' }],
    ['ACCESS_TOKEN_LIFETIME', 'a word', { ACCESS_TOKEN_LIFETIME: 'soon' }],
    ['ACCESS_TOKEN_LIFETIME', 'in milliseconds', { ACCESS_TOKEN_LIFETIME: '900000000' }],
    ['REFRESH_TOKEN_LIFETIME', 'a fraction', { REFRESH_TOKEN_LIFETIME: '1.5h' }],
    ['REFRESH_TOKEN_LIFETIME', 'shorter than the access token', { REFRESH_TOKEN_LIFETIME: '5m' }],
    ['CLOCK_TOLERANCE', 'over a minute', { CLOCK_TOLERANCE: '2m' }],
    ['CLOCK_TOLERANCE', 'negative', { CLOCK_TOLERANCE: '-1' }],
    ['REUSE_LEEWAY', 'over a minute', { REUSE_LEEWAY: '2m' }],
    ['REUSE_LEEWAY', 'no duration', { REUSE_LEEWAY: 'soon' }],
    ['CORS_ORIGINS', 'every origin', { CORS_ORIGINS: '*' }],
    ['CORS_ORIGINS', 'with a slash', { CORS_ORIGINS: 'https://app.example.com/' }],
    ['TRUSTED_PROXIES', 'a name', { TRUSTED_PROXIES: '127.0.0.1,nginx' }],
    ['TRUSTED_PROXIES', 'everybody', { TRUSTED_PROXIES: '0.0.0.0/0' }],
    ['TRUSTED_PROXIES', 'no network', { TRUSTED_PROXIES: '10.0.0.0/33' }],
    ['APP_ADMINS', 'a name nobody can have', { APP_ADMINS: 'root,Alice' }],
    ['RATE_LIMIT', 'a word', { RATE_LIMIT: 'maybe' }],
  ])('names %s and the mend: %s', async (variable, _, variables) => {
    const error: unknown = await Promise.resolve()
      .then(() => createApp(environment(variables)))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    const [problem, ...others] = (error as EnvironmentError).problems;
    expect(problem).toMatch(new RegExp(`^${variable} `));
    expect(problem).not.toMatch(/jwt\./);
    expect(others).toEqual([]);
    expect((error as EnvironmentError).message).not.toContain('canary-secret');
    expect(String((error as EnvironmentError).cause)).not.toContain('canary-secret');
  });

  it('names every problem at once', () => {
    expect(() => readEnvironment({ PORT: 'x', ADAPTER: 'koa', RATE_LIMIT: 'x' })).toThrow(
      /PORT .*\n.*ADAPTER .*\n.*RATE_LIMIT /,
    );
  });

  it('is not one with every variable empty, or absent', () => {
    const empty = Object.fromEntries(['PORT', 'PUBLIC_URL', 'AUTH_SECRET', 'CORS_ORIGINS'].map((name) => [name, '']));
    expect(readEnvironment(empty)).toEqual(readEnvironment({}));
    expect(readEnvironment({})).toMatchObject({ port: 3000, host: '127.0.0.1', publicUrl: 'http://127.0.0.1:3000' });
  });

  it('reads durations in seconds', () => {
    const { accessTokenLifetime, refreshTokenLifetime, clockTolerance } = readEnvironment({
      ACCESS_TOKEN_LIFETIME: '90',
      REFRESH_TOKEN_LIFETIME: '12h',
      CLOCK_TOLERANCE: '0',
    });
    expect([accessTokenLifetime, refreshTokenLifetime, clockTolerance]).toEqual([90, 43_200, 0]);
  });
});

describe('the limit of failed log-ins', () => {
  const fail = () => Promise.resolve(null);
  const succeed = () => Promise.resolve('alice');
  const tooMany = expect.objectContaining({ status: 429 });
  let attempts: LogInAttempts;

  beforeEach(() => {
    attempts = new LogInAttempts(environment({}), new RateLimiters(environment({})));
  });

  it('DS-03 locks out the address that guessed, with its whole /64, and no other', async () => {
    for (let host = 1; host <= 10; host += 1) await attempts.attempt('alice', `2001:db8::${host}`, fail);
    await expect(attempts.attempt('alice', '2001:db8::ffff', succeed)).rejects.toEqual(tooMany);
    expect(await attempts.attempt('alice', '2001:db8:0:1::1', succeed)).toBe('alice');
    expect(await attempts.attempt('bob', '2001:db8::1', succeed)).toBe('alice');
  });

  it('DS-03 stops guesses from everywhere, but not at an address where the user has logged in before', async () => {
    await attempts.attempt('alice', '192.0.2.1', succeed);
    for (let host = 1; host <= 100; host += 1) await attempts.attempt('alice', `198.51.100.${host}`, fail);
    await expect(attempts.attempt('alice', '203.0.113.1', succeed)).rejects.toEqual(tooMany);
    expect(await attempts.attempt('alice', '192.0.2.1', succeed)).toBe('alice');
    for (let attempt = 0; attempt < 10; attempt += 1) await attempts.attempt('alice', '192.0.2.1', fail);
    await expect(attempts.attempt('alice', '192.0.2.1', succeed)).rejects.toEqual(tooMany);
  });

  it('DS-03 says of a right guess among too many at once no more than of a wrong one', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const right = attempts.attempt('alice', '192.0.2.1', () => released.then(succeed));
    for (let attempt = 0; attempt < 10; attempt += 1) await attempts.attempt('alice', '192.0.2.1', fail);
    release();
    await expect(right).rejects.toEqual(tooMany);
  });

  it('passes on what the attempt throws, and does not count it', async () => {
    const outage = () => Promise.reject(new Error('no database'));
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await expect(attempts.attempt('alice', '192.0.2.1', outage)).rejects.toThrow('no database');
    }
  });
});

describe('the address in a limit', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('of %s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe('the migrations', () => {
  it('have a moment of their own each, which alone orders those of the library and of the application', () => {
    const migrations = databaseOptions('sqlite::memory:').migrations as (new () => object)[];
    const moments = migrations.map(({ name }) => name.slice(-13));
    expect(moments.length).toBeGreaterThan(4);
    expect(new Set(moments).size).toBe(moments.length);
  });
});
