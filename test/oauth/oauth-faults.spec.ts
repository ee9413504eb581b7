/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import { Logger, VersioningType, type INestApplication } from '@nestjs/common';
import { OAuthFlowStore, type AuthErrorCode } from 'nest-latchkey';
import { oidc } from 'nest-latchkey/providers';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { nextOf, type Browser, type Page } from './browser.js';
import { answerOf, at, dance, DancingApp } from './dance.js';
import { keyPair, otherPair, ScriptedProvider, signedJwt, type Script } from './scripted-provider.js';

jest.setTimeout(20_000);

const provider = new ScriptedProvider();
const other = new ScriptedProvider();
const secret = 'the secrét: of % the app';
const timeout = 1;

beforeAll(async () => {
  await provider.start();
  await other.start();
});
afterAll(async () => {
  await provider.stop();
  await other.stop();
});

const answering =
  (status: number, body: string | object, headers: Record<string, string> = {}) =>
  (_request: unknown, response: ServerResponse): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'text/html' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(text);
  };
const json = { 'content-type': 'application/json' };
const encoded = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe.each(adapters)('a provider that errs (%s)', (adapter) => {
  let app: DancingApp;
  let browser: Browser;

  beforeEach(async () => {
    provider.reset();
    other.reset();
    const base = { clientId: 'app', clientSecret: secret, allowInsecureLoopback: true };
    // a new application for each test: what it knows of the provider is of this test alone
    app = new DancingApp(adapter, {
      timeout,
      providers: [
        oidc('corp', { ...base, issuer: provider.issuer }),
        oidc('other', { ...base, issuer: other.issuer }),
        oidc('public', { clientId: 'app', issuer: provider.issuer, allowInsecureLoopback: true }),
      ],
      returnTo: { default: '/home', allow: ['https://spa.example.com'] },
    });
    await app.start();
    browser = app.browser();
  });
  afterEach(() => app.stop());

  /** Nobody is logged in, and the application is told what happened. */
  const expectFailure = (page: Page, code: AuthErrorCode, phase: string): void => {
    expectRefusal(page as never, code);
    expect(page.headers['set-cookie']?.some((line) => line.startsWith('sAccessToken'))).not.toBe(true);
    expect(app.logins).toEqual([]);
    expect(app.eventsOf('oauth.authorized')).toEqual([]);
    expect(app.eventsOf('oauth.failed')).toEqual([expect.objectContaining({ provider: 'corp', phase, code })]);
  };

  it('does well while it does not', async () => {
    expect((await dance(browser)).headers.location).toBe('/home');
    expect(app.logins[0]!.identity).toMatchObject({ subject: 'bob', email: 'bob@example.com', emailVerified: true });
  });

  it('O9 encodes id and secret before they become Basic (RFC 6749 §2.3.1)', async () => {
    await dance(browser);
    const [, credentials = ''] = provider.seen.find(({ path }) => path === '/token')!.headers.authorization!.split(' ');
    const [id, sent] = Buffer.from(credentials, 'base64').toString().split(':');
    expect([id, new URLSearchParams(`x=${sent}`).get('x')]).toEqual(['app', secret]);
    expect(sent).toMatch(/^[A-Za-z0-9%+.~_*-]+$/);
  });

  it('sends nothing but its id where it has no secret', async () => {
    await dance(browser, '/login/public');
    const { body, headers } = provider.seen.find(({ path }) => path === '/token')!;
    expect([body.get('client_id'), body.has('client_secret'), headers.authorization]).toEqual([
      'app',
      false,
      undefined,
    ]);
  });

  it('O3 lives below the prefix of the application', async () => {
    const base = { issuer: other.issuer, clientId: 'app', allowInsecureLoopback: true };
    const prefixed = new DancingApp(adapter, { providers: [oidc('below', base)], path: 'auth/with' });
    await prefixed.start((nest) => nest.setGlobalPrefix('api'));
    try {
      const answer = nextOf(await answerOf(prefixed.browser(), '/api/auth/with/below'))!;
      expect(answer.origin + answer.pathname).toBe(at('/api/auth/with/below/authorized'));
    } finally {
      await prefixed.stop();
    }
  });

  it.each<[string, (nest: INestApplication) => void]>([
    ['below a prefix that leaves it out', (nest) => nest.setGlobalPrefix('api', { exclude: ['login/{*rest}'] })],
    ['with versions in URLs', (nest) => nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })],
    [
      'with versions in headers, which no provider sends',
      (nest) => nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }),
    ],
  ])('O3 lives where its redirect URI says: %s', async (_what, setUp) => {
    const base = { issuer: other.issuer, clientId: 'app', allowInsecureLoopback: true };
    const own = new DancingApp(adapter, { providers: [oidc('own', base)], returnTo: { default: '/home' } });
    await own.start(setUp);
    try {
      expect((await dance(own.browser(), '/login/own')).headers.location).toBe('/home');
    } finally {
      await own.stop();
    }
  });

  it('leaves the cookies of the application alone', async () => {
    for (const name of ['oauth_mine', 'oauth_', 'oauth_state', 'oauth_verifier', 'oauth_nonce', 'oauth_provider']) {
      browser.jar.set('app.example.com', browser.jar.get('app.example.com') ?? new Map());
      browser.jar.get('app.example.com')!.set(`__Host-${name}`, { value: 'x', path: '/', text: '' });
    }
    const page = await browser.visit(at('/login/corp'));
    expect(page.headers['set-cookie']).toHaveLength(1);
    expect(browser.cookieNames('https://app.example.com')).toHaveLength(7);
  });

  describe('in the browser', () => {
    it('O18 sends the user back with the word of a provider that says no, once', async () => {
      provider.reset({ answer: { code: undefined, error: 'access_denied', error_description: '<b>no</b>' } });
      const answer = nextOf(await answerOf(browser, '/login/corp?return_to=/a?b=c%23d'))!;
      const page = await browser.visit(answer);
      expect([page.status, page.headers.location]).toEqual([302, '/a?b=c&error=access_denied#d']);
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ code: 'oauth_denied', phase: 'authorization', error: 'access_denied' }),
      ]);
      expect((await browser.visit(answer)).status).not.toBe(200);
      expect(app.eventsOf('oauth.failed')).toHaveLength(1);
      expect(provider.count('/token')).toBe(0);
    });

    it('O20 OC-09 repeats no text of a stranger', async () => {
      provider.reset({
        answer: { code: undefined, error: '<script>alert(1)</script>', error_description: 'x'.repeat(5_000) },
      });
      const page = await dance(browser);
      expect(page.headers.location).toBe('/home?error=server_error');
      expect(JSON.stringify(app.events)).not.toMatch(/script|xxx/);
    });

    it('O19 OC-01 takes an error without a flow for hostile: no event, and no redirect', async () => {
      for (const query of ['?error=access_denied', '?error=access_denied&state=guessed']) {
        const page = await browser.visit(at(`/login/corp/authorized${query}`));
        expectRefusal(page as never, 'oauth_response_invalid');
      }
      expect(app.eventsOf('oauth.failed')).toEqual([]);
    });

    it('O21 refuses an answer without a code, and one with two', async () => {
      for (const change of [
        (query: URLSearchParams) => query.delete('code'),
        (query: URLSearchParams) => query.set('code', ''),
        (query: URLSearchParams) => query.append('code', 'another'),
        (query: URLSearchParams) => query.append('state', query.get('state')!),
        (query: URLSearchParams) => query.append('iss', provider.issuer),
      ]) {
        const answer = new URL(nextOf(await answerOf(browser))!);
        answer.searchParams.set('iss', provider.issuer);
        change(answer.searchParams);
        expectRefusal((await browser.visit(answer)) as never, 'oauth_response_invalid');
      }
      expect(provider.count('/token')).toBe(0);
    });

    it('O21 refuses an answer without a state, or with a long one', async () => {
      await answerOf(browser);
      for (const query of ['', '?code=a', '?code=a&state=', `?code=a&state=${'a'.repeat(10_000)}`])
        expectRefusal((await browser.visit(at(`/login/corp/authorized${query}`))) as never, 'oauth_response_invalid');
    });

    it.each<[string, Script, AuthErrorCode | undefined]>([
      ['is right', { answer: { iss: 'own' } }, undefined],
      ['is missing', {}, undefined],
      [
        'is missing though announced',
        { metadata: { authorization_response_iss_parameter_supported: true } },
        'oauth_response_invalid',
      ],
      [
        'is right and announced',
        { metadata: { authorization_response_iss_parameter_supported: true }, answer: { iss: 'own' } },
        undefined,
      ],
      ['is wrong', { answer: { iss: 'https://evil.example' } }, 'oauth_response_invalid'],
      ['has a slash more', { answer: { iss: 'slash' } }, 'oauth_response_invalid'],
    ])('O24 OC-04 looks at iss (RFC 9207): it %s', async (_what, script, code) => {
      const { iss } = script.answer ?? {};
      const written = { own: provider.issuer, slash: `${provider.issuer}/` }[iss ?? ''] ?? iss;
      provider.reset({ ...script, answer: { iss: written } });
      const page = await dance(browser);
      if (code === undefined) expect(page.headers.location).toBe('/home');
      else expectFailure(page, code, 'authorization');
      expect(provider.count('/token')).toBe(code === undefined ? 1 : 0);
    });

    it('O25 OC-04 sends no code of one provider to another', async () => {
      const answer = nextOf(await answerOf(browser, '/login/other'))!;
      answer.searchParams.set('code', 'a code of corp');
      answer.searchParams.set('iss', provider.issuer);
      expectRefusal((await browser.visit(answer)) as never, 'oauth_response_invalid');
      expect(other.count('/token')).toBe(0);
    });
  });

  describe('at its token endpoint', () => {
    it.each<[string, NonNullable<Script['at']>[string], AuthErrorCode]>([
      ['400 invalid_grant', answering(400, { error: 'invalid_grant' }), 'oauth_grant_refused'],
      ['401 invalid_client', answering(401, { error: 'invalid_client' }), 'oauth_provider_failed'],
      ['401 with a challenge', answering(401, {}, { 'www-authenticate': 'Basic realm="x"' }), 'oauth_provider_failed'],
      ['200 with an error', answering(200, { error: 'bad_verification_code' }), 'oauth_provider_failed'],
      ['200 with ok: false', answering(200, { ok: false, error: 'x' }), 'oauth_provider_failed'],
      ['200 with HTML', answering(200, '<html>'), 'oauth_provider_failed'],
      ['200 and nothing', answering(200, ''), 'oauth_provider_failed'],
      ['200 with a list', answering(200, []), 'oauth_provider_failed'],
      ['500 with HTML', answering(500, '<html>the secret'), 'oauth_provider_unavailable'],
      ['503', answering(503, {}), 'oauth_provider_unavailable'],
      ['429', answering(429, { error: 'slow_down' }), 'oauth_provider_unavailable'],
      ['418', answering(418, 'tea'), 'oauth_provider_failed'],
      ['a connection that ends', (_request, response) => void response.destroy(), 'oauth_provider_unavailable'],
      ['a body that ends', cutBody, 'oauth_provider_unavailable'],
    ])('O22 OC-11 OC-12 refuses %s', async (_what, handler, code) => {
      provider.reset({ at: { '/token': handler } });
      expectFailure(await dance(browser), code, 'token');
    });

    it.each(['a silence', 'a byte now and then'])('O22 OC-12 waits no longer than the timeout for %s', async (what) => {
      let timer: NodeJS.Timeout | undefined;
      provider.reset({
        at: {
          '/token': (_request, response) => {
            if (what === 'a silence') return;
            response.writeHead(200, { 'content-type': 'application/json' });
            timer = setInterval(() => response.write(' '), 50);
          },
        },
      });
      const page = await dance(browser);
      clearInterval(timer);
      expectFailure(page, 'oauth_provider_timeout', 'token');
    });

    it('O22 OC-11 refuses 10 MB of an answer that would do', async () => {
      provider.reset({ token: { padding: 'x'.repeat(10_000_000) } });
      expectFailure(await dance(browser), 'oauth_provider_failed', 'token');
    });

    it('O22 OC-11 counts the bytes of a compressed answer as they are read', async () => {
      const bomb = gzipSync(JSON.stringify({ access_token: 'x'.repeat(10_000_000), token_type: 'Bearer' }));
      provider.reset({
        at: {
          '/token': (_request, response) => {
            response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
          },
        },
      });
      expectFailure(await dance(browser), 'oauth_provider_failed', 'token');
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ reason: expect.stringMatching(/bytes/) }),
      ]);
    });

    it('O22 OC-11 refuses 100,000 lists in each other', async () => {
      provider.reset({ at: { '/token': answering(200, lists('access_token', 'x'), json) } });
      expectFailure(await dance(browser), 'oauth_provider_failed', 'token');
    });

    it.each([301, 302, 303, 307, 308])(
      'O22 OC-11 takes neither code nor secret along a redirect (%i)',
      async (status) => {
        provider.reset({ at: { '/token': answering(status, '', { location: `${other.issuer}/token` }) } });
        expectFailure(await dance(browser), 'oauth_provider_failed', 'token');
        expect(other.seen).toEqual([]);
      },
    );

    it.each<[string, Record<string, unknown>, AuthErrorCode | undefined]>([
      ['no access_token', { access_token: undefined }, 'oauth_provider_failed'],
      ['an empty access_token', { access_token: '' }, 'oauth_provider_failed'],
      ['a number for an access_token', { access_token: 5 }, 'oauth_provider_failed'],
      ['no token_type', { token_type: undefined }, 'oauth_provider_failed'],
      ['token_type mac', { token_type: 'mac' }, 'oauth_provider_failed'],
      ['token_type bearer', { token_type: 'bearer' }, undefined],
      ['token_type dpop', { token_type: 'DPoP' }, 'oauth_provider_failed'],
      ['no id_token', { id_token: undefined }, 'oauth_id_token_invalid'],
      ['expires_in as text', { expires_in: '300' }, undefined],
      ['expires_in below zero', { expires_in: -5 }, 'oauth_provider_failed'],
      ['no expires_in', { expires_in: undefined }, undefined],
      ['a huge expires_in', { expires_in: 1e300 }, undefined],
      ['a scope', { scope: 'email openid' }, undefined],
      ['a list of scopes', { scope: ['email', 'openid'] }, undefined],
      ['scopes with commas', { scope: 'email,openid' }, undefined],
      ['scopes that are no text', { scope: [5] }, 'oauth_provider_failed'],
    ])('O23 O29 has an answer to %s', async (_what, token, code) => {
      provider.reset({ token });
      const page = await dance(browser);
      if (code !== undefined)
        return expectFailure(page, code, code === 'oauth_id_token_invalid' ? 'id_token' : 'token');
      const [{ tokens, grantedScope }] = app.logins as [(typeof app.logins)[0]];
      const life = { [1e300]: 315_360_000_000 }[token['expires_in'] as number] ?? 300_000;
      const untold = 'expires_in' in token && token['expires_in'] === undefined;
      expect(tokens.expiresAt).toBe(untold ? undefined : app.api.clock.now() + life);
      expect(grantedScope).toEqual(token['scope'] === undefined ? ['openid', 'email', 'profile'] : ['email', 'openid']);
    });
  });

  // RFC 6749 A.12, A.17
  it.each(
    ['access_token', 'refresh_token'].flatMap((name) =>
      ['canary\nof the provider', 'canary of the provider\n', 'canary\u007f', 'canary é', 'canary \ud83d\ude00'].map(
        (text) => [name, text] as const,
      ),
    ),
  )('O63 takes no %s that fits in no header, and tells nothing of it: %j', async (name, text) => {
    provider.reset({ claims: { at_hash: undefined }, token: { [name]: text } });
    const page = await dance(browser);
    expectFailure(page, 'oauth_provider_failed', 'token');
    expect(JSON.stringify([page.text, app.events])).not.toContain('canary');
    expect(provider.count('/userinfo')).toBe(0);
  });

  // what would fit in no row of a database
  it.each<[string, Script]>([
    [
      'an access token that is too large',
      { claims: { at_hash: undefined }, token: { access_token: 'x'.repeat(16_000) } },
    ],
    ['an access token that JSON makes larger', { token: { access_token: '"'.repeat(8_000) } }],
    ['a refresh token that is too large', { token: { refresh_token: 'x'.repeat(16_000) } }],
    ['an ID token that is too large', { claims: { groups: 'x'.repeat(12_000) } }],
    ['a scope that is too large', { token: { scope: `openid ${'x'.repeat(8_000)}` } }],
    ['a scope that is too large, of few characters', { token: { scope: `openid ${'é'.repeat(4_000)}` } }],
    ['a scope with NUL', { token: { scope: 'openid \0' } }],
    ['a list of scope values with NUL', { token: { scope: ['openid', 'pro\0file'] } }],
  ])('O22 refuses %s that cannot be kept', async (_what, script) => {
    provider.reset(script);
    expectFailure(await dance(browser), 'oauth_provider_failed', 'token');
    expect(provider.count('/userinfo')).toBe(0);
  });

  describe('in its ID token', () => {
    const seconds = () => Math.floor(Date.now() / 1000);
    const withKey = (key: string) => (_good: string, claims: object) => {
      const input = `${encoded({ alg: 'HS256', kid: 'one' })}.${encoded(claims)}`;
      return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
    };
    const cases: [string, () => Script][] = [
      [
        'a signature that was changed',
        () => ({ idToken: (good) => good.slice(0, -6) + (good.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA') }),
      ],
      [
        'a payload that was changed',
        () => ({
          idToken: (good, claims) =>
            good
              .split('.')
              .with(1, encoded({ ...claims, sub: 'alice' }))
              .join('.'),
        }),
      ],
      ['no signature', () => ({ idToken: (good) => `${good.split('.').slice(0, 2).join('.')}.` })],
      ['alg none', () => ({ idToken: (_good, claims) => `${encoded({ alg: 'none' })}.${encoded(claims)}.` })],
      ['HS256 with the secret of the client', () => ({ idToken: withKey(secret) })],
      [
        'HS256 with the public key',
        () => ({ idToken: withKey(keyPair.publicKey.export({ type: 'spki', format: 'pem' }) as string) }),
      ],
      [
        'alg none, though announced',
        () => ({
          metadata: { id_token_signing_alg_values_supported: ['none', 'RS256'] },
          idToken: (_good, claims) => `${encoded({ alg: 'none' })}.${encoded(claims)}.`,
        }),
      ],
      [
        'HS256, though announced',
        () => ({ metadata: { id_token_signing_alg_values_supported: ['HS256'] }, idToken: withKey(secret) }),
      ],
      ['the wrong audience', () => ({ claims: { aud: 'another' } })],
      ['no audience', () => ({ claims: { aud: undefined } })],
      ['two audiences and no azp', () => ({ claims: { aud: ['app', 'another'] } })],
      ['the azp of another', () => ({ claims: { aud: ['app', 'another'], azp: 'another' } })],
      ['the azp of another beside our audience alone', () => ({ claims: { azp: 'another' } })],
      ['a number for azp', () => ({ claims: { azp: 5 } })],
      ['another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
      ['no issuer', () => ({ claims: { iss: undefined } })],
      ['no subject', () => ({ claims: { sub: undefined } })],
      ['an empty subject', () => ({ claims: { sub: '' } })],
      ['a subject that is too long', () => ({ claims: { sub: 'x'.repeat(256) } })],
      ['half a letter in the subject', () => ({ claims: { sub: 'bob\ud800' } })],
      ['a NUL in the subject', () => ({ claims: { sub: 'bob\0' } })],
      ['a number for a subject', () => ({ claims: { sub: 5 } })],
      ['an exp that has passed', () => ({ claims: { exp: seconds() - 120 } })],
      ['no exp', () => ({ claims: { exp: undefined } })],
      ['no iat', () => ({ claims: { iat: undefined } })],
      ['an iat to come', () => ({ claims: { iat: seconds() + 300 } })],
      ['an nbf to come', () => ({ claims: { nbf: seconds() + 300 } })],
      ['another nonce', () => ({ claims: { nonce: 'another' } })],
      ['no nonce', () => ({ claims: { nonce: undefined } })],
      ['the at_hash of another access token', () => ({ claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } })],
      ['a number for at_hash', () => ({ claims: { at_hash: 5 } })],
      ['an unknown kid', () => ({ header: { kid: 'two' } })],
      ['crit', () => ({ header: { crit: ['x'], x: 1 } })],
      ['no JWT', () => ({ idToken: () => 'not a token' })],
      ['five parts', () => ({ idToken: (good) => `${good}.a.b` })],
    ];

    it.each(cases)('O26 OC-06 refuses %s', async (_what, script) => {
      provider.reset(script());
      expectFailure(await dance(browser), 'oauth_id_token_invalid', 'id_token');
      expect(provider.count('/userinfo')).toBe(0);
    });

    it('O26 OC-06 refuses a signature of another key', async () => {
      provider.reset({
        idToken: (_good, claims) => signedJwt({ alg: 'RS256', kid: 'one' }, claims, otherPair.privateKey),
      });
      expectFailure(await dance(browser), 'oauth_id_token_invalid', 'id_token');
    });

    it('O26 asks for the keys once, and not again for each unknown kid', async () => {
      provider.reset({ header: { kid: 'two' } });
      for (let index = 0; index < 3; index++) await dance(app.browser());
      expect(provider.count('/jwks')).toBe(1);
      expect(app.logins).toEqual([]);
    });

    it.each<[string, () => Script]>([
      ['two audiences with our azp', () => ({ claims: { aud: ['app', 'another'], azp: 'app' } })],
      ['an exp that passed within the tolerance', () => ({ claims: { exp: seconds() - 50 } })],
      ['no at_hash', () => ({ claims: { at_hash: undefined } })],
      ['no kid where there is one key', () => ({ header: { kid: undefined } })],
    ])('takes %s', async (_what, script) => {
      provider.reset(script());
      expect((await dance(browser)).headers.location).toBe('/home');
    });

    it('O26 refuses keys that cannot be had', async () => {
      provider.reset({ at: { '/jwks': answering(500, {}) } });
      expectFailure(await dance(browser), 'oauth_provider_unavailable', 'id_token');
    });
  });

  describe('at its userinfo endpoint', () => {
    it.each<[string, Script, AuthErrorCode]>([
      ['another subject', { userinfo: { sub: 'alice' } }, 'oauth_provider_failed'],
      ['no subject', { userinfo: { sub: undefined } }, 'oauth_provider_failed'],
      ['401', { at: { '/userinfo': answering(401, {}, { 'www-authenticate': 'Bearer' }) } }, 'oauth_provider_failed'],
      ['500', { at: { '/userinfo': answering(500, {}) } }, 'oauth_provider_unavailable'],
      ['503 with HTML', { at: { '/userinfo': answering(503, '<html>') } }, 'oauth_provider_unavailable'],
      ['429 with HTML', { at: { '/userinfo': answering(429, '<html>') } }, 'oauth_provider_unavailable'],
      ['HTML', { at: { '/userinfo': answering(200, '<html>') } }, 'oauth_provider_failed'],
      ['much in each other', { userinfo: { nested: nested(65) } }, 'oauth_provider_failed'],
      [
        '100,000 lists in each other',
        { at: { '/userinfo': answering(200, lists('sub', 'bob'), json) } },
        'oauth_provider_failed',
      ],
      [
        'a JWT',
        { at: { '/userinfo': answering(200, 'a.b.c', { 'content-type': 'application/jwt' }) } },
        'oauth_provider_failed',
      ],
    ])('O26 OC-07 refuses %s', async (_what, script, code) => {
      provider.reset(script);
      expectFailure(await dance(browser), code, 'userinfo');
    });

    it.each<[string, object, object, object]>([
      ['both', { email: 'a@x', email_verified: true }, { email: 'b@x' }, { email: 'a@x', emailVerified: true }],
      [
        'a proof of another address',
        { email: 'a@x' },
        { email: 'b@x', email_verified: true },
        { email: 'a@x', emailVerified: false },
      ],
      ['a text for a proof', {}, { email: 'b@x', email_verified: 'true' }, { email: 'b@x', emailVerified: false }],
      ['none', {}, { email: undefined }, { email: undefined, emailVerified: false }],
    ])('AL-01 takes an address and its proof from one place: %s', async (_what, claims, userinfo, expected) => {
      provider.reset({ claims: { ...claims }, userinfo: { email_verified: undefined, ...userinfo } });
      await dance(browser);
      expect(app.logins[0]!.identity).toMatchObject(expected);
    });

    it.each([
      ['https://img.example/bob.png', 'https://img.example/bob.png'],
      ['javascript:alert(1)', undefined],
      ['data:text/html,x', undefined],
      ['//img.example/bob.png', undefined],
    ])('OC-09 hands on a picture that is a URL of the web: %s', async (picture, expected) => {
      provider.reset({ userinfo: { picture } });
      await dance(browser);
      expect(app.logins[0]!.identity.picture).toBe(expected);
    });

    it('takes a member that every object has for nothing special', async () => {
      provider.reset({ at: { '/userinfo': answering(200, JSON.parse('{"sub":"bob","__proto__":{"admin":true}}')) } });
      await dance(browser);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
      expect((app.logins[0]!.identity.claims as { admin?: boolean }).admin).toBeUndefined();
    });

    it('does without one', async () => {
      provider.reset({ metadata: { userinfo_endpoint: undefined } });
      await dance(browser);
      expect(app.logins[0]!.identity).toMatchObject({ subject: 'bob', email: undefined, emailVerified: false });
    });
  });

  describe('in its discovery document', () => {
    it.each<[string, () => Script, AuthErrorCode]>([
      ['another issuer', () => ({ metadata: { issuer: 'https://evil.example' } }), 'oauth_provider_failed'],
      ['no issuer', () => ({ metadata: { issuer: undefined } }), 'oauth_provider_failed'],
      ['no token endpoint', () => ({ metadata: { token_endpoint: undefined } }), 'oauth_provider_failed'],
      [
        'a token endpoint over plain http',
        () => ({ metadata: { token_endpoint: 'http://10.0.0.1/' } }),
        'oauth_provider_failed',
      ],
      ['keys over plain http', () => ({ metadata: { jwks_uri: 'http://169.254.169.254/' } }), 'oauth_provider_failed'],
      [
        'a script to go to',
        () => ({ metadata: { authorization_endpoint: 'javascript:alert(1)' } }),
        'oauth_provider_failed',
      ],
      [
        'a file to go to',
        () => ({ metadata: { authorization_endpoint: 'file:///etc/passwd' } }),
        'oauth_provider_failed',
      ],
      ['HTML', () => ({ at: { [discovery]: answering(200, '<html>') } }), 'oauth_provider_failed'],
      ['404', () => ({ at: { [discovery]: answering(404, {}) } }), 'oauth_provider_failed'],
      ['500', () => ({ at: { [discovery]: answering(500, {}) } }), 'oauth_provider_unavailable'],
      [
        'a redirect',
        () => ({ at: { [discovery]: answering(302, '', { location: other.issuer + discovery }) } }),
        'oauth_provider_failed',
      ],
      ['silence', () => ({ at: { [discovery]: () => {} } }), 'oauth_provider_timeout'],
    ])('O59 OC-05 OC-13 refuses %s', async (_what, script, code) => {
      provider.reset(script());
      expectFailure(await browser.visit(at('/login/corp')), code, 'discovery');
      expect(other.seen).toEqual([]);
    });

    it('O59 is read once, for all who come at once', async () => {
      await Promise.all(Array.from({ length: 5 }, () => app.browser().visit(at('/login/corp'))));
      expect(provider.count(discovery)).toBe(1);
      app.api.clock.advance(3_601);
      await browser.visit(at('/login/corp'));
      expect(provider.count(discovery)).toBe(2);
    });

    it('O59 goes on with what it knew while the provider cannot be asked, and not with what is wrong', async () => {
      await browser.visit(at('/login/corp'));
      app.api.clock.advance(3_601);
      provider.reset({ at: { [discovery]: answering(503, {}) } });
      expect((await browser.visit(at('/login/corp'))).status).toBe(302);
      provider.reset({ metadata: { issuer: 'https://evil.example' } });
      expectRefusal((await browser.visit(at('/login/corp'))) as never, 'oauth_provider_failed');
    });

    it('O59 comes back by itself', async () => {
      provider.reset({ at: { [discovery]: answering(503, {}) } });
      expect((await browser.visit(at('/login/corp'))).status).toBe(503);
      provider.reset();
      expect((await dance(browser)).status).toBe(302);
    });

    it('O60 asks for a pushed request', async () => {
      const pushed = {
        pushed_authorization_request_endpoint: `${provider.issuer}/par`,
        require_pushed_authorization_requests: true,
      };
      const par = answering(201, { request_uri: 'urn:x', expires_in: 60 });
      provider.reset({ metadata: pushed, at: { '/par': par } });
      const query = Object.fromEntries(nextOf(await browser.visit(at('/login/corp')))!.searchParams);
      expect(query).toEqual({ client_id: 'app', request_uri: 'urn:x' });
      const { body, headers } = provider.seen.find(({ path }) => path === '/par')!;
      expect(body.get('code_challenge_method')).toBe('S256');
      expect(headers.authorization).toMatch(/^Basic /);
    });

    it.each<[string, Script['at'], AuthErrorCode]>([
      ['has no place for it', {}, 'oauth_provider_failed'],
      ['refuses it', { '/par': answering(400, { error: 'invalid_request' }) }, 'oauth_provider_failed'],
      ['is down', { '/par': answering(503, {}) }, 'oauth_provider_unavailable'],
    ])('O60 sends no request otherwise where the provider %s', async (_what, handlers, code) => {
      const place = Object.keys(handlers!).length > 0 && {
        pushed_authorization_request_endpoint: `${provider.issuer}/par`,
      };
      provider.reset({ metadata: { require_pushed_authorization_requests: true, ...place }, at: handlers! });
      expectFailure(await browser.visit(at('/login/corp')), code, 'authorization');
    });
  });

  it('OC-12 FT-01 spends no code while the store cannot say whether it was spent', async () => {
    jest.spyOn(app.api.app.get(OAuthFlowStore), 'consume').mockRejectedValue(new Error('no database'));
    const answer = nextOf(await answerOf(browser))!;
    const page = await browser.visit(answer);
    expectRefusal(page as never, 'store_unavailable');
    expect(page.headers['retry-after']).toBe('1');
    expect(provider.count('/token')).toBe(0);
    jest.restoreAllMocks();
    expect((await browser.visit(answer)).headers.location).toBe('/home');
  });

  describe('where a log-in ends', () => {
    it.each([
      ['/a?b=c#d', '/a?b=c#d'],
      ['https://spa.example.com/app', 'https://spa.example.com/app'],
      ['//evil.example', '/home'],
      ['https://evil.example', '/home'],
      [undefined, '/home'],
    ])('O14 OC-08 %s becomes %s', async (asked, expected) => {
      const query = asked === undefined ? '' : `?return_to=${encodeURIComponent(asked)}`;
      expect((await dance(browser, `/login/corp${query}`)).headers.location).toBe(expected);
    });

    it('O14 OC-08 takes none of two', async () => {
      expect((await dance(browser, '/login/corp?return_to=/a&return_to=/b')).headers.location).toBe('/home');
    });
  });

  it('O63 logs and tells no code, state, verifier, token or secret', async () => {
    const lines: string[] = [];
    const log = (...parts: unknown[]) => void lines.push(...parts.map((part) => String(part)));
    Logger.overrideLogger({ log, error: log, warn: log, debug: log, verbose: log, fatal: log });
    const scripts: Script[] = [
      {},
      { at: { '/token': answering(500, 'the secret answer') } },
      { claims: { nonce: 'wrong nonce' } },
      { token: { token_type: 'mac' } },
      { userinfo: { sub: 'somebody else' } },
      { answer: { code: undefined, error: 'access_denied' } },
    ];
    const secrets = ['the code', secret, encodeURIComponent(secret), 'wrong nonce', 'secret answer', 'somebody else'];
    try {
      for (const script of scripts) {
        provider.reset(script);
        const visitor = app.browser();
        const page = await dance(visitor);
        lines.push(page.text, page.headers.location ?? '');
        for (const { body, headers } of provider.seen)
          secrets.push(
            ...['code_verifier', 'code'].flatMap((name) => body.getAll(name)),
            headers.authorization ?? 'the code',
          );
      }
    } finally {
      Logger.overrideLogger(false);
    }
    const told = lines.join('\n') + JSON.stringify(app.events);
    expect(lines.length).toBeGreaterThan(scripts.length);
    expect(secrets.filter((text) => told.includes(text))).toEqual([]);
    for (const { tokens } of app.logins) expect(told).not.toContain(tokens.accessToken);
  });
});

const discovery = '/.well-known/openid-configuration';

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

/** More in each other than a function can call itself. */
function lists(name: string, value: string): string {
  return `{"${name}":"${value}","more":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
}

function cutBody(_request: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"access_token":');
  setTimeout(() => response.destroy(), 20);
}
