/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { jest } from '@jest/globals';
import { jwtVerify } from 'jose';
import type { AuthErrorCode } from 'nest-latchkey';
import {
  apple,
  facebook,
  fitbit,
  github,
  heroku,
  meetup,
  oauth2Provider,
  oidc,
  reddit,
  slack,
  strava,
  twitch,
  zoho,
} from 'nest-latchkey/providers';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { answerOf, appOrigin, at, dance, DancingApp } from './dance.js';
import { RealProvider } from './real-provider.js';
import { ScriptedProvider, type Script } from './scripted-provider.js';

jest.setTimeout(20_000);

const clientSecret = 'the secret: of % the app';
const teamKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const provider = new ScriptedProvider();
const other = new ScriptedProvider();
const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const real = new RealProvider([
  ...['real', 'ignoring', 'nameless'].map((name) => ({
    client_id: name,
    client_secret: clientSecret,
    redirect_uris: [`${appOrigin}/login/${name}/authorized`],
    token_endpoint_auth_method: 'client_secret_basic' as const,
  })),
  {
    client_id: 'keyed',
    redirect_uris: [`${appOrigin}/login/keyed/authorized`],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [{ ...clientKey.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' } as never] },
  },
]);

beforeAll(() => Promise.all([provider.start(), other.start(), real.start()]));
afterAll(() => Promise.all([provider.stop(), other.stop(), real.stop()]));

const answering =
  (status: number, body: string | object, headers: Record<string, string> = {}) =>
  (_request: unknown, response: ServerResponse): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'text/html' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(text);
  };

/** A script of plain OAuth 2. */
const plainly = (script: Script = {}): Script => ({ ...script, token: { id_token: undefined, ...script.token } });

describe.each(adapters)('plain OAuth 2 (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;

  beforeAll(async () => {
    const base = { clientId: 'app', clientSecret, allowInsecureLoopback: true };
    const endpoints = (issuer: string) => ({
      authorizationEndpoint: `${issuer}/authorize`,
      tokenEndpoint: `${issuer}/token`,
      userinfoEndpoint: `${issuer}/userinfo`,
    });
    const scripted = { ...base, ...endpoints(provider.issuer) };
    const ofReal = (clientId: string) => ({
      ...base,
      clientId,
      authorizationEndpoint: `${real.issuer}/auth`,
      tokenEndpoint: `${real.issuer}/token`,
      userinfoEndpoint: `${real.issuer}/api/me`,
      scope: ['read'],
      identity: { subject: 'data.id', email: 'data.mail', emailVerified: 'data.proved', name: 'data.login' },
    });
    app = new DancingApp(adapter, {
      timeout: 1,
      providers: [
        oauth2Provider('real', { ...ofReal('real'), issuer: real.issuer }),
        oauth2Provider('ignoring', { ...ofReal('ignoring'), issuer: 'ignore' }),
        oauth2Provider('nameless', ofReal('nameless')),
        oauth2Provider('keyed', {
          ...ofReal('keyed'),
          ...{ clientSecret: undefined, privateKey: { key: clientKey.privateKey }, issuer: real.issuer },
        }),
        oauth2Provider('plain', { ...scripted, scope: ['read', 'write'] }),
        oauth2Provider('named', { ...scripted, issuer: 'https://named.example' }),
        oauth2Provider('commas', { ...scripted, scope: ['a', 'b'], scopeSeparator: ',', pkce: false }),
        oauth2Provider('other', { ...base, ...endpoints(other.issuer) }),
        oauth2Provider('realms', { ...scripted, identity: { subject: '{team.id}:{user.id}' } }),
        github(scripted),
        slack({ ...scripted, scope: ['chat:write'], userScope: ['identity.basic', 'identity.email'] }),
        slack({ ...scripted, name: 'member', identity: { subject: 'user.id', email: 'user.email' } }),
        facebook(scripted),
        apple({
          clientId: 'app',
          teamId: 'TEAM',
          privateKey: { key: teamKey.privateKey, kid: 'KEY' },
          issuer: provider.issuer,
          allowInsecureLoopback: true,
        }),
        meetup(scripted),
        heroku(scripted),
        reddit(scripted),
        fitbit(scripted),
        strava({ ...scripted, scope: ['read', 'activity:read'] }),
        zoho({ ...scripted, scope: ['AaaServer.profile.READ', 'ZohoCRM.modules.READ'] }),
        twitch({ ...base, issuer: provider.issuer }),
        oidc('google', {
          ...base,
          issuer: provider.issuer,
          authoritativeEmail: { domains: ['gmail.com'], claim: 'hd' },
          requiredClaims: { aal: ['2', '3'] },
          scopeAliases: { 'https://provider.example/auth/email': 'email' },
        }),
        oidc('tenants', {
          ...base,
          issuer: provider.issuer,
          issuerTemplate: `${provider.issuer}/{tenantid}/v2.0`,
          scope: ['openid', 'offline_access'],
          consentForOfflineAccess: false,
        }),
        oidc('recent', { ...base, issuer: provider.issuer, authorizationParams: { max_age: '300' } }),
        oidc('workspaces', { ...base, issuer: provider.issuer, realmClaim: 'team', emailTrust: 'never', pkce: false }),
      ],
      returnTo: { default: '/home' },
    });
    await app.start();
  });
  beforeEach(() => {
    app.now();
    app.events.length = 0;
    app.logins.length = 0;
    provider.reset(plainly());
    other.reset(plainly());
    real.seen.length = 0;
    browser = app.browser();
  });
  afterAll(() => app.stop());

  const identity = () => app.logins[0]!.identity;
  const expectFailure = (page: Page, code: AuthErrorCode, phase: string): void => {
    expectRefusal(page as never, code);
    expect(app.logins).toEqual([]);
    expect(app.eventsOf('oauth.failed')).toEqual([expect.objectContaining({ phase, code })]);
    expect(JSON.stringify([app.events, page.text])).not.toContain('canary');
  };

  describe('with a provider that nobody here wrote', () => {
    it('O9 proves itself by a key, to the issuer (RFC 7523 §3)', async () => {
      expect((await dance(browser, '/login/keyed')).status).toBe(302);
      expect(identity().subject).toBe('4711');
    });

    it('O8 O62 logs in without discovery and without an ID token', async () => {
      const page = await dance(browser, '/login/real?return_to=/a');
      expect([page.status, page.headers.location]).toEqual([302, '/a']);
      expect(identity()).toMatchObject({
        issuer: real.issuer,
        subject: '4711',
        email: 'alice@example.com',
        emailVerified: true,
        name: 'alice',
        picture: undefined,
      });
      expect(app.logins[0]).toMatchObject({ requestedScope: ['read'], grantedScope: ['read'] });
      expect(app.logins[0]!.tokens.idToken).toBeUndefined();
      expect((await browser.visit(at('/me'))).body['sub']).toBe('real:4711');
      expect(real.count('/.well-known/openid-configuration')).toBe(0);
    });

    it('O1 asks with state and PKCE, and for no more than a plain request has', async () => {
      const asked = nextOf(await browser.visit(at('/login/real')))!.searchParams;
      expect([...asked.keys()].toSorted()).toEqual([
        'client_id',
        'code_challenge',
        'code_challenge_method',
        'redirect_uri',
        'response_type',
        'scope',
        'state',
      ]);
      expect(asked.get('scope')).toBe('read');
    });

    it('O24 refuses the iss of a provider without an issuer, and says what to set; ignores it when told', async () => {
      const page = await dance(browser, '/login/nameless');
      expectFailure(page, 'oauth_response_invalid', 'authorization');
      expect(app.eventsOf('oauth.failed')[0]).toMatchObject({ reason: expect.stringMatching(/set issuer .*'ignore'/) });
      expect(real.count('/token')).toBe(0);
      expect((await dance(browser, '/login/ignoring')).headers.location).toBe('/home');
      expect(identity().issuer).toBe(`${real.issuer}/auth`);
    });
  });

  describe('in the browser', () => {
    it.each<[string, string | undefined, string, boolean]>([
      ['is right', 'https://named.example', 'named', true],
      ['is missing', undefined, 'named', true],
      ['is wrong', 'https://evil.example', 'named', false],
      ['is missing, where no issuer is known', undefined, 'plain', true],
      ['is there, where no issuer is known', 'https://named.example', 'plain', false],
      ["is GitHub's", 'https://github.com/login/oauth', 'github', true],
      ["is missing, as GitHub's was", undefined, 'github', true],
      ["is not GitHub's", 'https://github.com', 'github', false],
    ])('O24 OC-04 looks at iss: it %s', async (_what, iss, name, isTaken) => {
      provider.reset(plainly({ answer: { iss }, userinfo: { id: 1 } }));
      const page = await dance(browser, `/login/${name}`);
      if (isTaken) expect(page.headers.location).toBe('/home');
      else expectFailure(page, 'oauth_response_invalid', 'authorization');
      expect(provider.count('/token')).toBe(isTaken ? 1 : 0);
    });

    it('O25 O16 sends no code of one provider to another, and none without its state', async () => {
      const answer = nextOf(await answerOf(browser, '/login/plain'))!;
      const moved = new URL(answer.href.replace('/login/plain/', '/login/other/'));
      expectRefusal((await browser.visit(moved)) as never, 'oauth_flow_unknown');
      expectRefusal((await app.browser().visit(answer)) as never, 'oauth_flow_unknown');
      expect([provider.count('/token'), other.count('/token')]).toEqual([0, 0]);
    });

    it('OC-17 sends no code to the server that an answer names', async () => {
      const answer = { location: 'eu', 'accounts-server': other.issuer };
      provider.reset(plainly({ answer, userinfo: { ZUID: 1 } }));
      expect((await dance(browser, '/login/zoho')).headers.location).toBe('/home');
      expect([provider.count('/token'), other.seen]).toEqual([1, []]);
      const refused = answering(200, { error: 'invalid_code' });
      provider.reset(plainly({ answer, at: { '/token': refused } }));
      app.logins.length = 0;
      expectFailure(await dance(browser, '/login/zoho'), 'oauth_grant_refused', 'token');
      expect(other.seen).toEqual([]);
    });

    it('O27 proves the challenge that it sent, and sends a verifier for none', async () => {
      const begun = nextOf(await browser.visit(at('/login/plain')))!;
      const back = nextOf(await browser.visit(begun))!;
      await browser.visit(back);
      const sent = provider.seen.find(({ path }) => path === '/token')!.body;
      const digest = createHash('sha256').update(sent.get('code_verifier')!).digest('base64url');
      expect(begun.searchParams.get('code_challenge')).toBe(digest);

      provider.reset(plainly());
      const without = nextOf(await browser.visit(at('/login/commas')))!;
      expect(without.searchParams.has('code_challenge')).toBe(false);
      await browser.visit(nextOf(await browser.visit(without))!);
      expect(provider.seen.find(({ path }) => path === '/token')!.body.has('code_verifier')).toBe(false);
      expect(app.logins).toHaveLength(2);
    });

    it('O29 writes scope values with the separator of the provider', async () => {
      const scopeOf = async (name: string) => nextOf(await browser.visit(at(`/login/${name}`)))!.searchParams;
      expect((await scopeOf('plain')).get('scope')).toBe('read write');
      expect((await scopeOf('commas')).get('scope')).toBe('a,b');
      expect((await scopeOf('zoho')).get('scope')).toBe('AaaServer.profile.READ,ZohoCRM.modules.READ');
      expect((await scopeOf('slack')).get('user_scope')).toBe('identity.basic,identity.email');
      expect((await scopeOf('other')).has('scope')).toBe(false);
    });
  });

  describe('at its token endpoint', () => {
    it.each<[string, string, NonNullable<Script['at']>[string], AuthErrorCode]>([
      ['400 invalid_grant', 'plain', answering(400, { error: 'invalid_grant' }), 'oauth_grant_refused'],
      ['401 invalid_client', 'plain', answering(401, { error: 'invalid_client' }), 'oauth_provider_failed'],
      ['200 with an error', 'plain', answering(200, { error: 'invalid_grant' }), 'oauth_grant_refused'],
      ['GitHub with a bad code', 'github', answering(200, { error: 'bad_verification_code' }), 'oauth_grant_refused'],
      [
        'GitHub with a bad secret',
        'github',
        answering(200, { error: 'incorrect_client_credentials' }),
        'oauth_provider_failed',
      ],
      ['Slack with a bad code', 'slack', answering(200, { ok: false, error: 'invalid_code' }), 'oauth_grant_refused'],
      [
        'Slack without a word',
        'slack',
        answering(200, { ok: false, ...token(), team: { id: 'T1' }, authed_user: { id: 'U1' } }),
        'oauth_provider_failed',
      ],
      [
        'Fitbit with a bad code',
        'fitbit',
        answering(400, { errors: [{ errorType: 'invalid_grant', message: 'expired' }], success: false }),
        'oauth_grant_refused',
      ],
      [
        'Strava with a bad code',
        'strava',
        answering(400, { errors: [{ resource: 'AuthorizationCode', field: 'code', code: 'invalid' }] }),
        'oauth_grant_refused',
      ],
      [
        'Strava with a bad client',
        'strava',
        answering(400, { errors: [{ resource: 'Application', field: 'client_id', code: 'invalid' }] }),
        'oauth_provider_failed',
      ],
      ['an error beside a token', 'plain', answering(200, { error: 'x', ...token() }), 'oauth_provider_failed'],
      ['an error that is an object', 'facebook', answering(400, { error: { code: 100 } }), 'oauth_provider_failed'],
      ['200 with HTML', 'plain', answering(200, '<html>canary'), 'oauth_provider_failed'],
      ['200 and nothing', 'plain', answering(200, ''), 'oauth_provider_failed'],
      ['500 with HTML', 'plain', answering(500, '<html>canary'), 'oauth_provider_unavailable'],
      ['429', 'plain', answering(429, { error: 'slow_down' }), 'oauth_provider_unavailable'],
      [
        'a redirect',
        'plain',
        (_request, response) => void response.writeHead(307, { location: `${other.issuer}/token` }).end(),
        'oauth_provider_failed',
      ],
      ['a silence', 'plain', () => {}, 'oauth_provider_timeout'],
      [
        'a connection that ends',
        'plain',
        (_request, response) => void response.destroy(),
        'oauth_provider_unavailable',
      ],
      ['10 MB', 'plain', answering(200, { ...token(), more: 'x'.repeat(10_000_000) }), 'oauth_provider_failed'],
    ])('O22 has a word for %s', async (_what, name, handler, code) => {
      provider.reset(plainly({ at: { '/token': handler } }));
      expectFailure(await dance(browser, `/login/${name}`), code, 'token');
      expect([other.seen, provider.count('/userinfo')]).toEqual([[], 0]);
    });

    it.each<[string, Record<string, unknown>, string[] | AuthErrorCode]>([
      ['no access_token', { access_token: undefined }, 'oauth_provider_failed'],
      ['no token_type', { token_type: undefined }, 'oauth_provider_failed'],
      ['token_type mac', { token_type: 'mac' }, 'oauth_provider_failed'],
      ['expires_in as text', { expires_in: '300' }, ['read', 'write']],
      ['expires_in below zero', { expires_in: -1 }, 'oauth_provider_failed'],
      ['an ID token that nobody asked for', { id_token: 'a.b.c' }, ['read', 'write']],
      ['no scope', {}, ['read', 'write']],
      ['less', { scope: 'read' }, ['read']],
      ['another order', { scope: 'write read' }, ['write', 'read']],
      ['commas', { scope: 'read,write' }, ['read', 'write']],
      ['a list', { scope: ['write'] }, ['write']],
      ['a number', { scope: 5 }, 'oauth_provider_failed'],
    ])('O23 O28 O29 has an answer to %s', async (_what, answer, expected) => {
      provider.reset(plainly({ token: answer }));
      const page = await dance(browser, '/login/plain');
      if (typeof expected === 'string') return expectFailure(page, expected, 'token');
      const [{ requestedScope, grantedScope, tokens }] = app.logins as [(typeof app.logins)[0]];
      expect([requestedScope, grantedScope]).toEqual([['read', 'write'], expected]);
      expect([tokens.idToken, tokens.expiresAt]).toEqual([undefined, app.api.clock.now() + 300_000]);
    });

    it.each<[string, string, string | undefined, string[]]>([
      ['all', 'strava', 'read,activity:read', ['read', 'activity:read']],
      ['less', 'strava', 'read', ['read']],
      ['none', 'strava', '', []],
      ['nothing', 'strava', undefined, ['read', 'activity:read']],
      ['more', 'strava', 'read,activity:write', ['read']],
      ['what is not looked at', 'plain', 'read', ['read', 'write']],
    ])('O29 OC-17 believes a browser that less was granted, and not more: %s', async (_what, name, scope, granted) => {
      provider.reset(plainly({ answer: { scope }, token: { athlete: { id: 1 } } }));
      expect((await dance(browser, `/login/${name}`)).headers.location).toBe('/home');
      expect(app.logins[0]!.grantedScope).toEqual(granted);
    });

    it('O29 knows the long names that a scope comes back under', async () => {
      provider.reset({ claims: { aal: '2' }, token: { scope: 'openid https://provider.example/auth/email' } });
      await dance(browser, '/login/google');
      expect(app.logins[0]!.grantedScope).toEqual(['openid', 'email']);
    });
  });

  describe('who it is', () => {
    it.each<[string, string, object, string | undefined]>([
      ['sub', 'plain', { sub: 'bob', id: 1 }, 'bob'],
      ['id, a number', 'plain', { sub: undefined, id: 5 }, '5'],
      ['a number that JSON rounds', 'plain', { sub: undefined, id: 2 ** 60 }, undefined],
      ['nothing', 'plain', { sub: undefined }, undefined],
      ['an empty text', 'plain', { sub: '' }, undefined],
      ['an object', 'plain', { sub: {} }, undefined],
      ['a long text', 'plain', { sub: 'x'.repeat(256) }, undefined],
      ['half a letter', 'plain', { sub: 'bob\ud800' }, undefined],
      ['a NUL', 'plain', { sub: 'bob\0' }, undefined],
      ['a member that every object has', 'realms', { team: 'x', user: { id: 1 } }, undefined],
      ['two parts', 'realms', { team: { id: 'T1' }, user: { id: 'U1' } }, 'T1:U1'],
      ['one part of two', 'realms', { user: { id: 'U1' } }, undefined],
    ])('O62 reads %s', async (_what, name, userinfo, subject) => {
      provider.reset(plainly({ userinfo: userinfo as never }));
      const page = await dance(browser, `/login/${name}`);
      if (subject === undefined) expectFailure(page, 'oauth_provider_failed', 'userinfo');
      else expect(identity()).toMatchObject({ subject, issuer: `${provider.issuer}/authorize` });
    });

    it.each<[string, NonNullable<Script['at']>[string], AuthErrorCode]>([
      ['401', answering(401, {}, { 'www-authenticate': 'Bearer' }), 'oauth_provider_failed'],
      ['403', answering(403, {}), 'oauth_provider_failed'],
      ['503', answering(503, 'canary'), 'oauth_provider_unavailable'],
      ['HTML', answering(200, '<html>canary'), 'oauth_provider_failed'],
      ['a list', answering(200, []), 'oauth_provider_failed'],
      [
        'a redirect',
        (_request, response) => void response.writeHead(302, { location: `${other.issuer}/userinfo` }).end(),
        'oauth_provider_failed',
      ],
      ['a silence', () => {}, 'oauth_provider_timeout'],
    ])(
      'O22 O32 refuses %s of the userinfo endpoint, and takes the token nowhere else',
      async (_what, handler, code) => {
        provider.reset(plainly({ at: { '/userinfo': handler } }));
        expectFailure(await dance(browser, '/login/plain'), code, 'userinfo');
        expect(other.seen).toEqual([]);
      },
    );

    const emails = [
      { email: 'old@example.com', primary: false, verified: true },
      { email: 'bob@example.com', primary: true, verified: true },
    ];
    it.each<[string, NonNullable<Script['at']>[string], object]>([
      ['proved', answering(200, emails), { email: 'bob@example.com', emailVerified: true }],
      [
        'not proved',
        answering(200, [{ ...emails[1], verified: false }]),
        { email: 'public@example.com', emailVerified: false },
      ],
      ['not told', answering(404, {}), { email: 'public@example.com', emailVerified: false }],
    ])('AL-01 takes the address of a GitHub user from the list of those that are %s', async (_what, handler, email) => {
      const userinfo = { id: 583231, sub: undefined, email: 'public@example.com', email_verified: true, login: 'octo' };
      provider.reset(plainly({ userinfo, at: { '/userinfo/emails': handler } }));
      await dance(browser, '/login/github');
      expect(identity()).toMatchObject({
        issuer: 'https://github.com/login/oauth',
        subject: '583231',
        name: 'octo',
        ...email,
      });
    });

    it('O22 does not take an outage for an address that is not told', async () => {
      provider.reset(plainly({ userinfo: { id: 1 }, at: { '/userinfo/emails': answering(503, {}) } }));
      expectFailure(await dance(browser, '/login/github'), 'oauth_provider_unavailable', 'userinfo');
    });

    it('O62 knows who installs an app at Slack from the token answer', async () => {
      const authed_user = { id: 'U1', access_token: 'canary of the user' };
      provider.reset(plainly({ token: { ok: true, token_type: 'bot', team: { id: 'T1' }, authed_user } }));
      await dance(browser, '/login/slack');
      expect([identity().subject, identity().claims]).toEqual(['T1:U1', {}]);
      expect(provider.count('/userinfo')).toBe(0);
    });

    it('O62 takes the token of the user where Slack gives no other, and an identity of ones own', async () => {
      const authed_user = {
        id: 'U1',
        access_token: 'of-the-user',
        token_type: 'user',
        scope: 'identity.basic',
        id_token: 'unchecked.id.token',
      };
      const userinfo = { sub: undefined, user: { id: 'U1', email: 'bob@example.com' } };
      const none = { access_token: undefined, token_type: undefined };
      provider.reset(plainly({ token: { ok: true, ...none, authed_user }, userinfo }));
      await dance(browser, '/login/member');
      expect(identity()).toMatchObject({ subject: 'U1', email: 'bob@example.com', emailVerified: false });
      expect(app.logins[0]!.tokens).toMatchObject({ accessToken: 'of-the-user', idToken: undefined });
      expect(provider.seen.at(-1)!.headers.authorization).toBe('Bearer of-the-user');
    });

    it('O62 proves its requests to Facebook', async () => {
      const seen: string[] = [];
      const me = (request: { url?: string }, response: ServerResponse) => {
        seen.push(request.url!);
        answering(200, { id: '10', email: 'b@x', picture: { data: { url: 'https://p' } } })(request, response);
      };
      provider.reset(plainly({ token: { access_token: 'a' }, at: { '/userinfo': me } }));
      await dance(browser, '/login/facebook');
      const proof = createHmac('sha256', clientSecret).update('a').digest('hex');
      expect(seen).toEqual([`/userinfo?appsecret_proof=${proof}`]);
      expect(identity()).toMatchObject({ subject: '10', emailVerified: false, picture: 'https://p' });
    });

    it('O62 asks Meetup by GraphQL', async () => {
      const seen: [string?, string?, string?][] = [];
      const userinfo: NonNullable<Script['at']>[string] = (request, response, body) => {
        seen.push([request.method, request.headers['content-type'], [...body.keys()].join('')]);
        answering(200, { data: { self: { id: '7', name: 'Bob' } } })(request, response);
      };
      provider.reset(plainly({ at: { '/userinfo': userinfo } }));
      await dance(browser, '/login/meetup');
      expect(identity()).toMatchObject({ subject: '7', name: 'Bob' });
      expect(seen).toEqual([['POST', 'application/json', expect.stringContaining('{ self {')]]);
    });
  });

  describe('Sign in with Apple', () => {
    const noUserinfo = { metadata: { userinfo_endpoint: undefined } };
    /** Its page posts the answer, and at the first log-in who the user says to be. */
    const answer = async (user?: string) => {
      const form = nextOf(await answerOf(browser, '/login/apple'))!.searchParams;
      if (user !== undefined) form.set('user', user);
      return browser.visit(at('/login/apple/authorized'), { method: 'POST', form });
    };
    const bob = JSON.stringify({ name: { firstName: 'Bob', lastName: 'Doe' }, email: 'root@example.com' });
    beforeAll(async () => {
      provider.reset(noUserinfo);
      app.api.clock.advance(3_601);
      await app.browser().visit(at('/login/apple'));
    });
    beforeEach(() => provider.reset({ ...noUserinfo, claims: { email: 'bob@example.com', email_verified: true } }));

    it('O62 proves itself by a secret that the team signs, anew each time', async () => {
      expect((await answer()).status).toBe(303);
      const { body, headers } = provider.seen.find(({ path }) => path === '/token')!;
      expect([headers.authorization, body.get('client_id')]).toEqual([undefined, 'app']);
      const { payload, protectedHeader } = await jwtVerify(body.get('client_secret')!, teamKey.publicKey, {
        issuer: 'TEAM',
        subject: 'app',
        audience: provider.issuer,
      });
      expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'KEY' });
      expect(payload.exp! - payload.iat!).toBe(300);
    });

    it.each<[string, string | undefined, object, string | undefined]>([
      ['the name', bob, {}, 'Bob Doe'],
      ['half a name', '{"name":{"lastName":"Doe"}}', {}, 'Doe'],
      ['nothing', undefined, {}, undefined],
      ['what was signed rather', bob, { name: 'Robert' }, 'Robert'],
      ['no JSON', '{"name":', {}, undefined],
      ['no object', '"Bob"', {}, undefined],
      ['members that are no texts', '{"name":{"firstName":{},"lastName":[]}}', {}, undefined],
      ['members of every object', '{"name":"x","__proto__":{"name":{"firstName":"Bob"}}}', {}, undefined],
      ['a long text', JSON.stringify({ name: { firstName: 'x'.repeat(3_000) } }), {}, undefined],
    ])('O62 takes of what its page posts %s', async (_what, user, claims, name) => {
      provider.reset({ ...noUserinfo, claims: { email: 'bob@example.com', email_verified: true, ...claims } });
      await answer(user);
      expect(identity()).toMatchObject({ subject: 'bob', name, email: 'bob@example.com', emailVerified: true });
    });

    it('AL-01 takes no address of what its page posts, and nothing where no preset says so', async () => {
      provider.reset(noUserinfo);
      await answer(bob);
      expect(identity()).toMatchObject({ email: undefined, emailVerified: false });
      app.logins.length = 0;
      provider.reset({ claims: { aal: '2' }, answer: { user: bob } });
      await dance(browser, '/login/google');
      expect(identity()).toMatchObject({ subject: 'bob', name: undefined });
    });
  });

  it.each<[string, string, Script, object, object]>([
    [
      'an API of a version',
      'heroku',
      plainly({ userinfo: { id: '1' } }),
      {},
      { accept: 'application/vnd.heroku+json; version=3' },
    ],
    [
      'a name',
      'reddit',
      plainly({ userinfo: { id: '1' } }),
      { 'user-agent': 'web:nest-latchkey' },
      { 'user-agent': 'web:nest-latchkey' },
    ],
    ['the id of the client', 'twitch', { token: { scope: ['openid', 'user:read:email'] } }, {}, { 'client-id': 'app' }],
  ])('O62 sends the headers that a provider wants: %s', async (_what, name, script, ofToken, ofUserinfo) => {
    provider.reset(script);
    expect((await dance(browser, `/login/${name}`)).headers.location).toBe('/home');
    const headersAt = (path: string) => provider.seen.find((request) => request.path === path)!.headers;
    expect(headersAt('/token')).toMatchObject({ accept: 'application/json', ...ofToken });
    expect(headersAt('/userinfo')).toMatchObject(ofUserinfo);
    expect(app.logins[0]!.grantedScope).toEqual(app.logins[0]!.requestedScope);
  });

  describe('what a preset asks of OpenID Connect', () => {
    it.each([undefined, '1', ['2'], 2])('O62 OC-06 refuses an ID token without a required claim: %j', async (aal) => {
      provider.reset({ claims: { aal } });
      expectFailure(await dance(browser, '/login/google'), 'oauth_id_token_invalid', 'id_token');
    });

    it.each<[string, string | undefined, boolean]>([
      ['bob@gmail.com', undefined, true],
      ['bob@GMAIL.com', undefined, true],
      ['bob@example.com', undefined, false],
      ['bob@gmail.com@example.com', undefined, false],
      ['bob@example.com', 'example.com', true],
    ])('AL-01 takes %s for proved where the provider speaks for it (%s)', async (email, hd, emailVerified) => {
      provider.reset({ claims: { aal: '3', email, email_verified: true, hd } });
      await dance(browser, '/login/google');
      expect(identity()).toMatchObject({ email, emailVerified });
    });

    describe('one discovery document for many issuers', () => {
      const issuer = '/{tenantid}/v2.0';
      const scriptOf = (tid: unknown, iss: string): Script => ({
        metadata: { issuer: provider.issuer + issuer },
        claims: { tid, iss: provider.issuer + iss },
      });

      it.each<[unknown, string, boolean]>([
        ['t1', '/t1/v2.0', true],
        ['t1', '/t2/v2.0', false],
        ['t1', issuer, false],
        ['t1', '', false],
        [undefined, '/t1/v2.0', false],
        [['t1'], '/t1/v2.0', false],
      ])('O26 OC-06 has the issuer of the tenant: tid %j, iss %s', async (tid, iss, isTaken) => {
        // what is known of the provider is an hour old at most
        app.api.clock.advance(3_601);
        provider.reset(scriptOf(tid, iss));
        await browser.visit(at('/login/tenants'));
        app.now();
        const page = await dance(browser, '/login/tenants');
        if (isTaken) expect(identity()).toMatchObject({ issuer: provider.issuer + iss, subject: 'bob' });
        else expectFailure(page, 'oauth_id_token_invalid', 'id_token');
      });

      it.each<[string, boolean]>([
        ['/t1/v2.0', true],
        [issuer, true],
        ['/t1/x/v2.0', false],
        ['//v2.0', false],
        ['/t1/v2.0/', false],
        ['/t1', false],
      ])('O24 OC-04 takes the iss of a tenant alone: %s', async (iss, isTaken) => {
        app.api.clock.advance(3_601);
        const metadata = {
          issuer: provider.issuer + issuer,
          authorization_response_iss_parameter_supported: true,
        };
        provider.reset({ ...scriptOf('t1', '/t1/v2.0'), metadata, answer: { iss: provider.issuer + iss } });
        await browser.visit(at('/login/tenants'));
        app.now();
        const page = await dance(browser, '/login/tenants');
        if (isTaken) expect(page.headers.location).toBe('/home');
        else expectFailure(page, 'oauth_response_invalid', 'authorization');
      });

      it('O59 is refused where it calls itself otherwise', async () => {
        app.api.clock.advance(7_300);
        provider.reset({ metadata: { issuer: provider.issuer } });
        expectFailure(await browser.visit(at('/login/tenants')), 'oauth_provider_failed', 'discovery');
      });

      it('asks for no consent where that was given for everybody', async () => {
        provider.reset(scriptOf('t1', '/t1/v2.0'));
        expect(nextOf(await browser.visit(at('/login/tenants')))!.searchParams.has('prompt')).toBe(false);
      });
    });

    it('O62 keeps users of two workspaces apart, and trusts no address that a preset does not', async () => {
      provider.reset({ claims: { team: 'T1', email: 'b@x', email_verified: true } });
      await dance(browser, '/login/workspaces');
      expect(identity()).toMatchObject({ subject: 'T1:bob', emailVerified: false });
      provider.reset();
      app.logins.length = 0;
      expectFailure(await dance(app.browser(), '/login/workspaces'), 'oauth_id_token_invalid', 'id_token');
    });

    it.each([
      ['a colon in the workspace', 'T1:x'],
      ['a workspace that leaves no room for the user', 'T'.repeat(253)],
    ])('O62 OC-06 refuses %s', async (_what, team) => {
      provider.reset({ claims: { team } });
      expectFailure(await dance(browser, '/login/workspaces'), 'oauth_id_token_invalid', 'id_token');
    });

    it.each<[string, () => number | undefined, boolean]>([
      ['just now', () => app.api.clock.seconds, true],
      ['too long ago', () => app.api.clock.seconds - 400, false],
      ['who knows when', () => undefined, false],
    ])('O4 OC-06 holds the provider to the max_age that was asked for: %s', async (_what, auth_time, isTaken) => {
      provider.reset({ claims: { auth_time: auth_time() } });
      const page = await dance(browser, '/login/recent');
      if (isTaken) expect(page.headers.location).toBe('/home');
      else expectFailure(page, 'oauth_id_token_invalid', 'id_token');
    });
  });
});

function token() {
  return { access_token: 'canary', token_type: 'Bearer' };
}
