/**
 * Secrets hygiene (spec/security.md §5): whatever a deployment is asked, and whatever fails in it, no secret of it stands in
 * a log line, in an answer that was not meant to carry it, or in the database.
 */
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { reachableDatabases, type TestDatabase } from '../stores/databases.js';
import { canary, dumpOf, leaksIn, Log, urlOf } from './secrets.js';

// hashing passwords takes its time, above all beside other suites
jest.setTimeout(60_000);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const databases = await reachableDatabases();

describe.each(databases)('S44 the reference application on $name', (kind) => {
  let database: TestDatabase;
  let app: INestApplication;
  let log: Log;
  let url: string;
  /** What nobody may read, by a name that a failing test may print. */
  let secrets: Map<string, string>;
  /** What was answered, other than the tokens that their holder was meant to get. */
  let answers: string[];

  beforeEach(async () => {
    database = await kind.create();
    secrets = new Map([['AUTH_SECRET', canary()]]);
    answers = [];
    log = new Log();
    log.capture();
    const environment = readEnvironment({
      ...{ DATABASE_URL: urlOf(database), PORT: '0', RATE_LIMIT: 'off', REUSE_LEEWAY: '0', ANTI_CSRF: 'token' },
      AUTH_SECRET: secrets.get('AUTH_SECRET')!,
    });
    app = await createApp(environment);
    app.get(DataSource).setOptions({ logging: 'all', logger: log });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    Logger.overrideLogger(false);
    await app.close();
    await database.drop();
  });

  const secret = (name: string): string => {
    const value = canary();
    secrets.set(name, value);
    return value;
  };

  async function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(url + path, {
      ...{ method, headers: { ...type, ...headers }, redirect: 'manual' as const },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() } satisfies Answer;
  }

  /** An answer that carries no secret. */
  async function ask(...request: Parameters<typeof send>): Promise<Answer> {
    const answer = await send(...request);
    answers.push(`${[...answer.headers].join('\n')}\n${answer.text}`);
    return answer;
  }

  /** The tokens of an answer are secrets from now on: of a JWT its signature, of a refresh token its random part. */
  function keep(name: string, { headers, status }: Answer): { access: string; refresh: string; antiCsrf: string } {
    expect(status).toBeLessThan(300);
    const cookies = Object.fromEntries(
      headers.getSetCookie().map((line) => line.split(';')[0]!.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    const access = headers.get('st-access-token') ?? decodeURIComponent(cookies['sAccessToken'] ?? '');
    const refresh = headers.get('st-refresh-token') ?? decodeURIComponent(cookies['sRefreshToken'] ?? '');
    const antiCsrf = headers.get('anti-csrf') ?? '';
    secrets.set(`the access token of ${name}`, access.split('.')[2]!);
    secrets.set(`the refresh token of ${name}`, refresh.split('.')[1]!);
    if (antiCsrf !== '') secrets.set(`the anti-CSRF value of ${name}`, antiCsrf);
    return { access, refresh, antiCsrf };
  }

  const credentials = (username: string, password: string) => JSON.stringify({ username, password });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  /** A day of a deployment: honest users, careless clients, a thief. */
  async function live(): Promise<void> {
    const password = secret('the password of ada');
    const first = keep('the sign-up', await send('POST', '/signup', {}, credentials('ada', password)));
    await ask('POST', '/login', {}, credentials('ada', secret('a wrong password')));
    await ask('POST', '/login', {}, credentials('nobody', secret('the password of nobody')));
    await ask('POST', '/login', {}, `{"username":"ada","password":"${secret('a password in broken JSON')}`);
    await ask('POST', '/signup', {}, credentials(secret('a password as a user name'), 'x'));
    await ask('POST', '/signup', {}, JSON.stringify({ username: 'ada', password: secret('a password, taken') }));

    await ask('GET', '/me', bearer(first.access));
    await ask('GET', '/admin', bearer(first.access));
    await ask('GET', '/me', bearer(first.access.slice(0, -3)));
    await ask('GET', `/me?access_token=${first.access}`);
    await ask('GET', `/users/${first.access}`, bearer(first.access));
    await ask('GET', '/me', bearer(first.refresh));

    const second = keep('the refresh', await send('POST', '/auth/session/refresh', bearer(first.refresh)));
    await ask('GET', '/me', bearer(second.access));
    const third = keep('the second refresh', await send('POST', '/auth/session/refresh', bearer(second.refresh)));
    await ask('GET', '/me', bearer(third.access));
    const stolen = await ask('POST', '/auth/session/refresh', bearer(first.refresh));
    expect(stolen.text).toContain('token theft detected');
    await ask('POST', '/auth/session/refresh', bearer(`${first.refresh.split('.')[0]}.${'x'.repeat(43)}`));

    const byCookie = { 'st-auth-mode': 'cookie' };
    const web = keep('the browser', await send('POST', '/login', byCookie, credentials('ada', password)));
    const jar = (token = web.access) => ({ ...byCookie, cookie: `sAccessToken=${encodeURIComponent(token)}` });
    await ask('GET', '/me', jar());
    await ask('POST', '/me', jar());
    await ask('POST', '/me', { ...jar(), 'anti-csrf': first.antiCsrf });
    await ask('POST', '/me', { ...jar(), 'anti-csrf': web.antiCsrf });
    await ask('GET', '/me', { cookie: `sAccessToken=${web.access}; sAccessToken=${first.access}` });
    await ask('POST', '/auth/session/refresh', {
      ...byCookie,
      cookie: `sRefreshToken=${encodeURIComponent(web.refresh)}`,
    });
    await ask('POST', '/auth/signout', { ...jar(), rid: 'session', 'anti-csrf': web.antiCsrf });
    await ask('GET', '/me', jar());
  }

  it('keeps them out of logs, answers and the database', async () => {
    await live();
    const dump = await dumpOf(app.get(DataSource));
    // what is read is what was written
    expect(dump).toContain('auth_refresh_token');
    expect(dump).toContain('"ada"');
    expect(log.text).toContain('auth_refresh_token');
    expect(secrets.size).toBeGreaterThan(15);

    expect({ log: leaksIn(log.text, secrets), database: leaksIn(dump, secrets) }).toEqual({ log: [], database: [] });
    expect(leaksIn(answers.join('\n'), secrets)).toEqual([]);
  });

  it('keeps them there when the database goes away', async () => {
    const password = secret('the password of ada');
    const { access, refresh } = keep('the sign-up', await send('POST', '/signup', {}, credentials('ada', password)));
    const dataSource = app.get(DataSource);
    await dataSource.destroy();
    try {
      const statuses = [
        await ask('POST', '/login', {}, credentials('ada', password)),
        await ask('POST', '/auth/session/refresh', bearer(refresh)),
        await ask('POST', '/auth/signout', bearer(access)),
      ].map(({ status }) => status);
      expect(statuses.filter((status) => status < 500)).toEqual([]);
      expect(leaksIn(`${log.text}\n${answers.join('\n')}`, secrets)).toEqual([]);
    } finally {
      await dataSource.initialize();
    }
  });
});

describe('the search for secrets', () => {
  it.each([
    ['as it is', (text: string) => text],
    ['in hex', (text: string) => Buffer.from(text).toString('hex')],
    ['in base64', (text: string) => Buffer.from(text).toString('base64')],
    ['in base64 behind one byte', (text: string) => Buffer.from(`x${text}`).toString('base64')],
    ['in base64url behind two bytes', (text: string) => Buffer.from(`{"${text}"}`).toString('base64url')],
    ['in a URL', (text: string) => encodeURIComponent(text)],
  ])('finds one %s', (_, write) => {
    const secret = `${canary()}/+ä`;
    expect(leaksIn(`before ${write(secret)} behind`, new Map([['it', secret]]))).toEqual(['it']);
  });
});
