/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { ForbiddenException, Injectable, Logger } from '@nestjs/common';
import { AuthError } from 'nest-latchkey';
import {
  OAuthGrants,
  OAuthResult,
  OnOAuthAuthorized,
  OnOAuthBeforeLogin,
  OnOAuthError,
  OnOAuthScopeChanged,
  type OAuthAuthorizedEvent,
  type OAuthBeforeLoginEvent,
  type OAuthErrorEvent,
  type OAuthEvent,
} from 'nest-latchkey/passport';
import { oauth1Provider, oidc } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { answerOf, appOrigin, at, dance, DancingApp, guardedBy } from './dance.js';
import { ScriptedProvider } from './scripted-provider.js';

jest.setTimeout(20_000);

const secret = 'canary: what a handler had in its hands';
const provider = new ScriptedProvider();
const own = `${appOrigin}/own/answer`;

beforeAll(() => provider.start());
afterAll(() => provider.stop());

/** What the handlers of a test do. */
let script: {
  beforeLogin?: (event: OAuthBeforeLoginEvent) => any;
  authorized?: (event: OAuthAuthorizedEvent) => any;
  error?: (event: OAuthErrorEvent) => any;
};
let heard: OAuthEvent[];

@Injectable()
class Handlers {
  @OnOAuthBeforeLogin()
  beforeLogin(event: OAuthBeforeLoginEvent) {
    heard.push(event);
    return script.beforeLogin?.(event);
  }

  @OnOAuthAuthorized()
  async authorized(event: OAuthAuthorizedEvent) {
    heard.push(event);
    return script.authorized?.(event);
  }

  @OnOAuthError()
  error(event: OAuthErrorEvent) {
    heard.push(event);
    return script.error?.(event);
  }

  @OnOAuthScopeChanged()
  scopeChanged(event: OAuthEvent) {
    heard.push(event);
  }
}

const html = '<!doctype html><title>done</title>';

/** Answers that handlers of each event can give, and what the browser gets. */
const answers: [string, () => unknown, (page: Page) => void][] = [
  ['a redirect', () => OAuthResult.redirect('/elsewhere?a=b#c'), goes('/elsewhere?a=b#c')],
  ['a redirect to another origin', () => OAuthResult.redirect('https://a.example/x'), goes('https://a.example/x')],
  [
    'JSON',
    () => OAuthResult.respond({ done: true }),
    ({ status, body, headers }) => {
      expect([status, body, headers['cache-control']]).toEqual([200, { done: true }, 'no-store']);
    },
  ],
  [
    'a page',
    () => OAuthResult.respond(html, { type: 'text/html; charset=utf-8' }),
    ({ status, text, headers }) => {
      expect([status, text, headers['content-type']]).toEqual([200, html, 'text/html; charset=utf-8']);
    },
  ],
  [
    'a text',
    () => OAuthResult.respond(html),
    ({ status, text, headers }) => {
      expect([status, text]).toEqual([200, html]);
      expect(headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
      });
    },
  ],
];

/** What handlers of each event can refuse by, and what the browser gets. */
const refusals: [string, () => unknown, (page: Page) => void][] = [
  ['reject()', () => OAuthResult.reject(), goes('/home?error=access_denied')],
  ['reject() with a reason', () => OAuthResult.reject('not_invited'), goes('/home?error=not_invited')],
  [
    'an HttpException',
    throwing(new ForbiddenException('not here')),
    ({ status, body }) => {
      expect([status, body['message']]).toEqual([403, 'not here']);
    },
  ],
  [
    'an AuthError',
    throwing(new AuthError('oauth_user_refused')),
    (page) => expectRefusal(page as never, 'oauth_user_refused'),
  ],
  [
    'a mistake',
    throwing(new TypeError(secret)),
    ({ status, body }) => {
      expect([status, body]).toEqual([500, { statusCode: 500, message: 'Internal Server Error' }]);
    },
  ],
];

function goes(location: string) {
  return (page: Page): void => expect([page.status, page.headers.location]).toEqual([302, location]);
}

function throwing(error: Error) {
  return (): never => {
    throw error;
  };
}

describe.each(adapters)('OAuth events (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;
  let logged: string;
  const me = async () => (await browser.visit(at('/me'))).body['sub'] as string | undefined;
  const flows = () => browser.cookieNames(appOrigin).filter((name) => /oauth_(?!finished)/.test(name));
  const words = () => heard.map((event) => event.constructor.name.replace(/OAuth|Event/g, ''));

  beforeAll(async () => {
    const base = {
      issuer: provider.issuer,
      clientId: 'app',
      clientSecret: 'the secret of the app',
      allowInsecureLoopback: true,
    };
    app = new DancingApp(
      adapter,
      {
        timeout: 1,
        providers: [
          oidc('corp', base),
          oidc('form', { ...base, responseMode: 'form_post' }),
          oidc('own', { ...base, redirectUri: own }),
          oidc('nowhere', { ...base, issuer: 'http://127.0.0.1:1' }),
        ],
        returnTo: { default: '/home', allow: [] },
      },
      { controllers: [guardedBy('own')], providers: [Handlers] },
    );
    await app.start();
  });
  beforeEach(() => {
    script = {};
    heard = [];
    logged = '';
    provider.reset();
    app.now();
    app.events.length = 0;
    app.logins.length = 0;
    browser = app.browser();
    jest.spyOn(Logger.prototype, 'error').mockImplementation((...parts: unknown[]) => void (logged += inspect(parts)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    expect(logged).not.toContain('canary');
  });
  afterAll(() => app.stop());

  it('O8 goes its usual way where handlers say nothing, and tells each once', async () => {
    goes('/home')(await dance(browser));
    expect(await me()).toBe('corp:bob');
    expect(words()).toEqual(['BeforeLogin', 'Authorized']);
  });

  describe('before the log-in', () => {
    it('O5 sees where the browser is sent, and by which request', async () => {
      const page = await browser.visit(at('/login/corp?return_to=/notes&plan=gold'));
      const event = heard[0] as OAuthBeforeLoginEvent;
      expect(event).toMatchObject({
        provider: 'corp',
        url: page.headers.location,
        flow: { returnTo: '/notes', data: {} },
      });
      expect((event.request as { url: string }).url).toContain('plan=gold');
    });

    it('O5 cannot change where the browser is sent', async () => {
      script.beforeLogin = (event) => {
        expect(() => Object.assign(event, { url: 'https://evil.example' })).toThrow(TypeError);
        Reflect.deleteProperty(event, 'url');
      };
      const page = await browser.visit(at('/login/corp'));
      expect(nextOf(page)!.origin).toBe(provider.issuer);
    });

    it('O5 prints neither the state nor the request', async () => {
      const page = await browser.visit(at('/login/corp'), { headers: { 'x-canary': 'canary of the request' } });
      const printed = inspect(heard[0]) + JSON.stringify(heard[0]);
      expect(printed).not.toContain(nextOf(page)!.searchParams.get('state'));
      expect(printed).not.toContain('canary');
    });

    it('O5 keeps data in the flow, which come back in all that follows', async () => {
      script.beforeLogin = ({ remember }) => {
        remember({ plan: 'gold', invitation: 'no' });
        remember({ invitation: 'canary of the invitation' });
      };
      const answer = await answerOf(browser);
      const [name] = flows();
      expect(decodeURIComponent(browser.cookie(appOrigin, name!)!)).not.toContain('canary');
      await browser.visit(nextOf(answer)!);
      const data = { plan: 'gold', invitation: 'canary of the invitation' };
      expect((heard[1] as OAuthAuthorizedEvent).flow).toEqual({ returnTo: '/home', data });
      expect(app.logins[0]!.data).toEqual(data);
    });

    it('O5 keeps the data of each tab apart', async () => {
      let tab = 0;
      script.beforeLogin = ({ remember }) => remember({ tab: ++tab });
      const first = await browser.visit(at('/login/corp'));
      const second = await browser.visit(at('/login/corp'));
      for (const begun of [second, first]) await browser.visit(nextOf(await browser.visit(nextOf(begun)!))!);
      expect(app.logins.map(({ data }) => data)).toEqual([{ tab: 2 }, { tab: 1 }]);
    });

    it('O5 keeps what five tabs keep below the 8 KB of a header', async () => {
      script.beforeLogin = ({ remember }) => remember({ text: 'x'.repeat(245) });
      const target = `/${'y'.repeat(511)}`;
      for (let tab = 0; tab < 5; tab++) await browser.visit(at(`/login/corp?return_to=${target}`));
      expect(flows()).toHaveLength(5);
      const header = flows()
        .map((name) => `${name}=${browser.cookie(appOrigin, name)}`)
        .join('; ');
      expect(header.length).toBeGreaterThan(5 * 1_300);
      expect(header.length).toBeLessThan(8_192);
    });

    it.each([
      ['more than fits', { text: 'x'.repeat(250) }],
      ['what JSON cannot write', { big: 1n }],
      ['no object', 'text'],
    ])('O5 keeps no data: %s', async (_, data) => {
      script.beforeLogin = ({ remember }) => remember(data as never);
      const page = await browser.visit(at('/login/corp'));
      expectRefusal(page as never, 'invalid_argument');
      expect(logged).toContain('remember() of @OnOAuthBeforeLogin()');
      expect(flows()).toEqual([]);
    });

    it.each([...answers, ...refusals])('O5 stops the redirect by %s', async (_, act, expectPage) => {
      script.beforeLogin = act;
      const page = await browser.visit(at('/login/corp'));
      expectPage(page);
      expect(flows()).toEqual([]);
    });
  });

  describe('once somebody is authorized', () => {
    const notYet = () => expect(app.logins).toEqual([]);

    it('O53 hears of it before anything is done, with tokens that it does not print', async () => {
      script.authorized = notYet;
      await dance(browser);
      const event = heard[1] as OAuthAuthorizedEvent;
      expect(event).toMatchObject({ provider: 'corp', issuer: provider.issuer, subject: 'bob', user: undefined });
      expect(event.scope).toEqual(event.login.grantedScope);
      const { accessToken, idToken } = event.tokens;
      expect([accessToken.length, idToken!.split('.').length]).toEqual([32, 3]);
      const printed = inspect(event, { depth: 9 }) + JSON.stringify(event);
      expect(printed).toContain('bob');
      for (const text of [accessToken, idToken!, 'the code']) expect(printed).not.toContain(text);
    });

    it.each([
      ['nothing', undefined],
      ['false', false],
      ['skipStore()', OAuthResult.skipStore()],
    ])('O53 logs the user in after %s', async (_, result) => {
      script.authorized = () => result;
      goes('/home')(await dance(browser));
      expect(await me()).toBe('corp:bob');
    });

    it.each<[string, boolean, unknown]>([
      ['nothing', true, undefined],
      ['false', false, false],
      ['skipStore()', false, OAuthResult.skipStore()],
      ['redirect()', true, OAuthResult.redirect('/elsewhere')],
      ['redirect() without storing', false, OAuthResult.redirect('/elsewhere', { store: false })],
      ['respond()', true, OAuthResult.respond({})],
      ['respond() without storing', false, OAuthResult.respond({}, { store: false })],
      ['reject()', false, OAuthResult.reject()],
    ])('O53 stores the grant, or does not, after %s: %p', async (_, stored, result) => {
      const grants = app.api.app.get(OAuthGrants);
      const bob = { kind: 'user', id: 'corp:bob' } as const;
      await grants.delete('corp', bob);
      script.authorized = () => result;
      await dance(browser);
      expect((await grants.list(bob)).map(({ provider: name, subject }) => [name, subject])).toEqual(
        stored ? [['corp', 'bob']] : [],
      );
    });

    it.each(answers)('O53 logs the user in, then answers with %s', async (_, act, expectPage) => {
      script.authorized = act;
      expectPage(await dance(browser));
      expect(await me()).toBe('corp:bob');
    });

    it.each(refusals)('O53 looks nobody up and logs nobody in after %s', async (_, act, expectPage) => {
      script.authorized = act;
      const answer = await answerOf(browser);
      expectPage(await browser.visit(nextOf(answer)!));
      expect(await me()).toBeUndefined();
      notYet();
      script = {};
      expectRefusal((await browser.visit(nextOf(answer)!)) as never, 'oauth_flow_unknown');
      expect(await me()).toBeUndefined();
      expect(words()).toEqual(['BeforeLogin', 'Authorized']);
    });

    it('O53 tells the listener of the module why it was refused', async () => {
      script.authorized = () => OAuthResult.reject('not_invited');
      await dance(browser);
      const reason = expect.stringMatching(/a handler .* rejected .* not_invited/);
      expect(app.eventsOf('refused')[0]).toMatchObject({ code: 'oauth_user_refused', reason });
    });

    it('O28 hears of a scope that is less than what was asked for, unless nobody is let in', async () => {
      provider.script.token = { scope: 'openid email' };
      goes('/home')(await dance(browser));
      expect(words()).toEqual(['BeforeLogin', 'Authorized', '']);
      expect(heard[2]).toMatchObject({ scope: ['openid', 'email'], requestedScope: ['openid', 'email', 'profile'] });
      script.authorized = () => OAuthResult.reject();
      await dance(browser);
      expect(words()).toHaveLength(5);
    });

    it.each([
      ['redirect()', () => OAuthResult.redirect('/elsewhere'), '/elsewhere'],
      ['reject()', () => OAuthResult.reject(), '/home?error=access_denied'],
    ])('O10 answers a form by 303 after %s', async (_, act, location) => {
      script.authorized = act;
      const begun = await browser.visit(at('/login/form'));
      // the provider's page posts it
      provider.script.answer = {};
      const answer = nextOf(await browser.visit(nextOf(begun)!))!;
      const form = answer.searchParams;
      const page = await browser.visit(at('/login/form/authorized'), { method: 'POST', form });
      expect([page.status, page.headers.location]).toEqual([303, location]);
    });

    it('O53 answers in place of the handler of a route behind AuthGuard(name)', async () => {
      for (const [, act, expectPage] of [...answers, ...refusals]) {
        script.authorized = act;
        expectPage(await dance(browser, '/own/start'));
      }
      script.authorized = () => false;
      expect((await dance(browser, '/own/start')).body).toMatchObject({
        provider: 'own',
        identity: { subject: 'bob' },
      });
    });
  });

  describe('after an error', () => {
    const denial = {
      code: undefined,
      error: 'access_denied',
      error_description: 'Not today.',
      error_uri: 'https://p.example/why',
    };
    const error = () => heard.at(-1) as OAuthErrorEvent;

    it('O18 hears of it in one shape', async () => {
      provider.script.answer = denial;
      script.beforeLogin = ({ remember }) => remember({ plan: 'gold' });
      goes('/home?error=access_denied')(await dance(browser));
      expect({ ...error() }).toMatchObject({
        provider: 'corp',
        code: 'access_denied',
        description: 'Not today.',
        uri: 'https://p.example/why',
        phase: 'authorization',
        httpStatus: undefined,
        flow: { returnTo: '/home', data: { plan: 'gold' } },
      });
      expect(error().cause).toMatchObject({ code: 'oauth_denied' });
      expect(words()).toEqual(['BeforeLogin', 'Error']);
    });

    it('O18 hears of a token endpoint that refuses, with its status', async () => {
      provider.script.at = {
        '/token': (_request, response) =>
          response.writeHead(400, { 'content-type': 'application/json' }).end(
            JSON.stringify({
              error: 'invalid_grant',
              error_description: 'The <code> is old.',
              error_uri: 'javascript:x',
            }),
          ),
      };
      expectRefusal((await dance(browser)) as never, 'oauth_grant_refused');
      expect({ ...error() }).toMatchObject({
        provider: 'corp',
        code: 'invalid_grant',
        description: 'The code is old.',
        uri: undefined,
        phase: 'token',
        httpStatus: 400,
      });
      expect(error().cause).toMatchObject({ code: 'oauth_grant_refused' });
    });

    it.each([
      ['/token', 'token', 500, 'oauth_provider_unavailable'],
      ['/token', 'token', 401, 'oauth_provider_failed'],
      ['/userinfo', 'userinfo', 500, 'oauth_provider_unavailable'],
      ['/userinfo', 'userinfo', 401, 'oauth_provider_failed'],
    ])('O22 hears of %s in phase %s that answers %p', async (path, phase, httpStatus, code) => {
      provider.script.at = { [path]: (_request, response) => response.writeHead(httpStatus).end(secret) };
      await dance(browser);
      expect({ ...error() }).toMatchObject({ provider: 'corp', code, phase, httpStatus });
      expect(inspect(error(), { depth: 9, showHidden: false })).not.toContain('canary');
    });

    it.each<[string, Record<string, string | undefined>]>([
      ['no state', { ...denial, state: undefined }],
      ['another state', { ...denial, state: 'another' }],
    ])('O19 hears nothing of an error with %s', async (_, answer) => {
      provider.script.answer = answer;
      const page = await dance(browser);
      expectRefusal(page as never, 'oauth_response_invalid');
      expect(words()).toEqual(['BeforeLogin']);
    });

    it('O19 hears nothing of an error that another browser brings', async () => {
      provider.script.answer = denial;
      const answer = await answerOf(browser);
      expectRefusal((await app.browser().visit(nextOf(answer)!)) as never, 'oauth_response_invalid');
      expect(words()).toEqual(['BeforeLogin']);
    });

    it.each([
      ['<script>alert("x")</script> & \'y\' `z` \\', 'scriptalert(x)/script  y z '],
      ['a\r\nb\u0000c\u202e\u00fc', 'abc'],
      ['x'.repeat(5_000), 'x'.repeat(256)],
      ['', undefined],
      ['\n', undefined],
    ])('O20 hears no more of a description than can be shown: %j', async (given, description) => {
      provider.script.answer = { ...denial, error_description: given };
      await dance(browser);
      expect(error().description).toBe(description);
    });

    it.each(['javascript:alert(1)', 'data:text/html,x', 'no url', `https://p.example/${'x'.repeat(600)}`])(
      'O20 hears of no page that is none: %s',
      async (uri) => {
        provider.script.answer = { ...denial, error_uri: uri };
        await dance(browser);
        expect(error().uri).toBeUndefined();
      },
    );

    it.each([...answers, ...refusals])('O18 lets a handler answer a no with %s', async (_, act, expectPage) => {
      provider.script.answer = denial;
      script.error = act;
      expectPage(await dance(browser));
      expect(await me()).toBeUndefined();
    });

    it.each([...answers, ...refusals])('O18 lets a handler answer a failure with %s', async (_, act, expectPage) => {
      provider.script.at = { '/token': (_request, response) => response.writeHead(500).end() };
      script.error = act;
      expectPage(await dance(browser));
      expect(await me()).toBeUndefined();
    });

    it('O18 hears of a provider that cannot be reached, and can answer', async () => {
      expectRefusal((await browser.visit(at('/login/nowhere'))) as never, 'oauth_provider_unavailable');
      expect({ ...error() }).toMatchObject({
        provider: 'nowhere',
        code: 'oauth_provider_unavailable',
        phase: 'discovery',
        flow: { returnTo: '/home' },
      });
      script.error = () => OAuthResult.redirect('/later');
      goes('/later')(await browser.visit(at('/login/nowhere')));
      expect(flows()).toEqual([]);
    });

    it('prints neither code nor cookie of the request', async () => {
      provider.script.at = { '/token': (_request, response) => response.writeHead(500).end() };
      await dance(browser);
      expect((error().request as { url: string }).url).toContain('code=');
      expect(inspect(error()) + JSON.stringify(error())).not.toContain('the+code');
    });
  });
});

describe.each(adapters)('OAuth events of OAuth 1.0a (%s)', (adapter) => {
  let old: LoopbackProvider;
  let app: DancingApp;
  const danceNow = () => dance(app.browser(), '/login/old');
  const error = () => heard.at(-1) as OAuthErrorEvent;

  beforeAll(async () => {
    old = await LoopbackProvider.start({ login: 'alice', clients: [{ clientId: 'app', clientSecret: 'a secret' }] });
    const options = { providers: [oauth1Provider('old', old.oauth1)], returnTo: { default: '/home', allow: [] } };
    app = new DancingApp(adapter, options, { providers: [Handlers] });
    await app.start();
    old.clock = app.api.clock;
  });
  beforeEach(() => {
    script = {};
    heard = [];
    old.reset();
    old.login = 'alice';
    app.logins.length = 0;
  });
  afterAll(async () => {
    await app.stop();
    await old.stop();
  });

  it('O5 O53 go as those of OAuth 2 do', async () => {
    script.beforeLogin = ({ remember }) => remember({ plan: 'gold' });
    goes('/home')(await danceNow());
    const [before, authorized] = heard as [OAuthBeforeLoginEvent, OAuthAuthorizedEvent];
    expect(before.url).toContain('oauth_token=');
    expect(authorized).toMatchObject({ subject: 'alice', flow: { data: { plan: 'gold' } } });
    expect(app.logins[0]!.data).toEqual({ plan: 'gold' });
    const { accessToken, tokenSecret } = authorized.tokens;
    const printed = inspect(heard, { depth: 9 }) + JSON.stringify(heard);
    for (const text of [accessToken, tokenSecret!]) expect(printed).not.toContain(text);
    script.authorized = () => OAuthResult.reject('not_invited');
    goes('/home?error=not_invited')(await danceNow());
    expect(app.logins).toHaveLength(1);
  });

  it('O57 hear of a no in the same shape', async () => {
    old.login = null;
    goes('/home?error=access_denied')(await danceNow());
    expect({ ...error() }).toMatchObject({
      provider: 'old',
      code: 'access_denied',
      description: undefined,
      uri: undefined,
      phase: 'authorization',
      httpStatus: undefined,
      flow: { returnTo: '/home', data: {} },
    });
    script.error = () => OAuthResult.redirect('/elsewhere');
    goes('/elsewhere')(await danceNow());
  });

  it('O57 hear of an endpoint that refuses, with its status', async () => {
    const body = 'oauth_problem=token_expired&oauth_problem_advice=Begin+<b>again</b>.';
    old.fail('oauth1.accessToken', { kind: 'status', status: 401, body });
    expectRefusal((await danceNow()) as never, 'oauth_grant_refused');
    const said = { code: 'token_expired', description: 'Begin bagain/b.' };
    expect({ ...error() }).toMatchObject({ ...said, phase: 'token', httpStatus: 401 });
  });

  it('O57 hear of a request that the provider refuses, and can answer', async () => {
    old.fail('oauth1.requestToken', { kind: 'status', status: 503 });
    script.error = ({ phase, httpStatus }) => OAuthResult.respond({ phase, httpStatus });
    const { body } = await app.browser().visit(at('/login/old'));
    expect(body).toEqual({ phase: 'request_token', httpStatus: 503 });
  });
});

describe.each(adapters)('the handlers of the README (%s)', (adapter) => {
  let app: DancingApp;

  beforeAll(async () => {
    const base = { clientId: 'app', clientSecret: 'the secret of the app', allowInsecureLoopback: true };
    const corp = oidc('corp', { ...base, issuer: provider.issuer });
    const nowhere = oidc('nowhere', { ...base, issuer: 'http://127.0.0.1:1' });
    const { LoginEvents } = await import('../../docs/examples/oauth-events.js');
    app = new DancingApp(adapter, { providers: [corp, nowhere] }, { providers: [LoginEvents] });
    await app.start();
  });
  beforeEach(() => provider.reset());
  afterAll(() => app.stop());

  it('do what it says', async () => {
    goes('/')(await dance(app.browser(), '/login/corp?plan=gold'));
    expect(app.logins[0]!.data).toEqual({ plan: 'gold' });
    goes('/login?later')(await app.browser().visit(at('/login/nowhere')));
    provider.script.claims = { email: 'bob@elsewhere.example', email_verified: true };
    goes('/?error=no_colleague')(await dance(app.browser()));
    provider.script.claims = { email: 'bob@example.com', email_verified: false };
    goes('/?error=no_colleague')(await dance(app.browser()));
    expect(app.logins).toHaveLength(1);
  });
});
