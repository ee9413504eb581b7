/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { jest } from '@jest/globals';
import { Body, Controller, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { AuthService, CurrentSession, RequestSession, RequireToken } from 'nest-latchkey';
import { OAuthLinks, OAuthService } from 'nest-latchkey/passport';
import { oauth2Provider, oidc } from 'nest-latchkey/providers';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { appOrigin, at, dance, DancingApp } from './dance.js';
import { ScriptedProvider } from './scripted-provider.js';

jest.setTimeout(20_000);

const corp = new ScriptedProvider();
const other = new ScriptedProvider();

beforeAll(() => Promise.all([corp.start(), other.start()]));
afterAll(() => Promise.all([corp.stop(), other.stop()]));

/** Who comes to a provider next. */
function comes(provider: ScriptedProvider, sub: string, claims: Record<string, unknown> = {}): void {
  provider.reset({ claims: { sub, ...claims }, userinfo: { sub, ...claims } });
}

@Controller('links')
class LinksController {
  constructor(@Inject(OAuthService) private readonly oauth: OAuthService) {}

  /** What an application would write; a careless one that takes the user from the body is told no by the library. */
  @RequireToken({ session: true })
  @Post(':provider')
  @HttpCode(200)
  async start(
    @Param('provider') provider: string,
    @CurrentSession() { subject, id }: RequestSession,
    @Body() body: { user?: string; sid?: string } | undefined,
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    const options = { returnTo: '/account', link: { user: subject, sid: id, ...body } };
    return { url: await this.oauth.start(provider, { request, response }, options) };
  }
}

describe.each(adapters)('linking (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;

  beforeEach(async () => {
    comes(corp, 'bob');
    comes(other, 'robert');
    const base = { clientId: 'app', clientSecret: 'the secret of the app', allowInsecureLoopback: true };
    app = new DancingApp(
      adapter,
      {
        providers: [
          oidc('corp', { ...base, issuer: corp.issuer }),
          oidc('other', { ...base, issuer: other.issuer }),
          oidc('form', { ...base, issuer: other.issuer, responseMode: 'form_post' }),
          oauth2Provider('plain', {
            ...base,
            authorizationEndpoint: `${corp.issuer}/authorize`,
            tokenEndpoint: `${corp.issuer}/token`,
            userinfoEndpoint: `${corp.issuer}/userinfo`,
            issuer: corp.issuer,
          }),
        ],
        returnTo: { default: '/home' },
      },
      { controllers: [LinksController] },
    );
    await app.start();
    browser = app.browser();
    await dance(browser);
    other.seen.length = 0;
  });
  afterEach(() => app.stop());

  const owners = async (user: string) =>
    (await app.api.app.get(OAuthLinks).list(user)).map(({ provider, subject }) => `${provider}:${subject}`);
  const me = async (who: Browser = browser) => (await who.visit(at('/me'))).body as { sub?: string; sid?: string };
  const ask = (name: string, who: Browser = browser, more: object = {}) =>
    who.visit(at(`/links/${name}`), { method: 'POST', headers: { rid: 'anti-csrf' }, ...more });
  /** From our page to the provider, which sends the browser back there. */
  const answerFor = async (name = 'other', who: Browser = browser): Promise<URL> => {
    const begun = await ask(name, who);
    expect(begun.status).toBe(200);
    return nextOf(await who.visit(begun.body['url'] as string))!;
  };
  const signOut = (who: Browser = browser) =>
    who.visit(at('/auth/signout'), { method: 'POST', headers: { rid: 'anti-csrf' } });
  const expectRefused = async (page: Page) => {
    expectRefusal(page as never, 'oauth_link_refused');
    expect(page.headers['set-cookie']?.some((line) => line.startsWith('sAccessToken'))).not.toBe(true);
    expect([other.count('/token'), app.eventsOf('oauth.linked')]).toEqual([0, [expect.anything()]]);
    expect(await owners('corp:bob')).toEqual(['corp:bob']);
  };

  it.each(['other', 'plain'])('O49 gives whoever is logged in another way to log in: %s', async (name) => {
    const { sid } = await me();
    const subject = name === 'other' ? 'robert' : 'bob';
    const page = await browser.visit(await answerFor(name));
    expect([page.status, page.headers.location]).toEqual([302, '/account']);
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(await me()).toEqual({ sub: 'corp:bob', sid });
    expect(await owners('corp:bob')).toEqual(['corp:bob', `${name}:${subject}`]);
    expect(app.eventsOf('oauth.linked').at(-1)).toMatchObject({ provider: name, subject, user: 'corp:bob' });
    expect(app.logins).toHaveLength(1);
    const elsewhere = app.browser();
    await dance(elsewhere, `/login/${name}`);
    expect((await me(elsewhere)).sub).toBe('corp:bob');
  });

  it('O49 links once what is linked already', async () => {
    for (let time = 0; time < 2; time++)
      expect((await browser.visit(await answerFor())).headers.location).toBe('/account');
    expect(await owners('corp:bob')).toEqual(['corp:bob', 'other:robert']);
    expect(app.eventsOf('oauth.linked')).toHaveLength(2);
  });

  it("AL-05 O49 moves nothing that is another user's", async () => {
    const elsewhere = app.browser();
    await dance(elsewhere, '/login/other');
    const before = await me();
    const page = await browser.visit(await answerFor());
    expectRefusal(page as never, 'oauth_identity_taken');
    expect(await me()).toEqual(before);
    expect(await me(elsewhere)).toMatchObject({ sub: 'other:robert' });
    expect(await owners('corp:bob')).toEqual(['corp:bob']);
    expect(await owners('other:robert')).toEqual(['other:robert']);
  });

  it('O18 links nothing where the provider says no', async () => {
    other.script.answer = { code: undefined, error: 'access_denied' };
    const page = await browser.visit(await answerFor());
    expect(page.headers.location).toBe('/account?error=access_denied');
    expect(await owners('corp:bob')).toEqual(['corp:bob']);
    expect((await me()).sub).toBe('corp:bob');
  });

  it('O13 answers a second visit of the answer with the page, and nothing else', async () => {
    const answer = await answerFor();
    await browser.visit(answer);
    expect((await browser.visit(answer)).headers.location).toBe('/account');
    expect(other.count('/token')).toBe(1);
  });

  describe('AL-06 another session than the one that began', () => {
    it('links nothing where the session ends while the provider answers', async () => {
      const answer = await answerFor();
      other.script.at = {
        '/userinfo': async (_request, response) => {
          await app.api.auth.revokeSessions({ subject: 'corp:bob' });
          response.writeHead(200, { 'content-type': 'application/json' }).end('{"sub":"robert"}');
        },
      };
      expectRefusal((await browser.visit(answer)) as never, 'oauth_link_refused');
      expect([other.count('/userinfo'), await owners('corp:bob')]).toEqual([1, ['corp:bob']]);
    });

    it('links nothing after a log-out', async () => {
      const answer = await answerFor();
      expect((await signOut()).status).toBe(200);
      await expectRefused(await browser.visit(answer));
    });

    it('links nothing when the session has been ended elsewhere', async () => {
      const answer = await answerFor();
      await app.api.app.get(AuthService).revokeSession((await me()).sid!);
      await expectRefused(await browser.visit(answer));
    });

    it('links nothing to another user who has logged in meanwhile', async () => {
      const answer = await answerFor();
      comes(corp, 'mallory');
      await dance(browser);
      expect((await me()).sub).toBe('corp:mallory');
      app.events.splice(
        app.events.findLastIndex(({ name }) => name === 'oauth.linked'),
        1,
      );
      await expectRefused(await browser.visit(answer));
      expect(await owners('corp:mallory')).toEqual(['corp:mallory']);
    });

    it('links nothing in a new session of the same user', async () => {
      const answer = await answerFor();
      await dance(browser);
      await expectRefused(await browser.visit(answer));
    });

    it('links nothing in the browser of somebody else, who was given the answer and the flow (Langfuse, CVE-2025-65107)', async () => {
      const victim = app.browser();
      comes(corp, 'victim');
      await dance(victim);
      const before = await me(victim);
      app.events.splice(
        app.events.findLastIndex(({ name }) => name === 'oauth.linked'),
        1,
      );
      const answer = await answerFor();
      for (const [name, cookie] of browser.jar.get('app.example.com')!)
        if (name.startsWith('__Host-oauth_')) victim.jar.get('app.example.com')!.set(name, cookie);
      await expectRefused(await victim.visit(answer));
      expect(await me(victim)).toEqual(before);
      expect(await owners('corp:victim')).toEqual(['corp:victim']);
    });

    it('links all the same when the access token has expired meanwhile', async () => {
      app.api.clock.advance(890);
      const answer = await answerFor();
      app.api.clock.advance(60);
      const iat = Math.floor(app.api.clock.now() / 1000);
      Object.assign(other.script.claims!, { iat, exp: iat + 60 });
      expectRefusal((await browser.visit(at('/me'))) as never, 'token_expired');
      expect((await browser.visit(answer)).headers.location).toBe('/account');
      expect(await owners('corp:bob')).toEqual(['corp:bob', 'other:robert']);
    });
  });

  describe('the start', () => {
    it.each<[string, number, object]>([
      ['nobody is logged in', 401, { cookies: false }],
      ['a form of another site comes', 401, { headers: {}, form: '' }],
    ])('OC-01 is refused where %s', async (_what, status, more) => {
      const page = await ask('other', browser, more);
      expect([page.status, page.headers['set-cookie']]).toEqual([status, undefined]);
    });

    it.each([
      ['another user', { user: 'corp:victim' }],
      ['another session', { sid: 'x' }],
      ['a user who is none', { user: {} }],
    ])('is refused for %s than the one who is logged in (CVE-2025-61928)', async (_what, body) => {
      const form = JSON.stringify(body);
      const headers = { rid: 'anti-csrf', 'content-type': 'application/json' };
      const page = await ask('other', browser, { form, headers });
      expectRefusal(page as never, 'oauth_link_refused');
      expect(page.headers['set-cookie']).toBeUndefined();
    });

    it('is refused for a session that no browser holds: it could not be told again', async () => {
      const authorization = `Bearer ${browser.cookie(appOrigin, 'sAccessToken')}`;
      expectRefusal((await ask('other', app.browser(), { headers: { authorization } })) as never, 'oauth_link_refused');
    });

    it('is refused for a provider whose answer brings no session along', async () => {
      const page = await ask('form');
      expectRefusal(page as never, 'oauth_link_refused');
      expect(page.body['message']).toMatch(/answers by a form/);
      expect(page.headers['set-cookie']).toBeUndefined();
    });

    it('is refused for a provider that is none', async () => {
      expectRefusal((await ask('nowhere')) as never, 'oauth_provider_unknown');
    });

    it('is no GET: a page that sends the browser to a log-in links nothing (OmniAuth, CVE-2015-9284)', async () => {
      const { sid } = await me();
      const query = `link=1&user=corp:bob&sid=${sid}`;
      expect((await browser.visit(at(`/links/other?${query}`))).status).toBe(404);
      expect(await dance(browser, `/login/other?${query}`)).toMatchObject({ status: 302 });
      expect((await me()).sub).toBe('other:robert');
      expect(await owners('corp:bob')).toEqual(['corp:bob']);
    });
  });
});
