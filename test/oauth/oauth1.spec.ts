/* oxlint-disable no-await-in-loop -- one log-in after the other */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { SystemClock } from 'nest-latchkey';
import { OAuthGrants } from 'nest-latchkey/passport';
import { oauth1Provider } from 'nest-latchkey/providers';
import type { ApiRequest } from '../../libs/auth/src/oauth/client/api-request.js';
import { toProvider } from '../../libs/auth/src/oauth/provider.js';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser } from './browser.js';
import { answerOf, appOrigin, at, dance, DancingApp, guardedBy } from './dance.js';
import { describeWithOAuthlib, OAuthlibProvider, type SeenRequest } from './oauth1-provider.js';

jest.setTimeout(30_000);

/** What has to be encoded is in it. */
const consumerSecret = 'the secret: of % the app & co + ü';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicPem = (pair: typeof keys) => pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const types = ['header', 'query', 'body'] as const;
const methods = ['HMAC-SHA1', 'HMAC-SHA256', 'RSA-SHA1'] as const;
const consumerKeyOf = (method: string) => method.toLowerCase().replace('-', '');
/** A provider of ours for each way to sign, `sha1-header` and so on. */
const ways = methods.flatMap((method) =>
  types.map((type) => ({ method, type, name: `${consumerKeyOf(method)}-${type}` })),
);
const refusals = ['denied', 'verifier', 'problem'];

const provider = new OAuthlibProvider();
let folder: string;

const endpoints = () => ({
  requestTokenEndpoint: `${provider.origin}/request_token`,
  authorizationEndpoint: `${provider.origin}/authorize`,
  accessTokenEndpoint: `${provider.origin}/access_token`,
  userinfoEndpoint: `${provider.origin}/me?fields=id,mail&empty=&a%20b=c+d`,
  apiBaseUrl: `${provider.origin}/api/`,
  issuer: 'https://old.example',
  allowInsecureLoopback: true,
  identity: { subject: 'id', email: 'profile.mail' },
});
const optionsOf = ({ method, type, name }: (typeof ways)[number]) =>
  oauth1Provider(name, {
    ...endpoints(),
    consumerKey: consumerKeyOf(method),
    ...(method === 'RSA-SHA1' ? { privateKey: pem } : { consumerSecret }),
    signatureMethod: method,
    signatureType: type,
  });

describeWithOAuthlib('with a provider of OAuth 1 that nobody here wrote', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-oauth1-'));
    writeFileSync(join(folder, 'key.pem'), pem);
    const names = [...ways.map(({ name }) => name), ...refusals, 'file', 'own', 'other', 'secretless'];
    const callbacks = [...names.map((name) => `${appOrigin}/login/${name}/authorized`), `${appOrigin}/own/answer`];
    await provider.start({
      clients: Object.fromEntries(
        methods.map((method) => [
          consumerKeyOf(method),
          {
            method,
            callbacks,
            ...(method === 'RSA-SHA1' ? { publicKey: publicPem(keys) } : { secret: consumerSecret }),
          },
        ]),
      ),
      otherPublicKey: publicPem(otherKeys),
    });
  });
  afterAll(async () => {
    await provider.stop();
    rmSync(folder, { recursive: true });
  });

  describe.each(adapters)('on %s', (adapter) => {
    let app: DancingApp;
    let browser: Browser;
    let before: number;

    beforeAll(async () => {
      const base = endpoints();
      const byHmac = { ...base, consumerKey: 'hmacsha1', consumerSecret };
      app = new DancingApp(
        adapter,
        {
          timeout: 5,
          providers: [
            ...ways.map(optionsOf),
            oauth1Provider('file', { ...base, consumerKey: 'rsasha1', privateKey: join(folder, 'key.pem') }),
            oauth1Provider('own', { ...byHmac, redirectUri: `${appOrigin}/own/answer` }),
            oauth1Provider('other', byHmac),
            oauth1Provider('secretless', { ...byHmac, consumerSecret: 'another' }),
            ...refusals.map((refuse) => oauth1Provider(refuse, { ...byHmac, authorizationParams: { refuse } })),
          ],
          returnTo: { default: '/home' },
        },
        { controllers: [guardedBy('own')] },
      );
      await app.start();
    });
    beforeEach(async () => {
      app.now();
      app.events.length = 0;
      app.logins.length = 0;
      browser = app.browser();
      before = (await provider.seen()).length;
    });
    afterAll(() => app.stop());

    const seen = async () => (await provider.seen()).slice(before);
    const count = async (path: string) => (await seen()).filter((request) => request.path === path).length;

    it.each(ways)('O55 OC-14 logs in, signed by $method in the $type', async ({ name, method, type }) => {
      const page = await dance(browser, `/login/${name}?return_to=/a`);
      expect([page.status, page.headers.location]).toEqual([302, '/a']);
      const [login] = app.logins;
      expect(login).toMatchObject({
        identity: { issuer: 'https://old.example', subject: '4711', email: 'alice@example.com', emailVerified: false },
        requestedScope: [],
        grantedScope: [],
      });
      expect(login!.tokens).toEqual({
        accessToken: expect.stringMatching(/\+\/=&$/),
        tokenSecret: expect.stringMatching(/\+\/=&$/),
        refreshToken: undefined,
        idToken: undefined,
        expiresAt: undefined,
      });
      expect((await browser.visit(at('/me'))).body['sub']).toBe(`${name}:4711`);
      expect(app.eventsOf('oauth.authorized')).toEqual([expect.objectContaining({ provider: name, subject: '4711' })]);

      const requests = await seen();
      expect(requests.map(({ path, status }) => [path, status])).toEqual([
        ['/request_token', 200],
        ['/access_token', 200],
        ['/me', 200],
      ]);
      expect(requests.map(placeOf)).toEqual([type, type, type === 'body' ? 'header' : type]);
      const sent = requests.map(parametersOf);
      expect(sent.map((one) => one['oauth_signature_method'])).toEqual([method, method, method]);
      expect(new Set(sent.map((one) => one['oauth_nonce'])).size).toBe(3);
      for (const one of sent) expect(Math.abs(Number(one['oauth_timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    });

    it.each(ways)('O58 signs requests to its API by $method, in the $type', async (way) => {
      await dance(browser, `/login/${way.name}`);
      const { accessToken, tokenSecret } = app.logins[0]!.tokens;
      const { authorize } = toProvider('p', optionsOf(way), appOrigin, new SystemClock());
      const url = `${provider.origin}/api/%C3%BC/~?a=1&a=&a&b=%20+%2B%25&c%5B%5D=%F0%9F%98%80&d='()*!`;
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const requests: [string, Record<string, string>, RequestInit['body']?][] = [
        ['GET', {}],
        ['DELETE', {}],
        ['POST', {}],
        ['POST', form, 'x=1&x=&y=%20+%2B%C3%BC&z'],
        ['PUT', {}, new URLSearchParams({ 'a b': "é & '=' +" })],
        ['patch', { 'content-type': 'application/json' }, '{"x":"&="}'],
        ['POST', { 'content-type': 'application/octet-stream' }, new Uint8Array([0, 255])],
      ];
      for (const [method, headers, body] of requests) {
        const request = { method, url, headers: new Headers(headers), body };
        const signed = authorize(request, { accessToken, tokenSecret });
        expect([method, (await send(signed)).status]).toEqual([method, 200]);
        // every nonce once
        expect((await send(signed)).status).toBe(401);
        const changed = authorize(request, { accessToken, tokenSecret });
        expect((await send({ ...changed, url: changed.url.replace('a=1', 'a=2') })).status).toBe(401);
        const foreign = authorize(request, { accessToken, tokenSecret: 'another' });
        // RFC 5849 §3.4.3: the secrets are no part of what RSA signs
        expect((await send(foreign)).status).toBe(way.method === 'RSA-SHA1' ? 200 : 401);
      }
    });

    it.each(ways)('O58 asks its API by $method, in the $type, with what was granted', async ({ name }) => {
      await dance(browser, `/login/${name}`);
      const client = app.api.app.get(OAuthGrants).client(name, { kind: 'user', id: `${name}:4711` });
      expect(await client.json(`things/ü?q=a b&q=+&q=${encodeURIComponent("'()*!")}`)).toMatchObject({ id: 4711 });
      expect((await client.post('things', { body: new URLSearchParams({ 'x y': "é&='" }) })).status).toBe(200);
      expect(
        (await client.patch('things', { body: '{"x":1}', headers: { 'content-type': 'application/json' } })).status,
      ).toBe(200);
      expect(await client.userinfo({ more: '1 2' })).toMatchObject({ id: 4711 });
      await expect(client.get('things?oauth_token=x')).rejects.toMatchObject({ code: 'oauth_url_refused' });
      await expect(client.get('https://elsewhere.example/')).rejects.toMatchObject({ code: 'oauth_url_refused' });
    });

    it('O55 takes the private key from a file too', async () => {
      expect((await dance(browser, '/login/file')).headers.location).toBe('/home');
      expect(app.logins).toHaveLength(1);
    });

    it('O8 does the dance behind AuthGuard in a controller of ones own', async () => {
      const begun = await browser.visit(at('/own/start'));
      const page = await browser.visit(nextOf(await browser.visit(nextOf(begun)!))!);
      expect([page.status, page.body['identity']]).toEqual([200, expect.objectContaining({ subject: '4711' })]);
      expect(page.text).not.toContain(app.logins[0]?.tokens.accessToken ?? 'tokenSecret');
      expect(page.body['tokens']).toBeUndefined();
    });

    it('OC-14 keeps the secret of the temporary token out of URLs, and lets the browser read none of it', async () => {
      const begun = await browser.visit(at('/login/other'));
      const [{ body }] = [{ body: begun.text }];
      const url = nextOf(begun)!;
      expect([...url.searchParams.keys()]).toEqual(['oauth_token']);
      const [cookie] = begun.headers['set-cookie']!;
      expect(cookie).toMatch(/^__Host-oauth_[\w-]{22}=.*HttpOnly.*Secure.*SameSite=Lax/);
      expect(cookie + body).not.toContain(encodeURIComponent(url.searchParams.get('oauth_token')!));
      expect([begun.headers['cache-control'], begun.headers['referrer-policy']]).toEqual(['no-store', 'no-referrer']);
    });

    it('O56 OC-14 refuses an answer in a browser that began nothing, and asks for no token', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      expectRefusal((await app.browser().visit(answer)) as never, 'oauth_flow_unknown');
      expect(await count('/access_token')).toBe(0);
      expect(app.logins).toEqual([]);
      // it was worth nothing to the stranger, and is still good here
      expect((await browser.visit(answer)).headers.location).toBe('/home');
    });

    it("O56 OC-14 refuses the token of another user's flow, and asks for no token", async () => {
      const stranger = app.browser();
      const mine = nextOf(await answerOf(browser, '/login/other'))!;
      const theirs = nextOf(await answerOf(stranger, '/login/other'))!;
      expectRefusal((await browser.visit(theirs)) as never, 'oauth_flow_unknown');
      mine.searchParams.set('oauth_token', theirs.searchParams.get('oauth_token')!);
      expectRefusal((await browser.visit(mine)) as never, 'oauth_flow_unknown');
      expect(await count('/access_token')).toBe(0);
    });

    it('O56 refuses an answer at another provider than it was begun with', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      answer.pathname = '/login/hmacsha1-header/authorized';
      expectRefusal((await browser.visit(answer)) as never, 'oauth_flow_unknown');
      expect(await count('/access_token')).toBe(0);
    });

    it('OC-14 lets two tabs log in beside each other', async () => {
      const answers = [
        await answerOf(browser, '/login/other?return_to=/a'),
        await answerOf(browser, '/login/other?return_to=/b'),
      ];
      const pages = [];
      for (const answer of answers) pages.push(await browser.visit(nextOf(answer)!));
      expect(pages.map(({ headers }) => headers.location)).toEqual(['/a', '/b']);
    });

    it('O57 OC-14 takes an answer once, and sends a second one on', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other?return_to=/a'))!;
      const pages = await Promise.all([browser.visit(answer), browser.visit(answer), browser.visit(answer)]);
      pages.push(await browser.visit(answer));
      expect(pages.map(({ status, headers }) => [status, headers.location])).toEqual(
        [302, 302, 302, 302].map((status) => [status, '/a']),
      );
      expect([app.logins.length, await count('/access_token')]).toEqual([1, 1]);
    });

    it.each([
      ['denied', 'access_denied'],
      ['verifier', 'access_denied'],
      ['problem', 'user_refused'],
    ])('O57 tells the page that the user said no, in the words of %s', async (name, word) => {
      const page = await dance(browser, `/login/${name}?return_to=/a`);
      expect([page.status, page.headers.location]).toEqual([302, `/a?error=${word}`]);
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ provider: name, phase: 'authorization', code: 'oauth_denied', error: word }),
      ]);
      expect([app.logins.length, await count('/access_token')]).toEqual([0, 0]);
    });

    it('O57 refuses an answer without a verifier', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      answer.searchParams.delete('oauth_verifier');
      expectRefusal((await browser.visit(answer)) as never, 'oauth_response_invalid');
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ phase: 'authorization', code: 'oauth_response_invalid' }),
      ]);
      expect(await count('/access_token')).toBe(0);
    });

    it('O57 says that the log-in came to nothing where the provider does not take the verifier', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      answer.searchParams.set('oauth_verifier', 'guessed');
      expectRefusal((await browser.visit(answer)) as never, 'oauth_grant_refused');
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ phase: 'token', code: 'oauth_grant_refused' }),
      ]);
      expect(app.logins).toEqual([]);
    });

    it('O57 says that the provider refuses us', async () => {
      expectRefusal((await browser.visit(at('/login/secretless'))) as never, 'oauth_provider_failed');
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ phase: 'request_token', code: 'oauth_provider_failed' }),
      ]);
      expect(browser.cookieNames(appOrigin)).toEqual([]);
    });

    it.each<[string, (answer: URL) => void]>([
      ['no token', ({ searchParams }) => searchParams.delete('oauth_token')],
      ['an empty token', ({ searchParams }) => searchParams.set('oauth_token', '')],
      ['two tokens', ({ searchParams }) => searchParams.append('oauth_token', 'x')],
      ['two verifiers', ({ searchParams }) => searchParams.append('oauth_verifier', 'x')],
      ['a long token', ({ searchParams }) => searchParams.set('oauth_token', 'x'.repeat(257))],
    ])('O57 refuses an answer with %s', async (_what, change) => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      change(answer);
      expectRefusal((await browser.visit(answer)) as never, 'oauth_response_invalid');
      expect(await count('/access_token')).toBe(0);
    });

    it('O57 refuses an answer in a form', async () => {
      const { origin, pathname, searchParams } = nextOf(await answerOf(browser, '/login/other'))!;
      const page = await browser.visit(origin + pathname, { method: 'POST', form: searchParams });
      expectRefusal(page as never, 'oauth_response_invalid');
    });

    it('OC-14 takes a flow of ten minutes, and no longer', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      app.api.clock.advance(601);
      expectRefusal((await browser.visit(answer)) as never, 'oauth_flow_expired');
      expect(await count('/access_token')).toBe(0);
    });
  });
});

function send({ url, method, headers, body }: ApiRequest): Promise<Response> {
  return fetch(url, { method, headers, body: body ?? null });
}

function placeOf({ headers, uri, body }: SeenRequest): string {
  if (/^OAuth .*oauth_signature=/.test(headers['Authorization'] ?? '')) return 'header';
  return new URL(uri).searchParams.has('oauth_signature')
    ? 'query'
    : body.includes('oauth_signature=')
      ? 'body'
      : 'none';
}

function parametersOf({ headers, uri, body }: SeenRequest): Record<string, string> {
  const inHeader = [...(headers['Authorization'] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  return Object.fromEntries([...inHeader, ...new URL(uri).searchParams, ...new URLSearchParams(body)]) as Record<
    string,
    string
  >;
}
