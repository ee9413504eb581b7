/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { cookieGrants } from 'nest-latchkey/passport';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { adapters } from '../e2e/fixture.js';
import { appOrigin, at, dance } from './dance.js';
import type { Browser } from './browser.js';
import { GrantsApp, user } from './grants.fixture.js';

let provider: LoopbackProvider;
beforeAll(async () => {
  provider = await LoopbackProvider.start({ login: 'alice' });
});
afterAll(() => provider.stop());

const grantCookies = (browser: Browser) =>
  browser.cookieNames(appOrigin).filter((name) => name.startsWith('__Host-oauth_grant_'));
const refreshes = () => provider.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;

describe.each(adapters)('grants in cookies (%s)', (adapter) => {
  let app: GrantsApp;

  beforeAll(async () => {
    app = new GrantsApp(adapter, provider, { grants: cookieGrants() });
    await app.start();
  });
  beforeEach(() => {
    app.reset();
    provider.login = 'alice';
  });
  afterAll(() => app.stop());

  const me = async (browser: Browser) => {
    const { status, body } = await browser.visit(at('/api/corp/me'));
    return [status, body['id'] ?? body['errorCode']];
  };

  it('O43 keeps a grant in the browser, where nobody can read it, and nowhere else', async () => {
    const { browser } = await app.loggedIn();
    expect(await me(browser)).toEqual([200, 'alice']);
    const [name, ...more] = grantCookies(browser);
    expect(more).toEqual([]);
    const { tokens } = app.logins[0]!;
    const value = browser.cookie(appOrigin, name!)!;
    for (const text of ['alice', 'corp', tokens.accessToken, tokens.refreshToken!, tokens.idToken!])
      for (const coding of ['utf8', 'base64url'] as const)
        expect(`${name}${value}`).not.toContain(Buffer.from(text).toString(coding).slice(0, 20));
    const line = browser.jar.get('app.example.com')!.get(name!)!.text;
    expect(line.split('; ').slice(1).toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);
    expect(app.watched.calls).toEqual([]);
  });

  it('drops the grants of others who were logged in here before', async () => {
    const browser = app.browser();
    for (const login of ['alice', 'bob', 'alice']) {
      provider.login = login;
      await dance(browser, '/login/corp');
      expect(grantCookies(browser)).toHaveLength(1);
      expect(await me(browser)).toEqual([200, login]);
    }
  });

  it('O43 takes no cookie of another user, and none under another name', async () => {
    const { browser: alice } = await app.loggedIn();
    provider.login = 'bob';
    const { browser: bob } = await app.loggedIn();
    const jars = [alice, bob].map((browser) => browser.jar.get('app.example.com')!);
    const [ofAlice, ofBob] = [grantCookies(alice)[0]!, grantCookies(bob)[0]!];
    jars[1]!.set(ofBob, jars[0]!.get(ofAlice)!);
    expect(await me(bob)).toEqual([403, 'oauth_not_authorized']);
    jars[1]!.delete(ofBob);
    jars[1]!.set(ofAlice, jars[0]!.get(ofAlice)!);
    expect(await me(bob)).toEqual([403, 'oauth_not_authorized']);
    expect(await me(alice)).toEqual([200, 'alice']);
  });

  it('O43 takes no cookie that was changed', async () => {
    const { browser } = await app.loggedIn();
    const jar = browser.jar.get('app.example.com')!;
    const name = grantCookies(browser)[0]!;
    const cookie = jar.get(name)!;
    const flipped = cookie.value.slice(0, 80) + (cookie.value[80] === 'A' ? 'B' : 'A') + cookie.value.slice(81);
    for (const value of [flipped, 'x', cookie.value.replace(/^\w+/, 'other')]) {
      jar.set(name, { ...cookie, value });
      expect(await me(browser)).toEqual([403, 'oauth_not_authorized']);
    }
  });

  it('O34 O43 refreshes it, and gives the browser the new one', async () => {
    const { browser } = await app.loggedIn();
    const before = browser.cookie(appOrigin, grantCookies(browser)[0]!);
    app.api.clock.advance(300);
    expect(await me(browser)).toEqual([200, 'alice']);
    expect(refreshes()).toBe(1);
    expect(browser.cookie(appOrigin, grantCookies(browser)[0]!)).not.toBe(before);
    expect(await me(browser)).toEqual([200, 'alice']);
    expect(refreshes()).toBe(1);
  });

  it('O35 O43 makes one refresh for 30 requests at once, and for those that still bring the old cookie', async () => {
    const { browser } = await app.loggedIn();
    const jar = browser.jar.get('app.example.com')!;
    const name = grantCookies(browser)[0]!;
    const old = jar.get(name)!;
    app.api.clock.advance(300);
    const answers = await Promise.all(Array.from({ length: 30 }, () => me(browser)));
    expect(answers).toEqual(answers.map(() => [200, 'alice']));
    jar.set(name, old);
    expect(await me(browser)).toEqual([200, 'alice']);
    expect(refreshes()).toBe(1);
  });

  /** A request of a browser, and what its answer writes. */
  const exchangeOf = (browser: Browser) => {
    const headers = { cookie: `${grantCookies(browser)[0]}=${browser.cookie(appOrigin, grantCookies(browser)[0]!)}` };
    const written: string[] = [];
    const response = {
      getHeader: () => undefined,
      removeHeader: () => undefined,
      setHeader: (_name: string, lines: string[]) => void written.push(...lines),
    };
    return { exchange: { request: { headers, method: 'GET' }, response }, written };
  };

  it('O42 O43 forgets it, and does no harm where there is none', async () => {
    const { browser, owner } = await app.loggedIn();
    const { exchange, written } = exchangeOf(browser);
    expect(await app.grants.revoke('corp', owner, { exchange })).toBe(true);
    expect(written.at(-1)).toMatch(/^__Host-oauth_grant_[\w-]{22}=; .*Max-Age=0/);
    expect(await app.grants.find('corp', owner, { exchange })).toBeUndefined();
    expect(await app.grants.delete('corp', owner, { exchange })).toBe(false);
    expect(provider.count('revocation')).toBe(2);
  });

  it('O42 O43 forgets the version that was read, and no other', async () => {
    const { browser } = await app.loggedIn();
    const rows = app.grants['rows'](exchangeOf(browser).exchange);
    const row = (await rows.newest('user:corp:alice', 'corp'))!;
    expect([row.version, await rows.delete(row, 2), await rows.find(row)]).toEqual([1, false, row]);
    expect([await rows.delete(row, 1), await rows.find(row)]).toEqual([true, undefined]);
  });

  it('O41 O43 says outside of requests that it needs one', async () => {
    expect(() => app.grants.client('corp', user('ada'))).toThrow(
      expect.objectContaining({ code: 'invalid_argument', reason: expect.stringContaining('exchange') }),
    );
    await expect(app.grants.list(user('ada'))).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('O43 refuses what the application gives, and does not fit, as its own mistake', async () => {
    const { owner } = await app.loggedIn();
    const response = { getHeader: () => undefined, removeHeader: () => undefined, setHeader: () => undefined };
    const exchange = { request: { headers: {}, method: 'GET' }, response };
    const given = { subject: 'alice', tokens: { accessToken: 'x'.repeat(4_000) } };
    await expect(app.grants.put(owner, 'corp', given, { exchange })).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: expect.stringContaining('does not fit into a cookie'),
    });
  });

  it('O43 says how large a grant is that does not fit', async () => {
    provider.fail('token', { kind: 'members', members: { refresh_token: 'x'.repeat(3_000) } });
    const page = await dance(app.browser());
    expect([page.status, page.body['errorCode']]).toEqual([502, 'oauth_provider_failed']);
    expect(app.eventsOf('refused')).toEqual([
      expect.objectContaining({
        reason: expect.stringMatching(/the grant of corp does not fit into a cookie \(\d{4} bytes, at most 3900\)/),
      }),
    ]);
  });
});
