/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
/** The module dances with the provider of `nest-latchkey/testing`, and has a typed error for whatever that does wrong. */
import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import type { AuthErrorCode } from 'nest-latchkey';
import { github, oauth1Provider, oauth2Provider, oidc } from 'nest-latchkey/providers';
import { LoopbackProvider, type LoopbackEndpoint, type LoopbackFault } from 'nest-latchkey/testing';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import type { Page } from './browser.js';
import { at, dance, DancingApp } from './dance.js';

jest.setTimeout(20_000);

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
let provider: LoopbackProvider;
let elsewhere: LoopbackProvider;
beforeAll(async () => {
  const clients = [
    { clientId: 'app', clientSecret: 'the secrét: of % the app' },
    { clientId: 'rsa', publicKey },
  ];
  provider = await LoopbackProvider.start({ login: 'alice', clients });
  elsewhere = await LoopbackProvider.start({ signingAlgorithm: 'ES256' });
});
afterAll(() => Promise.all([provider.stop(), elsewhere.stop()]));

describe.each(adapters)('the dance with a loopback provider (%s)', (adapter) => {
  let app: DancingApp;

  beforeEach(async () => {
    provider.reset();
    provider.login = 'alice';
    elsewhere.reset();
    app = new DancingApp(adapter, {
      timeout: 1,
      providers: [
        oidc('corp', provider.oidc),
        oidc('offline', { ...provider.oidc, scope: ['openid', 'offline_access'] }),
        oidc('pushing', { ...provider.oidc, pushedAuthorizationRequests: true }),
        oauth2Provider('plain', provider.oauth2),
        github({ ...provider.oauth2, emailsPath: undefined }),
        oauth1Provider('old', provider.oauth1),
        oauth1Provider('signing', { ...provider.oauth1, consumerKey: 'rsa', consumerSecret: undefined, privateKey }),
      ],
      returnTo: { default: '/home', allow: [] },
    });
    await app.start();
    provider.clock = app.api.clock;
  });
  afterEach(() => app.stop());

  const danceOf = (name: string) => dance(app.browser(), `/login/${name}`);

  /** Nobody is logged in, and the application is told what happened. */
  const expectFailure = (page: Page, name: string, code: AuthErrorCode, phase: string): void => {
    expectRefusal(page as never, code);
    expect(app.logins).toEqual([]);
    expect(app.eventsOf('oauth.failed')).toEqual([expect.objectContaining({ provider: name, phase, code })]);
  };

  it.each(['corp', 'offline', 'pushing', 'plain', 'github'])('O8 O27 logs in: %s', async (name) => {
    expect((await danceOf(name)).headers.location).toBe('/home');
    const [{ identity, tokens, grantedScope, requestedScope }] = app.logins as [(typeof app.logins)[0]];
    expect([identity.subject, grantedScope]).toEqual(['alice', requestedScope]);
    expect(tokens.refreshToken !== undefined).toBe(['offline', 'plain', 'github'].includes(name));
    expect([provider.count('token'), provider.count('par')]).toEqual([1, name === 'pushing' ? 1 : 0]);
  });

  it.each(['old', 'signing'])('O55 logs in with OAuth 1.0a: %s', async (name) => {
    expect((await danceOf(name)).headers.location).toBe('/home');
    const [{ identity, tokens }] = app.logins as [(typeof app.logins)[0]];
    expect(identity).toMatchObject({ subject: 'alice', email: 'alice@example.com', emailVerified: true });
    expect(tokens.tokenSecret).toMatch(/^[\w-]{32}$/);
    expect(provider.count('oauth1.accessToken')).toBe(1);
  });

  it('O57 refuses an OAuth 1.0a that confirms no callback', async () => {
    provider.fail('oauth1.requestToken', { kind: 'members', members: { oauth_callback_confirmed: undefined } });
    expectFailure(await app.browser().visit(at('/login/old')), 'old', 'oauth_provider_failed', 'request_token');
  });

  it('O8 logs in whoever comes', async () => {
    provider.login = 'bob';
    await danceOf('corp');
    expect(app.logins[0]!.identity).toMatchObject({ subject: 'bob', email: 'bob@example.com', emailVerified: true });
  });

  it.each(['corp', 'plain', 'old'])('O18 O57 sends back whoever refuses: %s', async (name) => {
    provider.login = null;
    expect((await danceOf(name)).headers.location).toBe('/home?error=access_denied');
    expect([provider.count('token'), provider.count('oauth1.accessToken')]).toEqual([0, 0]);
  });

  it('O26 takes the ID token of a key that is new', async () => {
    await danceOf('corp');
    provider.rotateKey();
    // it asks for unknown keys once in a while
    app.api.clock.advance(3_601);
    expect((await danceOf('corp')).headers.location).toBe('/home');
    expect(provider.count('jwks')).toBe(2);
  });

  /** Which log-in asks it, and in which phase that fails. */
  const asked: [endpoint: LoopbackEndpoint, name: string, phase: string][] = [
    ['discovery', 'corp', 'discovery'],
    ['par', 'pushing', 'authorization'],
    ['token', 'corp', 'token'],
    ['token', 'plain', 'token'],
    ['jwks', 'corp', 'id_token'],
    ['userinfo', 'corp', 'userinfo'],
    ['api', 'plain', 'userinfo'],
    ['oauth1.requestToken', 'old', 'request_token'],
    ['oauth1.accessToken', 'old', 'token'],
    ['oauth1.api', 'old', 'userinfo'],
  ];

  describe.each(asked)('errs at %s (%s)', (endpoint, name, phase) => {
    const expectFault = async (fault: LoopbackFault, code: AuthErrorCode) => {
      provider.fail(endpoint, fault);
      const begun = await app.browser().visit(at(`/login/${name}`));
      const page = begun.status === 302 ? await danceOf(name) : begun;
      expectFailure(page, name, code, phase);
      expect(provider.count(endpoint)).toBe(1);
    };

    it.each<[AuthErrorCode, LoopbackFault]>([
      ['oauth_provider_unavailable', { kind: 'status', status: 503 }],
      ['oauth_provider_unavailable', { kind: 'status', status: 500, body: '<html>' }],
      ['oauth_provider_unavailable', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
      ['oauth_provider_unavailable', { kind: 'drop' }],
      ['oauth_provider_unavailable', { kind: 'cut' }],
      ['oauth_provider_failed', { kind: 'status', status: 418 }],
      ['oauth_provider_failed', { kind: 'huge' }],
    ])('O22 OC-11 OC-12 with %s for %o', (code, fault) => expectFault(fault, code));

    it.each<[string, LoopbackFault]>([
      ['HTML', { kind: 'html' }],
      ['nothing', { kind: 'empty' }],
    ])('O22 OC-11 refuses %s', async (_what, fault) => {
      // no key can be had: whose signature is it?
      await expectFault(fault, endpoint === 'jwks' ? 'oauth_id_token_invalid' : 'oauth_provider_failed');
    });

    it('O22 OC-11 follows no redirect to another host', async () => {
      await expectFault({ kind: 'redirect', to: elsewhere.issuer }, 'oauth_provider_failed');
      expect(elsewhere.requests).toEqual([]);
    });
  });

  it.each<[LoopbackEndpoint, string, string, LoopbackFault]>([
    ['par', 'pushing', 'authorization', { kind: 'silent' }],
    ['jwks', 'corp', 'id_token', { kind: 'slow_loris' }],
    ['api', 'plain', 'userinfo', { kind: 'slow', seconds: 30 }],
  ])('O22 OC-12 waits for %s (%s) no longer than the timeout', async (endpoint, name, phase, fault) => {
    provider.fail(endpoint, fault);
    const begun = await app.browser().visit(at(`/login/${name}`));
    expectFailure(begun.status === 302 ? await danceOf(name) : begun, name, 'oauth_provider_timeout', phase);
  });

  it.each<[string, LoopbackEndpoint, LoopbackFault, AuthErrorCode, string]>([
    ['a code that is refused', 'token', { kind: 'error', error: 'invalid_grant' }, 'oauth_grant_refused', 'token'],
    ['the wrong nonce', 'token', { kind: 'id_token', claims: { nonce: 'x' } }, 'oauth_id_token_invalid', 'id_token'],
    ['a bad signature', 'token', { kind: 'id_token', signature: 'other_key' }, 'oauth_id_token_invalid', 'id_token'],
    ['no signature', 'token', { kind: 'id_token', signature: 'none' }, 'oauth_id_token_invalid', 'id_token'],
    ['the wrong iss', 'authorization', withIss('https://evil.example'), 'oauth_response_invalid', 'authorization'],
    ['no iss, though it is announced', 'authorization', withIss(undefined), 'oauth_response_invalid', 'authorization'],
    ['another subject', 'userinfo', { kind: 'members', members: { sub: 'bob' } }, 'oauth_provider_failed', 'userinfo'],
  ])('O24 O26 refuses %s', async (_what, endpoint, fault, code, phase) => {
    provider.fail(endpoint, fault);
    expectFailure(await danceOf('corp'), 'corp', code, phase);
  });

  it('O28 takes a narrowed scope for what it is', async () => {
    provider.fail('token', { kind: 'members', members: { scope: 'openid' } });
    await danceOf('corp');
    expect([app.logins[0]!.requestedScope, app.logins[0]!.grantedScope]).toEqual([
      ['openid', 'email', 'profile'],
      ['openid'],
    ]);
  });

  it('does well again after a fault that came once', async () => {
    provider.fail('token', { kind: 'status', status: 503, times: 1 });
    expect((await danceOf('corp')).status).toBe(503);
    expect((await danceOf('corp')).headers.location).toBe('/home');
  });
});

function withIss(iss: string | undefined): LoopbackFault {
  return { kind: 'members', members: { iss } };
}
