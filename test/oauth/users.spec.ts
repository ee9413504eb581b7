/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { memoryStores, OAuthGrantStore, OAuthLinkStore, type AuthHooks, type OAuthLink } from 'nest-latchkey';
import { OAuthGrants, OAuthLinks } from 'nest-latchkey/passport';
import { oauth2Provider, oidc } from 'nest-latchkey/providers';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import type { Browser, Page } from './browser.js';
import { appOrigin, at, dance, DancingApp } from './dance.js';
import { ScriptedProvider, type Script } from './scripted-provider.js';

jest.setTimeout(20_000);

const corp = new ScriptedProvider();
const other = new ScriptedProvider();

beforeAll(() => Promise.all([corp.start(), other.start()]));
afterAll(() => Promise.all([corp.stop(), other.stop()]));

/** Who comes to a provider next. */
function comes(provider: ScriptedProvider, sub: string, claims: Record<string, unknown> = {}): void {
  const script: Script = { claims: { sub, ...claims }, userinfo: { sub, ...claims } };
  provider.reset(script);
}

type OAuthUserHook = NonNullable<AuthHooks['oauthUser']>;

describe.each(adapters)('whom a log-in logs in (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;
  let oauthUser: OAuthUserHook;

  beforeEach(async () => {
    comes(corp, 'bob');
    comes(other, 'bob');
    oauthUser = ({ provider, identity }, { linkedTo }) => ({ user: linkedTo ?? `${provider}:${identity.subject}` });
    const base = { clientId: 'app', clientSecret: 'the secret of the app', allowInsecureLoopback: true };
    app = new DancingApp(
      adapter,
      {
        providers: [
          oidc('corp', { ...base, issuer: corp.issuer }),
          oidc('other', { ...base, issuer: other.issuer }),
          oidc('again', { ...base, issuer: corp.issuer }),
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
      {},
      {
        oauthUser: (login, known) => {
          app.logins.push(login);
          return oauthUser(login, known);
        },
      },
    );
    await app.start();
    browser = app.browser();
  });
  afterEach(async () => {
    await app.stop();
    jest.restoreAllMocks();
  });

  const links = () => app.api.app.get(OAuthLinks);
  const me = async (who: Browser = browser) => (await who.visit(at('/me'))).body as { sub?: string; sid?: string };
  const logIn = async (name = 'corp', who: Browser = browser) => {
    const page = await dance(who, `/login/${name}`);
    expect(page.headers.location).toBe('/home');
    return (await me(who)).sub;
  };
  const expectNobody = (page: Page) => {
    expect(page.headers['set-cookie']?.some((line) => line.startsWith('sAccessToken'))).not.toBe(true);
  };

  describe('the link', () => {
    it('is made by the first log-in, and is what the hook is told at the next', async () => {
      const known: unknown[] = [];
      oauthUser = (_login, { linkedTo }) => {
        known.push(linkedTo);
        return { user: linkedTo ?? 'made for bob' };
      };
      expect(await logIn()).toBe('made for bob');
      expect(await links().list('made for bob')).toEqual([
        { provider: 'corp', issuer: corp.issuer, subject: 'bob', user: 'made for bob', linkedAt: expect.any(Number) },
      ]);
      expect(await logIn('corp', app.browser())).toBe('made for bob');
      expect(known).toEqual([undefined, 'made for bob']);
      expect(app.eventsOf('oauth.linked')).toEqual([
        expect.objectContaining({ provider: 'corp', issuer: corp.issuer, subject: 'bob', user: 'made for bob' }),
      ]);
      expect(await links().list('made for bob')).toHaveLength(1);
    });

    it('AL-04 follows the subject, whatever address and name the provider tells', async () => {
      comes(corp, 'bob', { email: 'bob@example.com', preferred_username: 'bob' });
      expect(await logIn()).toBe('corp:bob');
      comes(corp, 'bob', { email: 'robert@example.com', preferred_username: 'robert' });
      expect(await logIn('corp', app.browser())).toBe('corp:bob');
      comes(corp, 'another', { email: 'bob@example.com', preferred_username: 'bob' });
      expect(await logIn('corp', app.browser())).toBe('corp:another');
    });

    it('AL-09 lets no claim of the provider into the tokens of the session', async () => {
      comes(corp, 'bob', { role: 'admin', scope: 'admin', admin: true, groups: ['admin'], sid: 'x' });
      await logIn();
      const [, claims] = browser.cookie(appOrigin, 'sAccessToken')!.split('.');
      const names = Object.keys(JSON.parse(Buffer.from(claims!, 'base64url').toString()) as object);
      expect(names.toSorted()).toEqual(
        ['aud', 'auth_time', 'exp', 'iat', 'iss', 'jti', 'nbf', 'rti', 'sid', 'sub', 'type'].toSorted(),
      );
      expect((await me()).sid).not.toBe('x');
    });

    it('AL-03 knows an identity by its provider and issuer too', async () => {
      const subs = [];
      for (const name of ['corp', 'other', 'again', 'corp']) subs.push(await logIn(name, app.browser()));
      expect(subs).toEqual(['corp:bob', 'other:bob', 'again:bob', 'corp:bob']);
      expect(app.eventsOf('oauth.linked')).toHaveLength(3);
    });

    it('refuses a hook that answers another user than the one who is linked', async () => {
      await logIn();
      oauthUser = () => ({ user: 'mallory' });
      const page = await dance(app.browser());
      expectRefusal(page as never, 'oauth_link_refused');
      expectNobody(page);
      expect(await links().list('mallory')).toEqual([]);
    });

    it.each([null, undefined])('O48 refuses whom the hook does not know (%s), and writes nothing', async (nobody) => {
      const found = oauthUser;
      oauthUser = () => nobody as null;
      const claim = jest.spyOn(OAuthLinks.prototype, 'claim');
      const page = await dance(browser);
      expectRefusal(page as never, 'oauth_user_refused');
      expectNobody(page);
      expect(claim).not.toHaveBeenCalled();
      oauthUser = found;
      // to load the page anew shows no log-in that there was not
      expectRefusal((await browser.visit(page.url)) as never, 'oauth_flow_unknown');
      expect(await logIn()).toBe('corp:bob');
    });

    it('O48 does not let in a linked user whom the hook does not know any more', async () => {
      await logIn();
      oauthUser = () => null;
      expectRefusal((await dance(app.browser())) as never, 'oauth_user_refused');
    });

    it('AL-01 makes no second way into an account, though a hook looks for addresses', async () => {
      oauthUser = ({ identity }, { linkedTo }) => ({ user: linkedTo ?? `of ${identity.email}` });
      comes(corp, 'bob', { email: 'victim@example.com' });
      comes(other, 'mallory', { email: 'victim@example.com' });
      expect(await logIn()).toBe('of victim@example.com');
      const page = await dance(app.browser(), '/login/other');
      expectRefusal(page as never, 'oauth_link_refused');
      expect(page.body['message']).toMatch(/log in to it as you did before, and link this provider there/);
      expectNobody(page);
      expect(await links().list('of victim@example.com')).toHaveLength(1);
    });

    it('takes the word of an application that has records of its own', async () => {
      oauthUser = () => ({ user: 'bob', linked: true });
      expect(await logIn('corp')).toBe('bob');
      expect(await logIn('other', app.browser())).toBe('bob');
      expect((await links().list('bob')).map(({ provider }) => provider)).toEqual(['corp', 'other']);
    });

    it('AL-10 two first log-ins of one identity at once have one user', async () => {
      let made = 0;
      let bothAreAsked: () => void;
      const both = new Promise<void>((resolve) => (bothAreAsked = resolve));
      oauthUser = async (_login, { linkedTo }) => {
        if (linkedTo !== undefined) return { user: linkedTo };
        made += 1;
        const user = `user ${made}`;
        if (made === 2) bothAreAsked();
        await both;
        return { user };
      };
      const browsers = [app.browser(), app.browser()];
      const pages = await Promise.all(browsers.map((one) => dance(one, '/login/plain')));
      expect(pages.map(({ headers }) => headers.location)).toEqual(['/home', '/home']);
      const subs = await Promise.all(browsers.map(async (one) => (await me(one)).sub));
      expect(new Set(subs).size).toBe(1);
      expect(made).toBe(2);
      expect(app.eventsOf('oauth.linked')).toHaveLength(1);
      expect(await links().list(subs[0]!)).toHaveLength(1);
    });
  });

  describe('the session before', () => {
    const bearer = (token: string) => ({ cookies: false, headers: { authorization: `Bearer ${token}` } });
    const tokenOf = (who: Browser) => who.cookie(appOrigin, 'sAccessToken')!;

    it('O54 SF-01 ends with the log-in, whoever it was', async () => {
      await logIn('corp');
      const [old, refresh] = [tokenOf(browser), browser.cookie(appOrigin, 'sRefreshToken')!];
      const { sid } = await me();
      expect((await browser.visit(at('/me'), bearer(old))).status).toBe(200);
      expect(await logIn('other')).toBe('other:bob');
      expect((await me()).sid).not.toBe(sid);
      expectRefusal((await browser.visit(at('/me'), bearer(old))) as never, 'token_revoked');
      const refreshed = await app.browser().visit(at('/auth/session/refresh'), { method: 'POST', ...bearer(refresh) });
      expect(refreshed.status).toBe(401);
      expect(await me()).toMatchObject({ sub: 'other:bob' });
    });

    it('O54 ends though its access token has expired', async () => {
      await logIn('corp');
      const request = { method: 'POST', ...bearer(browser.cookie(appOrigin, 'sRefreshToken')!) };
      app.api.clock.advance(3_600);
      expectRefusal((await browser.visit(at('/me'))) as never, 'token_expired');
      expect((await app.browser().visit(at('/auth/session/refresh'), request)).status).toBe(200);
      const iat = Math.floor(app.api.clock.now() / 1000);
      comes(corp, 'bob', { iat, exp: iat + 60 });
      expect(await logIn('corp')).toBe('corp:bob');
      expect((await app.browser().visit(at('/auth/session/refresh'), request)).status).toBe(401);
    });

    it('O54 goes on where nobody is logged in instead', async () => {
      await logIn('corp');
      const { sid } = await me();
      oauthUser = () => ({ user: 'mallory' });
      expectRefusal((await dance(browser)) as never, 'oauth_link_refused');
      expect((await me()).sid).toBe(sid);
    });

    it('O54 of other browsers goes on', async () => {
      const elsewhere = app.browser();
      await logIn('corp', elsewhere);
      await logIn('corp');
      expect((await me(elsewhere)).sub).toBe('corp:bob');
    });

    it.each([
      ['what is no token', 'x'],
      ['nothing', ''],
    ])('O54 logs in where the cookie holds %s', async (_what, value) => {
      browser.jar.set('app.example.com', new Map([['sAccessToken', { value, path: '/', text: '' }]]));
      expect(await logIn('corp')).toBe('corp:bob');
    });
  });

  describe('unlinking', () => {
    it('O51 AL-07 leaves the last identity of a user without a password', async () => {
      await logIn();
      await expect(links().unlink('corp:bob', 'corp')).rejects.toMatchObject({ code: 'oauth_last_credential' });
      expect(await logIn('corp', app.browser())).toBe('corp:bob');
      expect(app.eventsOf('oauth.unlinked')).toEqual([]);
    });

    it('O51 takes one of two, which does not come back to the user by logging in', async () => {
      oauthUser = (login, { linkedTo }) => ({
        user: linkedTo ?? 'bob',
        ...(login.provider === 'other' && { linked: true }),
      });
      await logIn('corp');
      await logIn('other', app.browser());
      await links().unlink('bob', 'corp');
      expect(app.eventsOf('oauth.unlinked')).toEqual([
        expect.objectContaining({ provider: 'corp', issuer: corp.issuer, subject: 'bob', user: 'bob' }),
      ]);
      const page = await dance(app.browser());
      expectRefusal(page as never, 'oauth_link_refused');
      expectNobody(page);
      expect(await logIn('other', app.browser())).toBe('bob');
    });

    describe('and what was granted', () => {
      const grantsOf = (user: string) => app.api.app.get(OAuthGrants).list({ kind: 'user', id: user });
      const linkBoth = async () => {
        oauthUser = (_login, { linkedTo }) => ({ user: linkedTo ?? 'bob', linked: true });
        await logIn('corp');
        await logIn('other', app.browser());
        expect(await grantsOf('bob')).toHaveLength(2);
      };

      it('O51 revokes it at the provider', async () => {
        const revoked: (string | null)[] = [];
        corp.script.metadata = { revocation_endpoint: `${corp.issuer}/revoke` };
        corp.script.token = { refresh_token: 'the refresh token' };
        corp.script.at = {
          '/revoke': (_request, response, body) => {
            revoked.push(body.get('token'));
            response.writeHead(200).end();
          },
        };
        await linkBoth();
        await links().unlink('bob', 'corp');
        expect(revoked).toEqual(['the refresh token', expect.any(String)]);
        expect((await grantsOf('bob')).map(({ provider }) => provider)).toEqual(['other']);
      });

      it('O51 forgets it though the provider is down', async () => {
        corp.script.metadata = { revocation_endpoint: `${corp.issuer}/revoke` };
        corp.script.at = { '/revoke': (_request, response) => void response.writeHead(503).end() };
        await linkBoth();
        await links().unlink('bob', 'corp');
        expect((await grantsOf('bob')).map(({ provider }) => provider)).toEqual(['other']);
      });

      it.each<[string, { subject?: string }]>([
        ['', {}],
        [', of the account that was named', { subject: 'bob' }],
      ])('O51 revokes it when it is asked again, where the store failed in between%s', async (_what, options) => {
        await linkBoth();
        const store = app.api.app.get(OAuthGrantStore);
        for (const method of ['list', 'delete'] as const) {
          jest.spyOn(store, method).mockRejectedValueOnce(new Error('the store is down'));
          await expect(links().unlink('bob', 'corp', options)).rejects.toMatchObject({ code: 'store_unavailable' });
          expect((await links().list('bob')).map(({ provider }) => provider)).toEqual(['other']);
        }
        expect(await grantsOf('bob')).toHaveLength(2);
        await links().unlink('bob', 'corp', options);
        expect((await grantsOf('bob')).map(({ provider }) => provider)).toEqual(['other']);
        expect(app.eventsOf('oauth.unlinked')).toHaveLength(1);
        await expect(links().unlink('bob', 'corp', options)).rejects.toMatchObject({ code: 'oauth_link_unknown' });
      });

      it('O51 ST-07 leaves that of another account, and of another user', async () => {
        await linkBoth();
        await expect(links().unlink('bob', 'corp', { subject: 'alice' })).rejects.toMatchObject({
          code: 'oauth_link_unknown',
        });
        await expect(links().unlink('alice', 'corp')).rejects.toMatchObject({ code: 'oauth_link_unknown' });
        expect(await grantsOf('bob')).toHaveLength(2);
      });

      it('O51 leaves it where the identity stays', async () => {
        await logIn('corp');
        await expect(links().unlink('corp:bob', 'corp')).rejects.toMatchObject({ code: 'oauth_last_credential' });
        expect(await grantsOf('corp:bob')).toHaveLength(1);
      });

      it('takes an identity of a provider that is not configured any more', async () => {
        await logIn('corp');
        const link = { provider: 'gone', issuer: 'https://gone.example', subject: 'x', user: 'corp:bob', linkedAt: 1 };
        await app.api.app.get(OAuthLinkStore).link(link);
        await links().unlink('corp:bob', 'gone');
        expect(await links().list('corp:bob')).toHaveLength(1);
      });
    });

    it.each<[string, string, { subject?: string }]>([
      ['another provider', 'other', {}],
      ['a provider that is none', 'nowhere', {}],
      ['another subject', 'corp', { subject: 'alice' }],
    ])('ST-07 finds no link with %s', async (_what, name, options) => {
      await logIn();
      await expect(links().unlink('corp:bob', name, options)).rejects.toMatchObject({ code: 'oauth_link_unknown' });
      await expect(links().unlink('somebody', 'corp')).rejects.toMatchObject({ code: 'oauth_link_unknown' });
      expect(await links().list('corp:bob')).toHaveLength(1);
    });

    it('O47 wants to know which of two at one provider', async () => {
      oauthUser = (_login, { linkedTo }) => ({ user: linkedTo ?? 'bob', linked: true });
      await logIn();
      comes(corp, 'robert');
      await logIn('corp', app.browser());
      await expect(links().unlink('bob', 'corp')).rejects.toMatchObject({ code: 'oauth_link_unknown' });
      await links().unlink('bob', 'corp', { subject: 'robert' });
      expect((await links().list('bob')).map(({ subject }) => subject)).toEqual(['bob']);
    });
  });
});

describe('the last identity', () => {
  const comesWith = async (hasOtherCredential: AuthHooks['hasOtherCredential']) => {
    comes(corp, 'bob');
    const base = { clientId: 'app', clientSecret: 'the secret of the app', allowInsecureLoopback: true };
    const app = new DancingApp(
      'express',
      { providers: [oidc('corp', { ...base, issuer: corp.issuer })] },
      {},
      { ...(hasOtherCredential && { hasOtherCredential }) },
    );
    await app.start();
    await dance(app.browser());
    return { app, unlinked: app.api.app.get(OAuthLinks).unlink('corp:bob', 'corp') };
  };

  it('AL-07 goes where the application knows of a password', async () => {
    const asked: string[] = [];
    const { app, unlinked } = await comesWith((user) => asked.push(user) > 0);
    await expect(unlinked).resolves.toBeUndefined();
    expect(asked).toEqual(['corp:bob']);
    await app.stop();
  });

  it.each<[string, string, () => unknown]>([
    ['says no', 'oauth_last_credential', () => false],
    ['says what is no answer', 'oauth_last_credential', () => 'yes'],
    ['fails', 'store_unavailable', () => Promise.reject(new Error('down'))],
  ])('AL-07 stays where the application %s', async (_what, code, hook) => {
    const { app, unlinked } = await comesWith(hook as never);
    await expect(unlinked).rejects.toMatchObject({ code });
    await app.stop();
  });
});

/** One that fails. */
class BrokenLinks extends OAuthLinkStore {
  static method: keyof OAuthLinkStore | undefined;
  readonly store = memoryStores().create(undefined as never).oauthLinks!;
  private fail(method: keyof OAuthLinkStore): void {
    if (BrokenLinks.method === method) throw new Error('the store is down');
  }
  async ownerOf(...parts: Parameters<OAuthLinkStore['ownerOf']>) {
    this.fail('ownerOf');
    return this.store.ownerOf(...parts);
  }
  async link(...parts: Parameters<OAuthLinkStore['link']>) {
    this.fail('link');
    return this.store.link(...parts);
  }
  async list(user: string): Promise<OAuthLink[]> {
    this.fail('list');
    return this.store.list(user);
  }
  async unlink(...parts: Parameters<OAuthLinkStore['unlink']>) {
    this.fail('unlink');
    return this.store.unlink(...parts);
  }
}

it.each(['ownerOf', 'list', 'link'] as const)('answers 503 when the store of links fails: %s', async (method) => {
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  comes(corp, 'bob');
  const base = { clientId: 'app', clientSecret: 'the secret of the app', allowInsecureLoopback: true };
  const stores = {
    ...memoryStores(),
    create: () => ({ ...memoryStores().create(undefined as never), oauthLinks: new BrokenLinks() }),
  };
  const app = new DancingApp(
    'express',
    { providers: [oidc('corp', { ...base, issuer: corp.issuer })] },
    { options: { stores } as never },
  );
  await app.start();
  BrokenLinks.method = method;
  const page = await dance(app.browser());
  expectRefusal(page as never, 'store_unavailable');
  expect(page.headers['set-cookie']?.some((line) => line.startsWith('sAccessToken'))).not.toBe(true);
  BrokenLinks.method = undefined;
  await app.stop();
});
