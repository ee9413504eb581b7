/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { generateKeyPairSync } from 'node:crypto';
import { OAuthLogin } from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';
import type { ClientMetadata } from 'oidc-provider';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { answerOf, appOrigin, at, dance, DancingApp, guardedBy } from './dance.js';
import { RealProvider } from './real-provider.js';

const secret = 'a secret: 100% of + & ~';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = (key: typeof rsa.publicKey, alg: string) => ({ ...key.export({ format: 'jwk' }), kid: alg, alg });

/** A client of the provider; it comes back to the routes of the name. */
const client = (name: string, more: Partial<ClientMetadata> = {}): ClientMetadata => ({
  client_id: `client: ${name}`,
  client_secret: secret,
  redirect_uris: [`${appOrigin}/login/${name}/authorized`],
  ...more,
});
const own = `${appOrigin}/own/answer`;

const provider = new RealProvider([
  client('corp'),
  client('other'),
  client('post', { token_endpoint_auth_method: 'client_secret_post' }),
  client('public', { token_endpoint_auth_method: 'none' }),
  client('rsa', {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicJwk(rsa.publicKey, 'RS256') as never] },
  }),
  client('ec', {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicJwk(ec.publicKey, 'ES256') as never] },
  }),
  client('form'),
  client('pushed'),
  client('own', { redirect_uris: [own] }),
  client('strict'),
  client('offline', { grant_types: ['authorization_code', 'refresh_token'] }),
]);

beforeAll(() => provider.start());
afterAll(() => provider.stop());

const providers = () => {
  const base = (name: string) => ({
    issuer: provider.issuer,
    clientId: `client: ${name}`,
    allowInsecureLoopback: true,
  });
  const confidential = (name: string) => ({ ...base(name), clientSecret: secret });
  return [
    oidc('corp', confidential('corp')),
    oidc('other', { ...confidential('other'), scope: ['openid'] }),
    oidc('post', { ...confidential('post'), tokenEndpointAuthMethod: 'client_secret_post' }),
    oidc('public', base('public')),
    oidc('rsa', { ...base('rsa'), privateKey: { key: rsa.privateKey, kid: 'RS256' } }),
    oidc('ec', {
      ...base('ec'),
      privateKey: { key: ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
      tokenEndpointAuthMethod: 'private_key_jwt',
    }),
    oidc('form', { ...confidential('form'), responseMode: 'form_post' }),
    oidc('pushed', { ...confidential('pushed'), pushedAuthorizationRequests: true }),
    oidc('own', { ...confidential('own'), redirectUri: own }),
    oidc('offline', { ...confidential('offline'), scope: ['openid', 'offline_access'] }),
  ];
};

const parametersOf = (page: Page) => nextOf(page)!.searchParams;
const lineOf = (page: Page, start: string) => page.headers['set-cookie']?.find((line) => line.startsWith(start));
const flowNames = (browser: Browser) =>
  browser.cookieNames(appOrigin).filter((name) => /^__Host-oauth_(?!finished)/.test(name));

describe.each(adapters)('log-in with a real provider (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;
  const me = async () => (await browser.visit(at('/me'))).body['sub'] as string | undefined;

  beforeAll(async () => {
    app = new DancingApp(adapter, { providers: providers() }, { controllers: [guardedBy('own')] });
    await app.start();
  });
  beforeEach(() => {
    app.now();
    app.events.length = 0;
    app.logins.length = 0;
    provider.seen.length = 0;
    browser = app.browser();
  });
  afterAll(() => app.stop());

  describe('the start', () => {
    it('O1 OC-03 sends the browser to the provider, with all that a request must carry', async () => {
      const page = await browser.visit(at('/login/corp'));
      expect(page.status).toBe(302);
      expect(nextOf(page)!.origin + nextOf(page)!.pathname).toBe(`${provider.issuer}/auth`);
      expect(Object.fromEntries(parametersOf(page))).toEqual({
        response_type: 'code',
        client_id: 'client: corp',
        redirect_uri: `${appOrigin}/login/corp/authorized`,
        scope: 'openid email profile',
        state: expect.stringMatching(/^[\w-]{43}$/),
        nonce: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      });
      expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
      const line = lineOf(page, '__Host-oauth_')!;
      expect(line.split('; ').slice(1).toSorted()).toEqual([
        'HttpOnly',
        'Max-Age=600',
        'Path=/',
        'SameSite=Lax',
        'Secure',
      ]);
      for (const name of ['state', 'nonce', 'code_challenge']) expect(line).not.toContain(parametersOf(page).get(name));
    });

    it('O2 never makes a state, a nonce or a challenge twice', async () => {
      const pages = await Promise.all(Array.from({ length: 100 }, () => app.browser().visit(at('/login/corp'))));
      for (const name of ['state', 'nonce', 'code_challenge'])
        expect(new Set(pages.map((page) => parametersOf(page).get(name))).size).toBe(100);
    });

    it('O3 knows its own providers alone', async () => {
      for (const name of ['unknown', '__proto__', 'constructor', 'jwt', 'session'])
        expectRefusal((await browser.visit(at(`/login/${name}`))) as never, 'oauth_provider_unknown');
      expectRefusal(
        (await browser.visit(at('/login/unknown/authorized?code=a&state=b'))) as never,
        'oauth_provider_unknown',
      );
    });

    it.each<[string, string, Record<string, string>]>([
      ['HEAD', 'HEAD', {}],
      ['a browser that prefetches', 'GET', { 'sec-purpose': 'prefetch;prerender' }],
      ['an older one', 'GET', { purpose: 'prefetch' }],
    ])('O6 begins nothing for %s', async (_what, method, headers) => {
      const page = await browser.visit(at('/login/corp'), { method, headers });
      expect([page.status, page.headers.location, page.headers['set-cookie']]).toEqual([204, undefined, undefined]);
    });

    it.each<[string, Record<string, string>, number]>([
      ['a picture in a page of another site', { mode: 'no-cors', dest: 'image', site: 'cross-site' }, 204],
      ['a frame in one', { mode: 'navigate', dest: 'iframe', site: 'cross-site' }, 204],
      ['a script of one', { mode: 'cors', dest: 'empty', site: 'same-site' }, 204],
      ['a link in one', { mode: 'navigate', dest: 'document', site: 'cross-site' }, 302],
      ['a script of ours', { mode: 'cors', dest: 'empty', site: 'same-origin' }, 302],
    ])('begins nothing for a page of another site that only pretends a visit: %s', async (_what, told, status) => {
      const headers = Object.fromEntries(Object.entries(told).map(([name, value]) => [`sec-fetch-${name}`, value]));
      const page = await browser.visit(at('/login/corp'), { headers });
      expect([page.status, page.headers['set-cookie'] === undefined]).toEqual([status, status === 204]);
    });

    it.each<Record<string, string>>([
      { host: 'evil.example' },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
      { forwarded: 'host=evil.example;proto=http' },
    ])('O7 takes its address from publicUrl, whatever the request says: %j', async (headers) => {
      const page = await browser.visit(at('/login/corp'), { headers });
      expect(parametersOf(page).get('redirect_uri')).toBe(`${appOrigin}/login/corp/authorized`);
    });

    it('needs less than 8 KB of a header for all its cookies', async () => {
      const target = `/${'a'.repeat(511)}`;
      await dance(browser, `/login/corp?return_to=${target}`);
      for (let index = 0; index < 6; index++) await browser.visit(at(`/login/corp?return_to=${target}`));
      const jar = [...browser.jar.get('app.example.com')!].filter(([name]) => name.startsWith('__Host-'));
      expect(jar).toHaveLength(6);
      expect(jar.map(([name, { value }]) => `${name}=${value}`).join('; ').length).toBeLessThan(8_000);
    });

    it('keeps five flows of a browser, and drops the oldest', async () => {
      const first = await browser.visit(at('/login/corp'));
      const [oldest] = flowNames(browser);
      for (let index = 0; index < 5; index++) await browser.visit(at('/login/corp'));
      expect(flowNames(browser)).toHaveLength(5);
      expect(flowNames(browser)).not.toContain(oldest);
      const answer = await browser.follow(first, (next) => next.origin !== appOrigin);
      expectRefusal((await browser.visit(nextOf(answer)!)) as never, 'oauth_flow_unknown');
    });
  });

  describe('the answer', () => {
    it('O8 logs the user in, tells who it is, and exchanges the code once', async () => {
      const page = await dance(browser, '/login/corp?return_to=/a?b=c%23d');
      expect([page.status, page.headers.location, page.body]).toEqual([302, '/a?b=c#d', {}]);
      expect(await me()).toBe('corp:alice');
      expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
      expect(flowNames(browser)).toEqual([]);
      expect(provider.count('/token')).toBe(1);
      const [login] = app.logins;
      expect(login).toBeInstanceOf(OAuthLogin);
      expect(login).toMatchObject({
        provider: 'corp',
        requestedScope: ['openid', 'email', 'profile'],
        grantedScope: ['openid', 'email', 'profile'],
        identity: { issuer: provider.issuer, subject: 'alice', email: 'alice@example.com', emailVerified: true },
      });
      expect(login!.identity.claims).toMatchObject({ name: 'Alice', aud: 'client: corp' });
      expect(login!.tokens.accessToken).toMatch(/^[\w-]{43}$/);
      expect(JSON.stringify(login)).not.toContain(login!.tokens.accessToken);
      expect(app.events).toEqual([
        {
          name: 'oauth.authorized',
          provider: 'corp',
          issuer: provider.issuer,
          subject: 'alice',
          at: expect.any(Number),
        },
      ]);
    });

    it.each(['corp', 'post', 'public', 'rsa', 'ec'])('O9 proves itself as the client %s', async (name) => {
      expect((await dance(browser, `/login/${name}`)).status).toBe(302);
      expect(await me()).toBe(`${name}:alice`);
      const sent = provider.seen.find(({ path }) => path === '/token')!.headers.authorization;
      expect(sent?.startsWith('Basic ')).toBe(name === 'corp' ? true : undefined);
    });

    it('O10 takes a form, which another site posts', async () => {
      const begun = await browser.visit(at('/login/form?return_to=/done'));
      expect(parametersOf(begun).get('response_mode')).toBe('form_post');
      const line = lineOf(begun, '__Host-oauth_')!;
      expect(line).toContain('SameSite=None');
      expect(line).toContain('Secure');
      const answer = await browser.follow(begun, (next) => next.origin !== appOrigin);
      const form = formOf(answer);
      const page = await browser.visit(at('/login/form/authorized'), { method: 'POST', form });
      expect([page.status, page.headers.location]).toEqual([303, '/done']);
      expect(await me()).toBe('form:alice');
      expect(flowNames(browser)).toEqual([]);
    });

    it('O10 takes no answer by another method than it asked for', async () => {
      const form = formOf(await answerOf(browser, '/login/form'));
      expectRefusal(
        (await browser.visit(at(`/login/form/authorized?${form.toString()}`))) as never,
        'oauth_response_invalid',
      );
      const query = parametersOf(await answerOf(browser, '/login/corp'));
      const posted = await browser.visit(at('/login/corp/authorized'), { method: 'POST', form: query });
      expectRefusal(posted as never, 'oauth_response_invalid');
      expect(provider.count('/token')).toBe(0);
    });

    it('O60 pushes the request where it is told to (RFC 9126)', async () => {
      const begun = await browser.visit(at('/login/pushed'));
      expect([...parametersOf(begun).keys()].toSorted()).toEqual(['client_id', 'request_uri']);
      const answer = await browser.follow(begun, (next) => next.origin !== appOrigin);
      expect((await browser.visit(nextOf(answer)!)).status).toBe(302);
      expect(provider.count('/request')).toBe(1);
      expect(await me()).toBe('pushed:alice');
    });

    it('O11 finishes two tabs in the other order, each where it wanted to go', async () => {
      const one = await answerOf(browser, '/login/corp?return_to=/one');
      const two = await answerOf(browser, '/login/corp?return_to=/two');
      expect((await browser.visit(nextOf(two)!)).headers.location).toBe('/two');
      expect((await browser.visit(nextOf(one)!)).headers.location).toBe('/one');
      expect(provider.count('/token')).toBe(2);
    });

    it('O12 keeps two providers apart', async () => {
      const one = await answerOf(browser, '/login/corp');
      const other = await answerOf(browser, '/login/other');
      await browser.visit(nextOf(one)!);
      expect(await me()).toBe('corp:alice');
      await browser.visit(nextOf(other)!);
      expect(await me()).toBe('other:alice');
    });

    it('O13 OC-10 sends the second visit of an answer where the first went, and exchanges nothing', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp?return_to=/done'))!;
      await browser.visit(answer);
      const again = await browser.visit(answer);
      expect([again.status, again.headers.location]).toEqual([302, '/done']);
      expect(provider.count('/token')).toBe(1);
      expect(app.eventsOf('oauth.authorized')).toHaveLength(1);
      expect(app.logins).toHaveLength(1);
      expect(lineOf(again, 'sAccessToken')).toBeUndefined();
    });

    it('O13 OC-01 lets one of two visits at once exchange the code', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp?return_to=/done'))!;
      const pages = await Promise.all([browser.visit(answer), browser.visit(answer), browser.visit(answer)]);
      expect(pages.map(({ headers }) => headers.location)).toEqual(['/done', '/done', '/done']);
      expect(provider.count('/token')).toBe(1);
      expect(app.logins).toHaveLength(1);
    });

    it('O13 OC-01 takes no flow a second time, though its cookie was kept', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp?return_to=/done'))!;
      const kept = new Map(browser.jar.get('app.example.com'));
      await browser.visit(answer);
      browser.jar.set('app.example.com', kept);
      expect((await browser.visit(answer)).headers.location).toBe('/done');
      expect(provider.count('/token')).toBe(1);
      expect(app.logins).toHaveLength(1);
    });

    it('O15 OC-02 refuses an answer in another browser, and asks the provider nothing', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      const victim = app.browser();
      await victim.visit(at('/login/corp'));
      const page = await victim.visit(answer);
      expectRefusal(page as never, 'oauth_flow_unknown');
      expect(page.headers['set-cookie']).toBeUndefined();
      expect(provider.count('/token')).toBe(0);
      expect(app.eventsOf('oauth.failed')).toEqual([]);
      expect((await browser.visit(answer)).status).toBe(302);
    });

    it('O15 refuses an answer without a cookie at all', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      expectRefusal((await browser.visit(answer, { cookies: false })) as never, 'oauth_flow_unknown');
    });

    it('O16 refuses a state of one other character, and the flow can still be finished', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      const state = answer.searchParams.get('state')!;
      const wrong = new URL(answer);
      wrong.searchParams.set('state', (state.startsWith('A') ? 'B' : 'A') + state.slice(1));
      const page = await browser.visit(wrong);
      expectRefusal(page as never, 'oauth_flow_unknown');
      expect(page.text).not.toContain(state.slice(1));
      expect((await browser.visit(answer)).status).toBe(302);
    });

    it('O16 refuses a state whose flow stands in the cookie of another', async () => {
      const one = nextOf(await answerOf(browser, '/login/corp'))!;
      const [oneName] = flowNames(browser);
      const two = nextOf(await answerOf(browser, '/login/corp'))!;
      const twoName = flowNames(browser).find((name) => name !== oneName)!;
      const jar = browser.jar.get('app.example.com')!;
      const [oneCookie, twoCookie] = [jar.get(oneName!)!, jar.get(twoName)!];
      jar.set(oneName!, twoCookie).set(twoName, oneCookie);
      for (const answer of [one, two]) expectRefusal((await browser.visit(answer)) as never, 'oauth_flow_unknown');
    });

    it('O16 refuses a flow cookie that came twice: one was planted', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      const [name] = flowNames(browser);
      const value = browser.cookie(appOrigin, name!)!;
      const headers = { cookie: `${name}=${value}; ${name}=${value}` };
      expectRefusal((await browser.visit(answer, { cookies: false, headers })) as never, 'oauth_flow_unknown');
    });

    it('O17 refuses a flow after ten minutes, and says where to begin again', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      app.api.clock.advance(600);
      const page = await browser.visit(answer);
      expectRefusal(page as never, 'oauth_flow_expired');
      expect(page.body['message']).toContain(`${appOrigin}/login/corp`);
      expect(provider.count('/token')).toBe(0);
    });

    it('O17 takes it a second earlier', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      app.api.clock.advance(599);
      expect((await browser.visit(answer)).headers.location).not.toBeUndefined();
    });

    it('O25 OC-04 takes no answer at the routes of another provider', async () => {
      const answer = nextOf(await answerOf(browser, '/login/corp'))!;
      const mixed = at(`/login/other/authorized${answer.search}`);
      expectRefusal((await browser.visit(mixed)) as never, 'oauth_flow_unknown');
      expect(provider.count('/token')).toBe(0);
    });

    it('O27 OC-03 sends the verifier of its own challenge: the provider checks it', async () => {
      const begun = await Promise.all(Array.from({ length: 10 }, () => app.browser().visit(at('/login/corp'))));
      const challenges = begun.map((page) => parametersOf(page).get('code_challenge'));
      expect(new Set(challenges).size).toBe(10);
      const browsers = Array.from({ length: 10 }, () => app.browser());
      const pages = await Promise.all(browsers.map((one) => dance(one)));
      expect(pages.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 302));
    });

    it('refuses a user whom the application does not want', async () => {
      const strict = new DancingApp(
        adapter,
        { providers: [oidc('strict', strictOptions())] },
        {},
        { oauthUser: () => null },
      );
      await strict.start();
      try {
        const page = await dance(strict.browser(), '/login/strict');
        expectRefusal(page as never, 'oauth_user_refused');
        expect(lineOf(page, 'sAccessToken')).toBeUndefined();
      } finally {
        await strict.stop();
      }
    });
  });

  describe('AuthGuard in a controller of the application', () => {
    it('does the whole dance, and hands over the log-in', async () => {
      const page = await dance(browser, '/own/start?return_to=/done');
      expect(page.status).toBe(200);
      expect(page.body).toMatchObject({ provider: 'own', identity: { subject: 'alice' }, returnTo: '/done' });
      expect(page.text).not.toContain('accessToken');
      expect(flowNames(browser)).toEqual([]);
      expect(lineOf(page, 'sAccessToken')).toBeUndefined();
    });

    it('O15 refuses an answer in another browser', async () => {
      const answer = nextOf(await answerOf(browser, '/own/start'))!;
      expectRefusal((await app.browser().visit(answer)) as never, 'oauth_flow_unknown');
    });

    it('O19 begins nothing for an answer without a flow', async () => {
      for (const query of ['?code=a&state=b', '?state=b', '?code=a', '?error=access_denied']) {
        const page = await app.browser().visit(at(`/own/answer${query}`));
        expect([page.status, page.headers.location]).toEqual([expect.any(Number), undefined]);
        expect([400, 403]).toContain(page.status);
      }
    });
  });

  it('O30 asks for consent where it asks for a refresh token (OpenID Connect Core §11)', async () => {
    await dance(browser, '/login/offline');
    expect(app.logins[0]!.tokens.refreshToken).toMatch(/^[\w-]+$/);
    expect(app.logins[0]!.tokens.expiresAt).toBeGreaterThan(app.api.clock.now());
  });

  function strictOptions() {
    return {
      issuer: provider.issuer,
      clientId: 'client: strict',
      clientSecret: secret,
      allowInsecureLoopback: true,
    };
  }
});

/** The form that the provider's page would post by itself. */
function formOf({ text }: Page): URLSearchParams {
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  expect(fields.length).toBeGreaterThan(1);
  return new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value]));
}
