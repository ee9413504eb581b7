/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { Browser } from './browser.js';
import { freePort, RealProvider } from './real-provider.js';
import { ResourceServer } from './resource-server.js';

jest.setTimeout(60_000);

let folder: string;
let loopback: LoopbackProvider;
let real: RealProvider;
let port: number;
let origin: string;

beforeAll(async () => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'latchkey-profile-'));
  port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  loopback = await LoopbackProvider.start({ login: 'alice', accessTokenLifetime: 30 });
  const client = { client_id: 'app', client_secret: 'the secret of the app' };
  real = new RealProvider(
    [
      {
        ...client,
        redirect_uris: [`${origin}/login/real/authorized`],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    {
      rotateRefreshToken: () => true,
    },
  );
  await real.start();
});
beforeEach(() => loopback.reset());
afterAll(async () => {
  await Promise.all([loopback.stop(), real.stop()]);
  rmSync(folder, { recursive: true });
});

/** @param variables over those of the test. */
async function start(adapter: string, variables: Record<string, string> = {}): Promise<INestApplication> {
  const file = join(folder, 'providers.json');
  const client = { clientId: 'app', clientSecret: 'the secret of the app' };
  const { allowInsecureLoopback: _oidc, ...corp } = loopback.oidc;
  const { allowInsecureLoopback: _plain, ...plain } = loopback.oauth2;
  const down = { kind: 'oidc', issuer: 'http://127.0.0.1:1', ...client };
  writeFileSync(
    file,
    JSON.stringify({
      corp: { kind: 'oidc', ...corp, scope: ['openid', 'email', 'offline_access'] },
      plain: { kind: 'oauth2', ...plain },
      real: { kind: 'oidc', issuer: real.issuer, ...client, scope: ['openid', 'email', 'offline_access'] },
      down,
    }),
  );
  const app = await createApp(
    readEnvironment({
      PORT: String(port),
      PUBLIC_URL: origin,
      ADAPTER: adapter,
      OAUTH_PROVIDERS: file,
      OAUTH_TIMEOUT: '1',
      OAUTH_ALLOW_LOOPBACK_HTTP: '1',
      AUTH_SECRET: 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=',
      DATABASE_URL: `sqlite:${mkdtempSync(join(folder, 'db-'))}/app.sqlite`,
      RATE_LIMIT: 'off',
      ...variables,
    }),
  );
  await app.listen(port, '127.0.0.1');
  return app;
}

const loggedIn = async (provider: string) => {
  const browser = new Browser();
  const page = await browser.follow(await browser.visit(`${origin}/login/${provider}?return_to=/me`), () => true);
  expect(page.status).toBe(200);
  return browser;
};
/** Where a refusal says that the user can mend it. */
const consent = async (browser: Browser, url: string, provider: string) => {
  expect(url).toMatch(new RegExp(`^${origin}/login/${provider}\\?ticket=`));
  await browser.follow(await browser.visit(url), (next) => next.pathname !== '/');
};
const refreshes = () => loopback.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;

describe.each(['express', 'fastify'])('GET /oauth/:provider/profile (%s)', (adapter) => {
  let app: INestApplication;
  const profile = async (browser: Browser, provider = 'corp', query = '') => {
    const { status, body } = await browser.visit(`${origin}/oauth/${provider}/profile${query}`);
    return { status, body };
  };

  describe('with a leeway longer than its tokens live', () => {
    beforeAll(async () => {
      app = await start(adapter);
    });
    afterAll(() => app.close());

    it('O34 asks the provider live, and hands on its answer', async () => {
      const browser = await loggedIn('corp');
      expect(await profile(browser)).toEqual({
        status: 200,
        body: { sub: 'alice', email: 'alice@example.com', email_verified: true },
      });
      loopback.fail('userinfo', { kind: 'members', members: { email: 'new@example.com' } });
      expect((await profile(browser)).body['email']).toBe('new@example.com');
      expect(refreshes()).toBe(1);
    });

    it('O34 passes the query on', async () => {
      const browser = await loggedIn('plain');
      expect(await profile(browser, 'plain', '?fields=id&a=1&a=2&q=%26')).toMatchObject({
        status: 200,
        body: { id: 'alice' },
      });
      const asked = loopback.requests.findLast(({ endpoint }) => endpoint === 'api')!;
      expect(asked.url.search).toBe('?fields=id&a=1&a=2&q=%26');
    });

    it('O33 is 401 without a log-in, 404 for an unknown provider, 403 without a grant', async () => {
      expect((await profile(new Browser())).status).toBe(401);
      const browser = await loggedIn('corp');
      expect(await profile(browser, 'nobody')).toMatchObject({
        status: 404,
        body: { errorCode: 'oauth_provider_unknown' },
      });
      const { status, body } = await profile(browser, 'plain');
      expect([status, body['errorCode'], loopback.count('api')]).toEqual([403, 'oauth_not_authorized', 0]);
      const { sub } = (await browser.visit(`${origin}/me`)).body;
      // whom nobody here has been yet
      loopback.login = 'bob';
      await consent(browser, body['authorizationUrl'] as string, 'plain');
      loopback.login = 'alice';
      expect(await profile(browser, 'plain')).toMatchObject({ status: 200, body: { id: 'bob' } });
      expect((await browser.visit(`${origin}/me`)).body['sub']).toBe(sub);
    });

    it('O35 makes one refresh for 30 at once', async () => {
      const browser = await loggedIn('corp');
      const answers = await Promise.all(Array.from({ length: 30 }, () => profile(browser)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(refreshes()).toBe(1);
    });

    it('O38 is 403 where the grant is dead, and stays so until the user consents again', async () => {
      const browser = await loggedIn('corp');
      loopback.endGrants();
      for (let time = 0; time < 2; time++)
        expect(await profile(browser)).toMatchObject({ status: 403, body: { errorCode: 'oauth_reauth_required' } });
      expect(refreshes()).toBe(1);
      await consent(browser, (await profile(browser)).body['authorizationUrl'] as string, 'corp');
      expect((await profile(browser)).status).toBe(200);
    });

    it.each<[number, string, Parameters<LoopbackProvider['fail']>[1]]>([
      [403, 'oauth_reauth_required', { kind: 'status', status: 401 }],
      [403, 'oauth_scope_missing', { kind: 'status', status: 403 }],
      [502, 'oauth_provider_failed', { kind: 'html' }],
      [502, 'oauth_provider_failed', { kind: 'redirect', to: '/userinfo' }],
      [502, 'oauth_provider_failed', { kind: 'members', members: { sub: 'mallory' } }],
      [503, 'oauth_provider_unavailable', { kind: 'status', status: 503 }],
      [503, 'oauth_provider_unavailable', { kind: 'drop' }],
      [504, 'oauth_provider_timeout', { kind: 'silent' }],
      [504, 'oauth_provider_timeout', { kind: 'slow_loris' }],
    ])('O22 is %d %s for %j', async (status, errorCode, fault) => {
      const browser = await loggedIn('corp');
      loopback.fail('userinfo', fault);
      expect(await profile(browser)).toMatchObject({ status, body: { errorCode } });
      loopback.heal();
      expect((await profile(browser)).status).toBe(200);
    });

    it('OC-07 is 502 for arrays in each other without end', async () => {
      const browser = await loggedIn('plain');
      const body = `{"id":"alice","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
      const headers = { 'content-type': 'application/json' };
      loopback.fail('api', { kind: 'status', status: 200, body, headers });
      expect(await profile(browser, 'plain')).toMatchObject({
        status: 502,
        body: { errorCode: 'oauth_provider_failed' },
      });
    });

    it.each([301, 302, 303, 307, 308] as const)('OC-13 follows no redirect %d', async (status) => {
      const inside = new ResourceServer();
      await inside.start();
      try {
        const browser = await loggedIn('plain');
        loopback.fail('api', { kind: 'redirect', to: `${inside.origin}/latest/meta-data`, status });
        expect(await profile(browser, 'plain')).toMatchObject({
          status: 502,
          body: { errorCode: 'oauth_provider_failed' },
        });
        expect(inside.seen).toEqual([]);
      } finally {
        await inside.stop();
      }
    });

    it('O38 is 503 while the token endpoint is down, and well again afterwards', async () => {
      const browser = await loggedIn('corp');
      loopback.fail('token', { kind: 'status', status: 503 });
      expect(await profile(browser)).toMatchObject({ status: 503, body: { errorCode: 'oauth_provider_unavailable' } });
      loopback.heal();
      expect((await profile(browser)).status).toBe(200);
    });
  });

  it('O34 with OAUTH_REFRESH_LEEWAY=0 waits for the end of a token', async () => {
    app = await start(adapter, { OAUTH_REFRESH_LEEWAY: '0' });
    try {
      const browser = await loggedIn('corp');
      expect((await profile(browser)).status).toBe(200);
      expect(refreshes()).toBe(0);
    } finally {
      await app.close();
    }
  });

  it('O34 O39 works with a provider that nobody here wrote', async () => {
    app = await start(adapter);
    try {
      const browser = await loggedIn('real');
      expect(await profile(browser, 'real')).toMatchObject({
        status: 200,
        body: { sub: 'alice', email: 'alice@example.com' },
      });
      real.seen.length = 0;
      const answers = await Promise.all(Array.from({ length: 10 }, () => profile(browser, 'real')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect([real.count('/me'), real.count('/token')]).toEqual([10, 0]);
    } finally {
      await app.close();
    }
  });
});

it.each(['soon', '-1', '1d2'])('O64 names OAUTH_REFRESH_LEEWAY for %j', (value) => {
  expect(() => readEnvironment({ OAUTH_REFRESH_LEEWAY: value })).toThrow('OAUTH_REFRESH_LEEWAY');
});

it('O64 names OAUTH_REFRESH_LEEWAY where the library refuses it', async () => {
  await expect(start('express', { OAUTH_REFRESH_LEEWAY: '90000' })).rejects.toThrow(/OAUTH_REFRESH_LEEWAY must be/);
});
