import type { IncomingMessage, ServerResponse } from 'node:http';
import { jest } from '@jest/globals';
import type { AuthErrorCode } from 'nest-latchkey';
import { jira, oauth1Provider, twitter } from 'nest-latchkey/providers';
import { generateKeyPairSync } from 'node:crypto';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { appOrigin, at, DancingApp } from './dance.js';
import { ScriptedProvider, type Script } from './scripted-provider.js';

jest.setTimeout(20_000);

type Handler = NonNullable<Script['at']>[string];

const provider = new ScriptedProvider();
const other = new ScriptedProvider();

beforeAll(() => Promise.all([provider.start(), other.start()]));
afterAll(() => Promise.all([provider.stop(), other.stop()]));

const answering =
  (status: number, body: string | object, type = 'application/x-www-form-urlencoded'): Handler =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': typeof body === 'string' ? type : 'application/json' }).end(text);
  };

const temporary = 'oauth_token=temporary&oauth_token_secret=canary-of-the-flow&oauth_callback_confirmed=true';
let flows = 0;
/** Nobody gives one token twice. */
const fresh = () => temporary.replace('temporary', `temporary${++flows}`);
const granted = 'oauth_token=canary-token&oauth_token_secret=canary-secret';

/** A provider that does everything well, but for what a test says. */
function script(changes: Record<string, Handler> = {}): void {
  provider.reset({
    at: {
      '/request': answering(200, fresh()),
      '/authorize': (request, response) => {
        const token = new URL(request.url!, provider.issuer).searchParams.get('oauth_token');
        response
          .writeHead(302, { location: `${at('/login/old/authorized')}?oauth_token=${token}&oauth_verifier=v` })
          .end();
      },
      '/access': answering(200, granted),
      '/me': answering(200, { id: 4711 }),
      ...changes,
    },
  });
}

const outages: [string, Handler, AuthErrorCode][] = [
  ['500 with HTML', answering(500, '<html>canary', 'text/html'), 'oauth_provider_unavailable'],
  ['503', answering(503, ''), 'oauth_provider_unavailable'],
  ['429', answering(429, 'oauth_problem=canary'), 'oauth_provider_unavailable'],
  ['403', answering(403, ''), 'oauth_provider_failed'],
  ['201', answering(201, temporary), 'oauth_provider_failed'],
  ['200 and nothing', answering(200, ''), 'oauth_provider_failed'],
  ['200 with HTML', answering(200, '<html>canary', 'text/html'), 'oauth_provider_failed'],
  [
    'a redirect',
    (_request, response) => void response.writeHead(307, { location: other.issuer }).end(),
    'oauth_provider_failed',
  ],
  ['a silence', () => {}, 'oauth_provider_timeout'],
  ['a connection that ends', (_request, response) => void response.destroy(), 'oauth_provider_unavailable'],
  ['10 MB', answering(200, `${temporary}&more=${'x'.repeat(10_000_000)}`), 'oauth_provider_failed'],
];

const incomplete: [string, string][] = [
  ['no token', 'oauth_token_secret=canary&oauth_callback_confirmed=true'],
  ['an empty token', 'oauth_token=&oauth_token_secret=canary&oauth_callback_confirmed=true'],
  ['two tokens', `${temporary}&oauth_token=canary`],
  ['no secret', 'oauth_token=canary&oauth_callback_confirmed=true'],
  ['an empty secret', 'oauth_token=canary&oauth_token_secret=&oauth_callback_confirmed=true'],
  ['two secrets', `${temporary}&oauth_token_secret=canary`],
  ['JSON', '{"oauth_token":"canary","oauth_token_secret":"canary"}'],
];

describe.each(adapters)('a provider of OAuth 1 that errs (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;

  beforeAll(async () => {
    const base = {
      requestTokenEndpoint: `${provider.issuer}/request`,
      authorizationEndpoint: `${provider.issuer}/authorize?lang=en`,
      accessTokenEndpoint: `${provider.issuer}/access`,
      userinfoEndpoint: `${provider.issuer}/me`,
      allowInsecureLoopback: true,
    };
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const client = { consumerKey: 'app', consumerSecret: 'canary of the client' };
    app = new DancingApp(adapter, {
      timeout: 1,
      providers: [
        oauth1Provider('old', { ...base, ...client, authorizationParams: { theme: 'dark' } }),
        twitter({ ...base, ...client, redirectUri: at('/login/old/authorized') }),
        jira({ ...base, consumerKey: 'app', privateKey, baseUrl: 'https://jira.example.com' }),
      ],
      returnTo: { default: '/home' },
    });
    await app.start();
  });
  beforeEach(() => {
    app.now();
    app.events.length = 0;
    app.logins.length = 0;
    other.reset();
    script();
    browser = app.browser();
  });
  afterAll(() => app.stop());

  const begin = () => browser.visit(at('/login/old'));
  const dance = async () => browser.visit(nextOf(await browser.visit(nextOf(await begin())!))!);
  const expectFailure = (page: Page, code: AuthErrorCode, phase: string, word?: string): void => {
    expectRefusal(page as never, code);
    expect(app.logins).toEqual([]);
    expect(app.eventsOf('oauth.failed')).toEqual([
      expect.objectContaining({ provider: 'old', phase, code, ...(word !== undefined && { error: word }) }),
    ]);
    expect(JSON.stringify([app.events, page.text, page.headers])).not.toMatch(/canary-|canary of/);
    expect(other.seen).toEqual([]);
  };

  it('O57 logs in when nothing errs', async () => {
    const begun = nextOf(await begin())!;
    expect(begun.search).toMatch(/^\?lang=en&theme=dark&oauth_token=temporary\d+$/);
    expect((await browser.visit(nextOf(await browser.visit(begun))!)).headers.location).toBe('/home');
    expect(app.logins[0]!.identity).toMatchObject({ subject: '4711', issuer: `${provider.issuer}/authorize?lang=en` });
    expect(app.logins[0]!.tokens).toMatchObject({ accessToken: 'canary-token', tokenSecret: 'canary-secret' });
    expect(JSON.stringify([app.events, app.logins])).not.toContain('canary');
  });

  describe('when it is asked for temporary credentials', () => {
    it.each(outages)('O57 has a word for %s', async (_what, handler, code) => {
      script({ '/request': handler });
      expectFailure(await begin(), code, 'request_token');
      expect(browser.cookieNames(appOrigin)).toEqual([]);
    });

    it.each(incomplete)('O57 refuses %s', async (_what, body) => {
      script({ '/request': answering(200, body) });
      expectFailure(await begin(), 'oauth_provider_failed', 'request_token');
    });

    it.each(['', '&oauth_callback_confirmed=false', '&oauth_callback_confirmed=', '&oauth_callback_confirmed=TRUE'])(
      'O57 OC-14 refuses a callback that is not confirmed: %j',
      async (confirmed) => {
        script({ '/request': answering(200, `oauth_token=t&oauth_token_secret=s${confirmed}`) });
        expectFailure(await begin(), 'oauth_provider_failed', 'request_token');
      },
    );

    it.each(['oauth_token', 'oauth_token_secret'])('O57 refuses an %s that no cookie has room for', async (name) => {
      script({ '/request': answering(200, temporary.replace(`${name}=`, `${name}=${'x'.repeat(300)}`)) });
      expectFailure(await begin(), 'oauth_provider_failed', 'request_token');
    });

    it.each([
      ['oauth_problem=signature_invalid', 'signature_invalid'],
      ['oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2', 'timestamp_refused'],
      ['oauth_problem=%3Cscript%3E', undefined],
      ['Invalid signature. Expected signature base string: canary-', undefined],
    ])('O57 tells the word of 401 %s', async (body, word) => {
      script({ '/request': answering(401, body) });
      expectFailure(await begin(), 'oauth_provider_failed', 'request_token', word);
      expect(app.eventsOf('oauth.failed')[0]).toHaveProperty('code', 'oauth_provider_failed');
      expect('error' in app.eventsOf('oauth.failed')[0]!).toBe(word !== undefined);
    });

    it('takes a form that is called HTML, and has a line end', async () => {
      script({ '/request': answering(200, `${fresh()}\r\n`, 'text/html') });
      expect((await dance()).headers.location).toBe('/home');
    });
  });

  describe('when it is asked for the token', () => {
    it.each(outages)('O57 has a word for %s', async (_what, handler, code) => {
      script({ '/access': handler });
      expectFailure(await dance(), code, 'token');
      expect(provider.count('/me')).toBe(0);
    });

    it.each(incomplete)('O57 refuses %s', async (_what, body) => {
      script({ '/access': answering(200, body) });
      expectFailure(await dance(), 'oauth_provider_failed', 'token');
      expect(provider.count('/me')).toBe(0);
    });

    it.each(['oauth_token', 'oauth_token_secret'])('O57 refuses an %s that is too large to be kept', async (name) => {
      const credentials = new URLSearchParams({
        oauth_token: 't',
        oauth_token_secret: 's',
        [name]: 'x'.repeat(16_000),
      });
      script({ '/access': answering(200, credentials.toString()) });
      expectFailure(await dance(), 'oauth_provider_failed', 'token');
      expect(provider.count('/me')).toBe(0);
    });

    it.each([400, 401])('O57 tells that the log-in came to nothing after %d, and why', async (status) => {
      script({ '/access': answering(status, 'oauth_problem=token_expired') });
      expectFailure(await dance(), 'oauth_grant_refused', 'token', 'token_expired');
    });
  });

  describe('when it is asked who it is', () => {
    it.each<[string, Handler, AuthErrorCode]>([
      ['401', answering(401, {}), 'oauth_provider_failed'],
      ['500', answering(500, '<html>canary'), 'oauth_provider_unavailable'],
      ['HTML', answering(200, '<html>canary'), 'oauth_provider_failed'],
      ['a list', answering(200, []), 'oauth_provider_failed'],
      ['nobody', answering(200, {}), 'oauth_provider_failed'],
      ['a number that JSON rounds', answering(200, { id: 2 ** 60 }), 'oauth_provider_failed'],
      [
        'a redirect',
        (_request, response) => void response.writeHead(302, { location: other.issuer }).end(),
        'oauth_provider_failed',
      ],
      ['a silence', () => {}, 'oauth_provider_timeout'],
    ])('O57 has a word for %s', async (_what, handler, code) => {
      script({ '/me': handler });
      expectFailure(await dance(), code, 'userinfo');
    });
  });

  it('O62 AL-01 reads what X says, whose addresses are confirmed', async () => {
    const me = { id: 2 ** 60, id_str: '1152921504606846976', email: 'bob@example.com', name: 'Bob' };
    script({
      '/authorize': (_request, response) =>
        void response
          .writeHead(302, {
            location: `${at('/login/twitter/authorized')}?oauth_token=temporary${flows}&oauth_verifier=v`,
          })
          .end(),
      '/me': answering(200, { ...me, profile_image_url_https: 'https://p' }),
    });
    await browser.visit(nextOf(await browser.visit(nextOf(await browser.visit(at('/login/twitter')))!))!);
    expect(app.logins[0]!.identity).toMatchObject({
      issuer: 'https://api.x.com',
      subject: me.id_str,
      email: me.email,
      emailVerified: true,
      name: 'Bob',
      picture: 'https://p',
    });
  });

  it('O62 AL-01 reads what Jira says, whose addresses nobody proved', async () => {
    const me = { key: 'JIRAUSER10000', name: 'bob', emailAddress: 'bob@example.com', displayName: 'Bob' };
    script({
      '/authorize': (_request, response) =>
        void response
          .writeHead(302, {
            location: `${at('/login/jira/authorized')}?oauth_token=temporary${flows}&oauth_verifier=v`,
          })
          .end(),
      '/me': answering(200, { ...me, avatarUrls: { '48x48': 'https://p' } }),
    });
    await browser.visit(nextOf(await browser.visit(nextOf(await browser.visit(at('/login/jira')))!))!);
    expect(app.logins[0]!.identity).toMatchObject({
      issuer: 'https://jira.example.com',
      subject: me.key,
      email: me.emailAddress,
      emailVerified: false,
      name: 'Bob',
      picture: 'https://p',
    });
    expect(provider.seen[0]!.headers.authorization).toMatch(/oauth_signature_method="RSA-SHA1"/);
  });
});
