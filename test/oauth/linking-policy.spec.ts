/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AuthConfigError, type OAuthEmailOwner } from 'nest-latchkey';
import { oauthLogin, OAuthLinks, type OAuthLoginOptions } from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';
import { adapters, Api, expectRefusal } from '../e2e/fixture.js';
import type { Page } from './browser.js';
import { appOrigin, at, dance, DancingApp } from './dance.js';
import { ScriptedProvider } from './scripted-provider.js';

jest.setTimeout(20_000);

const corp = new ScriptedProvider();

beforeAll(() => corp.start());
afterAll(() => corp.stop());

function comes(claims: Record<string, unknown>): void {
  const all = { sub: 'victim', email: undefined, email_verified: undefined, ...claims };
  corp.reset({ claims: all, userinfo: all });
}

const base = () => ({ issuer: corp.issuer, clientId: 'app', clientSecret: 'a secret', allowInsecureLoopback: true });

describe.each(adapters)('a log-in whose address a user has already (%s)', (adapter) => {
  let app: DancingApp;
  let local: OAuthEmailOwner | null;
  let asked: string[];

  const start = async (linking: OAuthLoginOptions['linking'], trusted = true) => {
    app = new DancingApp(
      adapter,
      {
        providers: [oidc('corp', { ...base(), ...(!trusted && { emailTrust: 'never' }) })],
        ...(linking && { linking }),
        returnTo: { default: '/home' },
      },
      {},
      {
        userOfEmail: (email: string) => {
          asked.push(email);
          return local;
        },
      },
    );
    await app.start();
  };
  beforeEach(() => {
    asked = [];
    local = { user: 'ada', emailVerified: true };
    comes({ email: 'Victim@Example.com', email_verified: true });
  });
  afterEach(() => app.stop());

  const links = () => app.api.app.get(OAuthLinks);
  const expectRefused = async (page: Page) => {
    expectRefusal(page as never, 'oauth_link_refused');
    expect(page.body['message']).toMatch(/log in to it as you did before, and link this provider there/);
    expect(page.headers['set-cookie']?.some((line) => line.startsWith('sAccessToken'))).not.toBe(true);
    expect([await links().list('ada'), app.logins, app.eventsOf('oauth.linked')]).toEqual([[], [], []]);
  };
  const logIn = async () => {
    const browser = app.browser();
    const page = await dance(browser);
    expect(page.headers.location).toBe('/home');
    return (await browser.visit(at('/me'))).body['sub'] as string;
  };

  it.each<[string, OAuthLoginOptions['linking']]>([
    ['by default', undefined],
    ['where it is said', { mode: 'explicit' }],
  ])('O50 AL-01 is another user %s: only whoever is logged in links', async (_what, linking) => {
    await start(linking);
    expect(await logIn()).toBe('corp:victim');
    expect([asked, await links().list('ada')]).toEqual([[], []]);
  });

  describe("in the mode 'verified-email'", () => {
    const mode = { mode: 'verified-email' } as const;

    it('O50 is that user where both have verified it, and stays so by the subject', async () => {
      await start(mode);
      expect(await logIn()).toBe('ada');
      expect(asked).toEqual(['victim@example.com']);
      comes({ email: 'another@example.com', email_verified: true });
      expect(await logIn()).toBe('ada');
      expect(asked).toHaveLength(1);
      expect(await links().list('ada')).toEqual([expect.objectContaining({ provider: 'corp', subject: 'victim' })]);
    });

    it('AL-02 O50 is refused where the user here has not (pre-hijack), whoever registered the address', async () => {
      await start(mode);
      local = { user: 'ada', emailVerified: false };
      await expectRefused(await dance(app.browser()));
      for (const emailVerified of [undefined, 'true', 1]) {
        local = { user: 'ada', emailVerified: emailVerified as never };
        await expectRefused(await dance(app.browser()));
      }
    });

    it.each<[string, boolean, unknown]>([
      ['says that it has not', true, false],
      ['says nothing', true, undefined],
      ['says it as a text', true, 'true'],
      ['is not trusted with addresses', false, true],
    ])('AL-01 O50 is refused where the provider %s', async (_what, trusted, verified) => {
      await start(mode, trusted);
      comes({ email: 'victim@example.com', email_verified: verified });
      for (const emailVerified of [true, false]) {
        local = { user: 'ada', emailVerified };
        await expectRefused(await dance(app.browser()));
      }
    });

    it.each<[string, unknown]>([
      ['no address', undefined],
      ['an empty one', ''],
      ['a list of them', 'victim@example.com,mallory@evil.example'],
      ['one that looks like another', 'v\u0131ctim@example.com'],
    ])('AL-08 O50 is a user of the provider with %s', async (_what, email) => {
      await start(mode);
      comes({ email, email_verified: true });
      expect(await logIn()).toBe('corp:victim');
      expect(asked).toEqual([]);
    });

    it('O50 is a user of the provider where nobody has the address', async () => {
      await start(mode);
      local = null;
      expect(await logIn()).toBe('corp:victim');
      expect(asked).toEqual(['victim@example.com']);
    });

    it('answers 503 where nobody can tell', async () => {
      jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
      await start(mode);
      local = Promise.reject(new Error('down')) as never;
      expectRefusal((await dance(app.browser())) as never, 'store_unavailable');
      expect(await links().list('ada')).toEqual([]);
      jest.restoreAllMocks();
    });
  });
});

it.each<[string, object, object, string]>([
  ['no hook', { linking: { mode: 'verified-email' } }, {}, 'hooks.userOfEmail'],
  ['another mode', { linking: { mode: 'automatic' } }, {}, 'oauth.linking.mode'],
  ['a typo', { linking: { modes: 'explicit' } }, {}, 'oauth.linking.modes'],
])('O64 does not start with %s', async (_what, oauth, hooks, option) => {
  const api = new Api('express', {
    options: {
      publicUrl: appOrigin,
      session: {},
      oauth: oauthLogin({ providers: [oidc('corp', base())], ...oauth } as OAuthLoginOptions),
      hooks: { oauthUser: () => null, ...hooks },
    },
  });
  const error = await api.start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AuthConfigError);
  expect((error as AuthConfigError).option).toBe(option);
});
