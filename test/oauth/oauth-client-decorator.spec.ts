/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { OAuthClient } from 'nest-latchkey/passport';
import { github } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import type { Browser } from './browser.js';
import { at, dance, DancingApp } from './dance.js';
import { GrantsApp } from './grants.fixture.js';

let provider: LoopbackProvider;
beforeAll(async () => {
  provider = await LoopbackProvider.start({ login: 'alice' });
});
afterAll(() => provider.stop());

describe.each(adapters)('@OAuthClient() (%s)', (adapter) => {
  let own: GrantsApp;

  beforeAll(async () => {
    own = new GrantsApp(adapter, provider);
    await own.start();
  });
  beforeEach(() => {
    own.reset();
    provider.login = 'alice';
  });
  afterAll(() => own.stop());

  it('O33 O34 gives a handler the client of its user', async () => {
    for (const login of ['alice', 'bob']) {
      provider.login = login;
      const { browser } = await own.loggedIn();
      expect((await browser.visit(at('/api/corp/me'))).body).toMatchObject({ id: login });
      expect((await browser.visit(at('/api/scope'))).body).toEqual({
        scope: ['openid', 'profile', 'offline_access'],
        subject: login,
        isAuthorized: true,
      });
    }
  });

  it('O40 never mixes users up, in 60 requests at once', async () => {
    const visitors: { login: string; browser: Browser }[] = [];
    for (const login of ['alice', 'bob']) {
      provider.login = login;
      visitors.push({ login, ...(await own.loggedIn()) });
    }
    provider.fail('api', { kind: 'slow', seconds: 0.02 });
    const pages = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const { login, browser } = visitors[index % 2]!;
        return { login, page: await browser.visit(at('/api/corp/me')) };
      }),
    );
    for (const { login, page } of pages) expect([page.status, page.body['id']]).toEqual([200, login]);
  });

  it('O33 answers 403 with the authorization URL where there is no grant', async () => {
    const token = await own.api.auth.issueAccessToken('somebody');
    const answer = await own.api.get('/api/corp/me', token);
    const authorizationUrl = 'https://app.example.com/login/corp';
    expect([answer.status, answer.body]).toMatchObject([403, { errorCode: 'oauth_not_authorized', authorizationUrl }]);
    expect(provider.count('api')).toBe(0);
  });

  it('answers 401 without a token, and gives null where one is optional', async () => {
    expectRefusal(await own.api.get('/api/corp/me'), 'token_missing');
    expect((await own.api.get('/api/optional')).body).toEqual({ client: false, provider: null });
    const token = await own.api.auth.issueAccessToken('somebody');
    expect((await own.api.get('/api/optional', token)).body).toEqual({ client: true, provider: 'corp' });
    expect(OAuthClient).toBeInstanceOf(Function);
  });
});

it('O33 O41 answers as the README says', async () => {
  const { NightlyReport, ReposController } = await import('../../docs/examples/provider-api.js');
  const { oauth2 } = provider;
  const readme = new DancingApp(
    'express',
    { providers: [github({ ...oauth2, identity: { subject: 'id' }, scope: ['profile'] })] },
    { controllers: [ReposController], providers: [NightlyReport] },
  );
  await readme.start();
  try {
    provider.reset();
    provider.clock = readme.api.clock;
    const browser = readme.browser();
    expect((await browser.visit(at('/repos'))).status).toBe(401);
    const stranger = await readme.api.get('/repos', await readme.api.auth.issueAccessToken('github:nobody'));
    expect([stranger.status, stranger.body['authorizationUrl']]).toEqual([403, at('/login/github')]);
    await dance(browser, '/login/github');
    provider.fail('api', { kind: 'status', status: 200, body: [{ name: 'one' }, { name: 'two' }] });
    expect((await browser.visit(at('/repos'))).text).toBe('[{"name":"one"},{"name":"two"}]');
    const report = readme.api.app.get(NightlyReport);
    expect([
      await report.reposOf(`github:${readme.logins[0]!.identity.subject}`),
      await report.reposOf('nobody'),
    ]).toEqual([2, 0]);
    expect(provider.requests.at(-1)!.url.pathname).toBe('/api/user/repos');
  } finally {
    await readme.stop();
  }
});
