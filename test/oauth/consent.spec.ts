/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { AuthService, RequireToken, type Token } from 'nest-latchkey';
import { OAuthClient, OAuthClients, OAuthGrants, OAuthLinks, OAuthService, RequireOAuth } from 'nest-latchkey/passport';
import { oauth1Provider, oauth2Provider, oidc } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { appOrigin, at, DancingApp } from './dance.js';
import { user } from './grants.fixture.js';

const html = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };
const typed = { ...html, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };

@Controller()
class ReposController {
  constructor(
    @Inject(AuthService) private readonly auth: AuthService,
    @Inject(OAuthService) private readonly oauth: OAuthService,
  ) {}

  /** As with a password: nobody has an account of a provider yet. */
  @Get('password')
  async password(@Req() request: object, @Res({ passthrough: true }) response: object) {
    return this.auth.createSession('ada', {}, { request, response });
  }

  @RequireToken()
  @RequireOAuth('forge', { scope: ['repo'] })
  @Get('repos')
  async repos(@OAuthClient('forge') forge: OAuthClient) {
    return { scope: await forge.scope(), subject: await forge.subject() };
  }

  @RequireOAuth('forge', { scope: ['repo'] })
  @RequireOAuth('corp')
  @RequireToken({ optional: true })
  @Get('both')
  both() {
    return 'both';
  }

  @RequireToken()
  @Get('in-handler')
  async inHandler(@OAuthClient('forge') forge: OAuthClient) {
    await forge.require(['repo', 'gist']);
    return 'granted';
  }

  @RequireToken()
  @Get('profile')
  profile(@OAuthClient('forge') forge: OAuthClient) {
    return forge.userinfo();
  }

  @RequireToken()
  @RequireOAuth('form')
  @Get('form')
  form() {
    return 'form';
  }

  @Get('wider')
  async wider(@Req() request: object, @Res({ passthrough: true }) response: object) {
    return { url: await this.oauth.start('corp', { request, response }, { scope: ['calendar', 'openid'] }) };
  }
}

@RequireToken()
@RequireOAuth('forge')
@Controller('class')
class GuardedController {
  @Get()
  first() {
    return 'first';
  }

  @RequireOAuth('forge', { scope: ['gist'] })
  @Get('more')
  more() {
    return 'more';
  }
}

let provider: LoopbackProvider;
beforeAll(async () => {
  provider = await LoopbackProvider.start();
});
afterAll(() => provider.stop());

const providers = () => [
  oidc('corp', provider.oidc),
  oauth2Provider('forge', { ...provider.oauth2, scope: ['profile', 'offline_access'] }),
  oauth2Provider('form', { ...provider.oauth2, responseMode: 'form_post' }),
];

describe.each(adapters)('@RequireOAuth() (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;

  beforeEach(async () => {
    provider.reset();
    provider.login = 'alice';
    app = new DancingApp(
      adapter,
      { providers: providers(), returnTo: { default: '/home' } },
      { controllers: [ReposController, GuardedController] },
    );
    await app.start();
    provider.clock = app.api.clock;
    browser = app.browser();
    expect((await browser.visit(at('/password'), { headers: { 'st-auth-mode': 'cookie' } })).status).toBe(200);
  });
  afterEach(() => app.stop());

  const grants = () => app.api.app.get(OAuthGrants);
  const links = async (name: string) =>
    (await app.api.app.get(OAuthLinks).list(name)).map((link) => `${link.provider}:${link.subject}`);
  const me = async () => (await browser.visit(at('/me'))).body['sub'] as string;
  const visit = (path: string, headers: Record<string, string> = typed) => browser.visit(at(path), { headers });
  const asked = () => {
    const request = provider.requests.findLast(({ url }) => url.pathname === '/authorize');
    return request!.url.searchParams.get('scope')?.split(' ');
  };
  /** From a page of ours to the provider and back, until a page is no redirect. */
  const goOn = (page: Page) => browser.follow(page, () => true);
  /** From our log-in route to the provider's yes: what it sends the browser back with. */
  const answerTo = async (url: string, who: Browser = browser) =>
    who.follow(await who.visit(url), (next) => next.origin !== appOrigin);

  it('O33 sends a visitor to the provider, and back to the page that they wanted', async () => {
    const first = await visit('/repos?page=2');
    expect(first.status).toBe(302);
    const url = nextOf(first)!;
    expect([url.origin, url.pathname, url.searchParams.get('return_to')]).toEqual([
      appOrigin,
      '/login/forge',
      '/repos?page=2',
    ]);
    const last = await goOn(first);
    expect([last.url.pathname + last.url.search, last.status]).toEqual(['/repos?page=2', 200]);
    expect(asked()).toEqual(['profile', 'offline_access', 'repo']);
    expect(last.body).toEqual({ scope: ['profile', 'offline_access', 'repo'], subject: 'alice' });
    expect([await me(), await links('ada'), app.logins]).toEqual(['ada', [], []]);
  });

  it.each([
    ['a script', { accept: 'application/json' }],
    ['a script of a page', { ...typed, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a frame', { ...typed, 'sec-fetch-dest': 'iframe' }],
    ['a visit that another site sent', { ...typed, 'sec-fetch-site': 'cross-site' }],
    ['a visit that a sibling host sent', { ...typed, 'sec-fetch-site': 'same-site' }],
  ])('O33 answers %s with 403 and the URL', async (_what, headers) => {
    const page = await visit('/repos', headers);
    expect([page.status, page.body['errorCode']]).toEqual([403, 'oauth_not_authorized']);
    const url = new URL(page.body['authorizationUrl'] as string);
    expect([url.origin, url.pathname, [...url.searchParams.keys()]]).toEqual([appOrigin, '/login/forge', ['ticket']]);
    expect(JSON.stringify(page.body)).not.toMatch(/ada|repo/);
    expect((await goOn(await browser.visit(url))).url.pathname).toBe('/home');
    expect((await visit('/repos', headers)).status).toBe(200);
    expect([await me(), await links('ada')]).toEqual(['ada', []]);
  });

  it('O33 sends a visitor whose browser tells nothing of itself, and one who follows a link of ours', async () => {
    for (const headers of [html, { ...typed, 'sec-fetch-site': 'same-origin' }])
      expect((await visit('/repos', headers)).status).toBe(302);
  });

  it('O33 answers 401 where nobody is logged in, also on an optional route', async () => {
    const nobody = app.browser();
    for (const path of ['/repos', '/both'])
      expectRefusal((await nobody.visit(at(path), { headers: typed })) as never, 'token_missing');
  });

  it('O30 asks for one scope more, with those from before, and keeps the refresh token', async () => {
    await goOn(await visit('/class'));
    const [before] = await grants().list(user('ada'));
    expect(before!.scope).toEqual(['profile', 'offline_access']);
    provider.fail('token', { kind: 'members', members: { refresh_token: undefined } });
    await goOn(await visit('/repos'));
    provider.heal();
    const [after] = await grants().list(user('ada'));
    expect(after!.scope).toEqual(['profile', 'offline_access', 'repo']);
    expect(after!.tokens.accessToken).not.toBe(before!.tokens.accessToken);
    expect(after!.tokens.refreshToken).toBe(before!.tokens.refreshToken);
    await goOn(await visit('/class/more'));
    expect(asked()).toEqual(['profile', 'offline_access', 'repo', 'gist']);
    expect((await grants().list(user('ada')))[0]!.scope).toEqual(['profile', 'offline_access', 'repo', 'gist']);
    for (const path of ['/repos', '/class', '/class/more']) expect((await visit(path)).status).toBe(200);
    expect((await visit('/in-handler')).text).toBe('granted');
  });

  it('O28 asks again where the provider has granted less', async () => {
    provider.fail('token', { kind: 'members', members: { scope: 'profile' } });
    await goOn(await visit('/repos', html).then((page) => browser.visit(nextOf(page)!)));
    provider.heal();
    const page = await visit('/repos', { ...typed, 'sec-fetch-site': 'cross-site' });
    expect([page.status, page.body['errorCode']]).toEqual([403, 'oauth_scope_missing']);
    app.api.clock.advance(60);
    await goOn(await visit('/repos'));
    expect(asked()).toEqual(['profile', 'offline_access', 'repo']);
    expect((await visit('/repos')).body['scope']).toEqual(['profile', 'offline_access', 'repo']);
  });

  it('O18 comes back with the error where the user says no', async () => {
    provider.fail('authorization', { kind: 'error', error: 'access_denied' });
    const last = await goOn(await visit('/repos').then((page) => browser.visit(nextOf(page)!)));
    expect([last.url.pathname + last.url.search, last.status]).toEqual(['/repos?error=access_denied', 403]);
    expect(await grants().list(user('ada'))).toEqual([]);
  });

  it('asks for all that stand on a route, from above', async () => {
    expect(nextOf(await visit('/both'))!.pathname).toBe('/login/forge');
    await goOn(await visit('/both'));
    expect(nextOf(await visit('/both'))!.pathname).toBe('/login/corp');
    await goOn(await visit('/both'));
    expect((await visit('/both')).text).toBe('both');
  });

  it('asks in a handler, with what is missing in the URL', async () => {
    await goOn(await visit('/class'));
    const page = await visit('/in-handler');
    expect([page.status, page.body['errorCode']]).toEqual([403, 'oauth_scope_missing']);
    await answerTo(page.body['authorizationUrl'] as string);
    expect(asked()).toEqual(['profile', 'offline_access', 'repo', 'gist']);
  });

  it('mends a dead grant', async () => {
    await goOn(await visit('/class'));
    expect((await visit('/profile')).body).toMatchObject({ id: 'alice' });
    provider.endGrants();
    expect((await visit('/profile')).body['errorCode']).toBe('oauth_reauth_required');
    app.api.clock.advance(60);
    const page = await visit('/class');
    expect([page.status, nextOf(page)?.pathname]).toEqual([302, '/login/forge']);
    expect((await goOn(page)).text).toBe('first');
    expect((await visit('/profile')).body).toMatchObject({ id: 'alice' });
  });

  it('takes no other account than the one whose grant it is', async () => {
    await goOn(await visit('/class'));
    const { authorizationUrl } = (await visit('/repos', {})).body;
    provider.login = 'bob';
    const page = await browser.visit(nextOf(await answerTo(authorizationUrl as string))!);
    expectRefusal(page as never, 'oauth_link_refused');
    expect(page.body['message']).toMatch(/another account/);
    const [grant, ...others] = await grants().list(user('ada'));
    expect([grant!.subject, others, await links('ada'), await links('forge:bob')]).toEqual(['alice', [], [], []]);
  });

  it('AL-01 makes no way into the account, whoever the browser is at the provider', async () => {
    provider.login = 'bob';
    await goOn(await visit('/repos'));
    expect((await grants().list(user('ada'))).map(({ subject }) => subject)).toEqual(['bob']);
    const elsewhere = app.browser();
    await elsewhere.follow(await elsewhere.visit(at('/login/forge')), () => true);
    expect((await elsewhere.visit(at('/me'))).body['sub']).toBe('forge:bob');
    expect([await links('ada'), await links('forge:bob')]).toEqual([[], ['forge:bob']]);
  });

  it('AL-05 keeps no grant of an account that logs in somebody else', async () => {
    const elsewhere = app.browser();
    await elsewhere.follow(await elsewhere.visit(at('/login/forge')), () => true);
    const page = await goOn(await visit('/repos'));
    expectRefusal(page as never, 'oauth_identity_taken');
    expect(await grants().list(user('ada'))).toEqual([]);
  });

  it('keeps a linked account linked', async () => {
    const linked = app.browser();
    await linked.follow(await linked.visit(at('/login/forge')), () => true);
    await linked.follow(await linked.visit(at('/repos'), { headers: typed }), () => true);
    expect((await linked.visit(at('/repos'))).body).toMatchObject({ subject: 'alice' });
    expect(await links('forge:alice')).toEqual(['forge:alice']);
  });

  it('O28 sends nobody in circles: a typed visit stays one along all redirects', async () => {
    provider.fail('token', { kind: 'members', members: { scope: 'profile' } });
    let page = await visit('/repos');
    let hops = 0;
    for (; nextOf(page) !== undefined && hops < 20; hops++)
      page = await browser.visit(nextOf(page)!, { headers: typed });
    expect([page.status, page.body['errorCode'], hops]).toEqual([403, 'oauth_scope_missing', 4]);
    app.api.clock.advance(31);
    expect((await visit('/repos')).status).toBe(302);
  });

  it('O18 sends nobody in circles who has said no', async () => {
    expect((await visit('/repos?error=access_denied')).status).toBe(403);
  });

  it.each([
    ['a quote', 'profile a"b'],
    ['a letter', 'profile \u00e9'],
    [
      'too much',
      `profile ${Array.from({ length: 40 }, (_, index) => `https://www.example.com/auth/some.scope${index}`).join(' ')}`,
    ],
  ])('asks for what can be asked, where the provider has granted %s', async (_what, scope) => {
    provider.fail('token', { kind: 'members', members: { scope } });
    await goOn(await visit('/repos').then((page) => browser.visit(nextOf(page)!)));
    provider.heal();
    const page = await visit('/repos', {});
    expect([page.status, page.body['errorCode']]).toEqual([403, 'oauth_scope_missing']);
    await answerTo(page.body['authorizationUrl'] as string);
    expect(asked()).toEqual(['profile', 'offline_access', 'repo']);
  });

  describe('AL-06 the URL', () => {
    const ticketUrl = async () => (await visit('/repos', {})).body['authorizationUrl'] as string;

    it('is a log-in in a browser that has no session, or another user', async () => {
      const url = await ticketUrl();
      const stranger = app.browser();
      await stranger.visit(nextOf(await answerTo(url, stranger))!);
      expect(asked()).toEqual(['profile', 'offline_access', 'repo']);
      expect((await stranger.visit(at('/me'))).body['sub']).toBe('forge:alice');
      expect([await links('ada'), await links('forge:alice')]).toEqual([[], ['forge:alice']]);
      provider.login = 'bob';
      await stranger.visit(nextOf(await answerTo(url, stranger))!);
      expect((await stranger.visit(at('/me'))).body['sub']).toBe('forge:bob');
      expect([await links('ada'), await grants().list(user('ada'))]).toEqual([[], []]);
    });

    it('keeps no grant in another session of the same user', async () => {
      const url = await ticketUrl();
      const other = app.browser();
      await other.visit(at('/password'), { headers: { 'st-auth-mode': 'cookie' } });
      await other.visit(nextOf(await answerTo(url, other))!);
      expect(await grants().list(user('ada'))).toEqual([]);
      expect((await other.visit(at('/me'))).body['sub']).toBe('forge:alice');
    });

    it('AL-06 writes no link for the session of another user', async () => {
      const authorization = `Bearer ${await app.api.auth.issueAccessToken('bob')}`;
      expect((await visit('/class', { authorization })).body['authorizationUrl']).toBe(at('/login/forge'));
    });

    it('ends with its hour', async () => {
      const url = await ticketUrl();
      app.api.clock.advance(3_599);
      expect((await browser.visit(url)).status).toBe(302);
      app.api.clock.advance(1);
      expectRefusal((await browser.visit(url)) as never, 'oauth_flow_expired');
    });

    it.each([
      ['another provider', (url: string) => url.replace('/login/forge', '/login/corp')],
      ['another text', (url: string) => `${url.slice(0, -3)}AAA`],
      ['none', (url: string) => url.replace(/ticket=.*/, 'ticket=')],
      ['two of them', (url: string) => `${url}&${new URL(url).searchParams}`],
    ])('opens for nothing else: %s', async (_what, change) => {
      const page = await browser.visit(change(await ticketUrl()));
      expectRefusal(page as never, 'oauth_flow_unknown');
      expect([provider.count('authorization'), page.headers['set-cookie']]).toEqual([0, undefined]);
    });
  });

  it('asks whoever has a session in a header to log in, for the same scope', async () => {
    const authorization = `Bearer ${await app.api.auth.issueAccessToken('ada')}`;
    const stranger = app.browser();
    const { authorizationUrl } = (await stranger.visit(at('/repos'), { headers: { authorization } })).body;
    await stranger.visit(nextOf(await answerTo(authorizationUrl as string, stranger))!);
    expect(asked()).toEqual(['profile', 'offline_access', 'repo']);
    expect((await stranger.visit(at('/me'))).body['sub']).toBe('forge:alice');
  });

  it('ST-07 gives no client to the user of another issuer, who may be named as one of ours', () => {
    const clients = app.api.app.get(OAuthClients);
    const foreign = { sub: 'ada', isOwn: false } as Token;
    expect(() => clients.of('forge', foreign, {} as never)).toThrow(
      expect.objectContaining({ code: 'token_rejected' }),
    );
  });

  it('asks whoever can bring no session back to log in', async () => {
    expect((await visit('/form', {})).body['authorizationUrl']).toBe(at('/login/form'));
  });

  it('O30 start({ scope }) asks for more than is configured', async () => {
    const { url } = (await visit('/wider')).body;
    expect(new URL(url as string).searchParams.get('scope')).toBe('openid email profile calendar');
    const answer = await browser.follow(await browser.visit(url as string), (next) => next.origin !== appOrigin);
    await browser.visit(nextOf(answer)!);
    expect(app.logins[0]!.requestedScope).toEqual(['openid', 'email', 'profile', 'calendar']);
  });

  it.each([
    ['corp', ['a b']],
    ['corp', ['']],
    ['corp', 'calendar'],
    ['corp', [5]],
    ['corp', ['x'.repeat(1_025)]],
    ['corp', null],
  ])('start({ scope }) refuses what is none: %s %j', async (name, scope) => {
    const start = app.api.app.get(OAuthService).start(name, {} as never, { scope: scope as never });
    await expect(start).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('at boot', () => {
  const boot = async (controller: Parameters<typeof DancingApp.prototype.start>[0] | object) => {
    const app = new DancingApp(
      'express',
      { providers: [...providers(), oauth1Provider('old', { ...provider.oauth1, identity: { subject: 'id' } })] },
      { controllers: [controller as never] },
    );
    try {
      await app.start();
    } finally {
      await app.stop().catch(() => {});
    }
  };

  it.each<[string, () => object, RegExp]>([
    [
      'a provider that is none',
      () => {
        @Controller()
        class Wrong {
          @RequireToken()
          @RequireOAuth('nobody')
          @Get('x')
          x(): void {}
        }
        return Wrong;
      },
      /Wrong\.x: @RequireOAuth\('nobody'\): is none of oauth\.providers: corp, forge, form, old/,
    ],
    [
      'a scope of OAuth 1',
      () => {
        @Controller()
        class Wrong {
          @RequireToken()
          @RequireOAuth('old', { scope: ['repo'] })
          @Get('x')
          x(): void {}
        }
        return Wrong;
      },
      /Wrong\.x: @RequireOAuth\('old'\): the provider speaks OAuth 1/,
    ],
    [
      'nobody who is logged in',
      () => {
        @RequireOAuth('forge')
        @Controller()
        class Wrong {
          @Get('x')
          x(): void {}
        }
        return Wrong;
      },
      /Wrong\.x: @RequireOAuth\('forge'\): the route has no @RequireToken\(\)/,
    ],
    [
      'a client of a provider that is none',
      () => {
        @Controller()
        class Wrong {
          @RequireToken()
          @Get('x')
          x(@OAuthClient('nobody') client: OAuthClient) {
            return client.provider;
          }
        }
        return Wrong;
      },
      /Wrong\.x: @OAuthClient\('nobody'\): is none of oauth\.providers/,
    ],
    [
      'a client of nobody',
      () => {
        @Controller()
        class Wrong {
          @Get('x')
          x(@OAuthClient('forge') client: OAuthClient) {
            return client.provider;
          }
        }
        return Wrong;
      },
      /Wrong\.x: @OAuthClient\('forge'\): the route has no @RequireToken\(\)/,
    ],
  ])('refuses %s', async (_what, controller, message) => {
    await expect(boot(controller())).rejects.toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    [{ scopes: ['repo'] }, /@RequireOAuth\('forge'\): scopes is no option: there is scope/],
    [{ scope: 'repo' }, /scope must be a list of scope values/],
    [{ scope: ['a b'] }, /scope must be a list of scope values/],
  ])('refuses the options %j where the class is defined', (options, message) => {
    expect(() => RequireOAuth('forge', options as never)).toThrow(message);
  });
});
