import { Body, Controller, Get, Header, Inject, Module, Post, Res } from '@nestjs/common';
import {
  AuthConfigError,
  AuthModule,
  AuthService,
  CurrentToken,
  RequireToken,
  Token,
  type AuthModuleOptions,
} from 'nest-latchkey';
import { AccountController } from './account.controller.js';
import { Browser, cookieLines, cookieOf, setCookiesOf, type SetCookie } from './browser.js';
import {
  Api,
  adapters,
  bearer,
  bootFailure,
  decoded,
  describeOnBoth,
  describeToken,
  expectRefusal,
  issuer,
  secret,
  type Answer,
} from './fixture.js';

const access = '__Host-access_token';
const refresh = '__Secure-refresh_token';
const csrfAccess = '__Host-csrf_access_token';
const csrfRefresh = '__Host-csrf_refresh_token';
const all = [access, csrfAccess, refresh, csrfRefresh];

@Controller()
class LargeController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Post('large')
  async large(@Body() sizes: Record<string, number>, @Res({ passthrough: true }) response: object) {
    const big = (kind: string) => ({ claims: { big: 'x'.repeat(sizes[kind] ?? 0) } });
    const accessToken = await this.auth.issueAccessToken('alice', big('access'));
    const refreshToken = await this.auth.issueRefreshToken('alice', big('refresh'));
    this.auth.setCookies(response, { access_token: accessToken, refresh_token: refreshToken });
    return {};
  }
}

const controllers = [AccountController, LargeController];

function namesOf(answer: Answer): string[] {
  return setCookiesOf(answer).map(({ name }) => name);
}

function attributesOf(answer: Answer): Record<string, SetCookie['attributes']> {
  return Object.fromEntries(setCookiesOf(answer).map(({ name, attributes }) => [name, attributes]));
}

describeOnBoth('cookies as by default', { options: { cookies: {} }, controllers }, (api) => {
  let browser: Browser;
  beforeEach(() => {
    browser = new Browser(api);
  });

  it('J70 CC-08 are two for each token: Secure, Lax, the token out of reach of scripts, refresh below /auth only', async () => {
    const answer = await browser.send('POST', '/login');
    expect(answer.status).toBe(200);
    expect(attributesOf(answer)).toEqual({
      [access]: { path: '/', httponly: true, secure: true, samesite: 'Lax' },
      [csrfAccess]: { path: '/', secure: true, samesite: 'Lax' },
      [refresh]: { path: '/auth', httponly: true, secure: true, samesite: 'Lax' },
      [csrfRefresh]: { path: '/', secure: true, samesite: 'Lax' },
    });
    expect(namesOf(answer)).toEqual(all);
    expect(browser.names).toEqual(all.toSorted());
  });

  it('J70 hold the tokens of the body, and the anti-CSRF value of each', async () => {
    const answer = await browser.send('POST', '/login');
    const values = Object.fromEntries(setCookiesOf(answer).map(({ name, value }) => [name, value]));
    expect(values[access]).toBe(answer.body['access_token']);
    expect(values[refresh]).toBe(answer.body['refresh_token']);
    expect(values[csrfAccess]).toBe(decoded(values[access]!)['csrf']);
    expect(values[csrfRefresh]).toBe(decoded(values[refresh]!)['csrf']);
    expect(await api.auth.csrfTokenOf(values[access]!)).toBe(values[csrfAccess]);
    // 128 bits at least, and no two alike
    expect(Buffer.from(values[csrfAccess]!, 'base64url').length).toBeGreaterThanOrEqual(16);
    expect(values[csrfAccess]).not.toBe(values[csrfRefresh]);
  });

  it('TR-08 keep the answer out of caches, set and cleared', async () => {
    expect((await browser.send('POST', '/login')).headers['cache-control']).toBe('no-store');
    expect((await browser.send('POST', '/clear')).headers['cache-control']).toBe('no-store');
  });

  it('CC-08 send the refresh token to its own path only', async () => {
    await browser.send('POST', '/login');
    expect((await browser.send('GET', '/page')).status).toBe(200);
    const refreshed = await browser.sendWithCsrf('POST', '/auth/refresh', csrfRefresh);
    expect(refreshed.status).toBe(200);
    expect(namesOf(refreshed)).toEqual(all);
    expect((await browser.send('GET', '/page')).body['raw']).toBe(refreshed.body['access_token']);
  });

  it.each([
    ['access', [access, csrfAccess]],
    ['refresh', [refresh, csrfRefresh]],
    ['all', all],
  ])('J72 CC-09 are cleared as they were set: %s', async (which, gone) => {
    await browser.send('POST', '/login');
    const answer = await browser.send('POST', '/clear', { body: { which } });
    expect(namesOf(answer)).toEqual(gone);
    for (const { value, attributes } of setCookiesOf(answer)) {
      expect(value).toBe('');
      expect(attributes).toMatchObject({ 'max-age': '0', expires: 'Thu, 01 Jan 1970 00:00:00 GMT' });
    }
    expect(browser.names).toEqual(all.filter((name) => !gone.includes(name)).toSorted());
  });

  it('CC-13 are left alone by a refresh that is refused', async () => {
    await browser.send('POST', '/login');
    const refreshCookie = browser.read(refresh)!;
    const winner = await browser.sendWithCsrf('POST', '/auth/refresh', csrfRefresh);
    api.clock.advance(11);
    const loser = {
      headers: [
        ...cookieLines({ [refresh]: refreshCookie }),
        ['X-CSRF-TOKEN', decoded(refreshCookie)['csrf']],
      ] as const,
    };
    for (const code of ['token_reused', 'token_revoked'] as const) {
      const answer = await api.send('POST', '/auth/refresh', loser);
      expectRefusal(answer, code);
      expect(setCookiesOf(answer)).toEqual([]);
    }
    expectRefusal(await browser.send('GET', '/page'), 'token_revoked');
    expect(browser.read(access)).toBe(winner.body['access_token']);
  });

  it('J72 are gone after a log-out, and the tokens are dead', async () => {
    const { body } = await browser.send('POST', '/login');
    expect((await browser.sendWithCsrf('POST', '/logout', csrfAccess)).status).toBe(200);
    expect(browser.names).toEqual([]);
    expectRefusal(await browser.send('GET', '/page'), 'token_missing');
    expectRefusal(await api.get('/protected', body['access_token']), 'token_revoked');
    expectRefusal(await api.get('/refresh-only', body['refresh_token']), 'token_revoked');
  });

  it('J72 are cleared by a log-out with an expired token, whose session ends too', async () => {
    const { body } = await browser.send('POST', '/login');
    api.clock.advance(3_600);
    expectRefusal(await browser.send('GET', '/page'), 'token_expired');
    expect((await browser.sendWithCsrf('POST', '/logout', csrfAccess)).status).toBe(200);
    expect(browser.names).toEqual([]);
    expectRefusal(await api.get('/refresh-only', body['refresh_token']), 'token_revoked');
  });

  it('CC-09 are cleared without a log-in too', async () => {
    expect(namesOf(await browser.send('POST', '/clear'))).toEqual(all);
  });

  it('J71 live no longer than the token where the call says so', async () => {
    const answer = await browser.send('POST', '/login', { body: { attributes: { maxAge: 60 } } });
    expect(setCookiesOf(answer).map(({ attributes }) => attributes['max-age'])).toEqual(['60', '60', '60', '60']);
    const longer = await browser.send('POST', '/login', { body: { attributes: { maxAge: 3_600 } } });
    expect(setCookiesOf(longer).map(({ attributes }) => attributes['max-age'])).toEqual(['900', '900', '3600', '3600']);
  });

  it('J71 end at once with a maxAge of 0', async () => {
    await browser.send('POST', '/login');
    const answer = await browser.send('POST', '/login', { body: { attributes: { maxAge: 0 } } });
    expect(setCookiesOf(answer).map(({ attributes }) => attributes['max-age'])).toEqual(['0', '0', '0', '0']);
    expect(browser.names).toEqual([]);
  });

  it.each([-1, 1.5, '60', null])('J71 are not set with a maxAge of %j', async (maxAge) => {
    const answer = await api.send('POST', '/login', { body: { attributes: { maxAge } }, mayFail: true });
    expectRefusal(answer, 'invalid_argument');
    expect(setCookiesOf(answer)).toEqual([]);
  });

  it('J71 are not given a domain that their prefix forbids: a browser would drop them without a word', async () => {
    const body = { attributes: { domain: 'example.com' } };
    const answer = await api.send('POST', '/login', { body, mayFail: true });
    expectRefusal(answer, 'invalid_argument');
    expect(setCookiesOf(answer)).toEqual([]);
  });

  it.each([
    ['both tokens are', { access: 3_000, refresh: 3_000 }],
    ['the access token is', { access: 3_000 }],
    ['the refresh token alone is', { refresh: 3_000 }],
  ])('CC-11 are not set at all when %s larger than a browser keeps', async (_name, body) => {
    const answer = await api.send('POST', '/large', { body, mayFail: true });
    expectRefusal(answer, 'invalid_argument');
    expect(setCookiesOf(answer)).toEqual([]);
    expect(answer.text).not.toContain('xxxx');
  });

  it('CC-11 are set up to 4,096 bytes, attributes and all', async () => {
    const answer = await browser.send('POST', '/login', { body: { issue: { claims: { big: 'x'.repeat(1_500) } } } });
    expect(answer.status).toBe(200);
    for (const line of answer.headers['set-cookie'] ?? []) expect(line.length).toBeLessThanOrEqual(4_096);
    expect((await browser.send('GET', '/page')).body['claims']['big']).toHaveLength(1_500);
  });
});

/** Each row: what is configured, and the Set-Cookie attributes of the access and the refresh cookie. */
const configured: [
  name: string,
  options: Partial<AuthModuleOptions>,
  expected: Record<string, SetCookie['attributes']>,
][] = [
  [
    'a domain, which gives up __Host-',
    { cookies: { domain: 'example.com' } },
    {
      '__Secure-access_token': { path: '/', httponly: true, secure: true, samesite: 'Lax', domain: 'example.com' },
      '__Secure-csrf_access_token': { path: '/', secure: true, samesite: 'Lax', domain: 'example.com' },
      '__Secure-refresh_token': { path: '/auth', httponly: true, secure: true, samesite: 'Lax', domain: 'example.com' },
      '__Secure-csrf_refresh_token': { path: '/', secure: true, samesite: 'Lax', domain: 'example.com' },
    },
  ],
  [
    'SameSite=Strict and Max-Age of the tokens',
    { cookies: { sameSite: 'strict', persistent: true } },
    {
      [access]: { path: '/', httponly: true, secure: true, samesite: 'Strict', 'max-age': '900' },
      [csrfAccess]: { path: '/', secure: true, samesite: 'Strict', 'max-age': '900' },
      [refresh]: { path: '/auth', httponly: true, secure: true, samesite: 'Strict', 'max-age': '2592000' },
      [csrfRefresh]: { path: '/', secure: true, samesite: 'Strict', 'max-age': '2592000' },
    },
  ],
  [
    'names and paths',
    {
      cookies: { sameSite: 'none', access: { name: 'a', path: '/api' }, refresh: { name: 'r', path: '/auth/refresh' } },
      csrf: { access: { cookieName: 'ca', cookiePath: '/api' }, refresh: { cookieName: 'cr', cookiePath: '/auth' } },
    },
    {
      a: { path: '/api', httponly: true, secure: true, samesite: 'None' },
      ca: { path: '/api', secure: true, samesite: 'None' },
      r: { path: '/auth/refresh', httponly: true, secure: true, samesite: 'None' },
      cr: { path: '/auth', secure: true, samesite: 'None' },
    },
  ],
  [
    'a path alone, which gives up __Host-',
    { cookies: { access: { path: '/api' } }, session: { basePath: '/api/auth' } },
    {
      '__Secure-access_token': { path: '/api', httponly: true, secure: true, samesite: 'Lax' },
      [csrfAccess]: { path: '/', secure: true, samesite: 'Lax' },
      [refresh]: { path: '/api/auth', httponly: true, secure: true, samesite: 'Lax' },
      [csrfRefresh]: { path: '/', secure: true, samesite: 'Lax' },
    },
  ],
  [
    'no cookie for scripts',
    { cookies: {}, csrf: { cookie: false } },
    {
      [access]: { path: '/', httponly: true, secure: true, samesite: 'Lax' },
      [refresh]: { path: '/auth', httponly: true, secure: true, samesite: 'Lax' },
    },
  ],
  [
    'no protection against CSRF',
    { cookies: {}, csrf: { enabled: false } },
    {
      [access]: { path: '/', httponly: true, secure: true, samesite: 'Lax' },
      [refresh]: { path: '/auth', httponly: true, secure: true, samesite: 'Lax' },
    },
  ],
  [
    'plain http on loopback, which gives up Secure and prefixes',
    { publicUrl: 'http://127.0.0.1:3000', cookies: {} },
    {
      access_token: { path: '/', httponly: true, samesite: 'Lax' },
      csrf_access_token: { path: '/', samesite: 'Lax' },
      refresh_token: { path: '/auth', httponly: true, samesite: 'Lax' },
      csrf_refresh_token: { path: '/', samesite: 'Lax' },
    },
  ],
];

describe.each(configured)('cookies with %s', (_name, options, expected) => {
  describeOnBoth('', { options, controllers }, (api) => {
    let browser: Browser;
    beforeEach(() => {
      browser = new Browser(api, new URL(options.publicUrl ?? issuer));
    });

    it('J70 J71 have these names and attributes, and a browser takes them', async () => {
      expect(attributesOf(await browser.send('POST', '/login'))).toEqual(expected);
      expect(browser.names).toEqual(Object.keys(expected).toSorted());
    });

    it('J72 CC-09 are cleared with the same ones', async () => {
      await browser.send('POST', '/login');
      const cleared = attributesOf(await browser.send('POST', '/clear'));
      for (const [name, attributes] of Object.entries(expected)) {
        const gone = { 'max-age': '0', expires: 'Thu, 01 Jan 1970 00:00:00 GMT' };
        expect([name, cleared[name]]).toEqual([name, { ...attributes, ...gone }]);
      }
      expect(browser.names).toEqual([]);
    });
  });
});

describeOnBoth('cookies with a domain', { options: { cookies: { domain: 'example.com' } }, controllers }, (api) => {
  it('J71 CC-09 take another one for a call, and are cleared by a call that says the same', async () => {
    const browser = new Browser(api);
    const domain = 'api.example.com';
    const set = await browser.send('POST', '/login', { body: { attributes: { domain } } });
    expect(setCookiesOf(set).map(({ attributes }) => attributes['domain'])).toEqual([domain, domain, domain, domain]);
    await browser.send('POST', '/clear');
    expect(browser.names).toHaveLength(4);
    const cleared = await browser.send('POST', '/clear', { body: { domain } });
    expect(setCookiesOf(cleared).map(({ attributes }) => attributes['domain'])).toEqual([
      domain,
      domain,
      domain,
      domain,
    ]);
    expect(browser.names).toEqual([]);
  });
});

describeOnBoth('an application without cookies', {}, (api) => {
  it('J70 issues tokens without an anti-CSRF value', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await api.auth.issueTokens('alice');
    for (const token of [accessToken, refreshToken!]) {
      expect(decoded(token)).not.toHaveProperty('csrf');
      expect(await api.auth.csrfTokenOf(token)).toBeUndefined();
    }
  });
});

@Controller()
class SlidingController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @RequireToken({ locations: ['cookie', 'header'] })
  @Get('slide')
  slide(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ locations: ['cookie'], scope: 'admin' })
  @Get('slide-refused')
  refused() {
    return {};
  }

  @RequireToken({ locations: ['cookie'], type: 'refresh' })
  @Get('auth/slide')
  byRefreshToken() {
    return {};
  }

  @RequireToken({ locations: ['cookie'] })
  @Header('X-Handler', 'yes')
  @Post('slide-logout')
  logout(@Res({ passthrough: true }) response: object) {
    this.auth.clearCookies(response);
    return {};
  }
}

const sliding = { within: '10m', absolute: '1h' } as const;

describeOnBoth(
  'an access cookie that slides',
  { options: { cookies: { slidingRefresh: sliding } }, controllers: [AccountController, SlidingController] },
  (api) => {
    let browser: Browser;
    const issue = { fresh: true, scope: { admin: false }, claims: { plan: 'pro' } };
    const logIn = () => browser.send('POST', '/login', { body: { issue } });
    beforeEach(() => {
      browser = new Browser(api);
    });

    it('J80 stays as it is while much of its life is left', async () => {
      await logIn();
      api.clock.advance(299);
      expect(setCookiesOf(await browser.send('GET', '/slide'))).toEqual([]);
      api.clock.advance(1);
      expect(namesOf(await browser.send('GET', '/slide'))).toEqual([access, csrfAccess]);
    });

    it('J80 comes anew with the same claims, authentication, family and anti-CSRF value, and new times', async () => {
      const before = decoded((await logIn()).body['access_token']);
      api.clock.advance(600);
      const answer = await browser.send('GET', '/slide');
      expect(answer.headers['cache-control']).toBe('no-store');
      // the handler is given the token that came
      expect(answer.body['jti']).toBe(before['jti']);

      const token = cookieOf(answer, access).value;
      const { jti, iat, nbf, exp, ...same } = decoded(token);
      expect(same).toEqual({
        ...{ iss: issuer, aud: issuer, sub: 'alice', type: 'access', plan: 'pro', scope: { admin: false } },
        ...{ sid: before['sid'], csrf: before['csrf'], auth_time: before['auth_time'], orig_iat: before['iat'] },
      });
      expect([iat, nbf, exp]).toEqual([before['iat'] + 600, before['iat'] + 600, before['exp'] + 600]);
      expect(jti).not.toBe(before['jti']);
      expect(cookieOf(answer, csrfAccess).value).toBe(before['csrf']);
      expect((await browser.send('GET', '/slide')).body['jti']).toBe(jti);
    });

    it('J80 does not carry on a freshness that has no end', async () => {
      await logIn();
      api.clock.advance(600);
      const { value } = cookieOf(await browser.send('GET', '/slide'), access);
      expectRefusal(await api.get('/fresh', value), 'fresh_required');
    });

    it('J80 ends at the absolute lifetime after the log-in, however active the user is', async () => {
      const start = decoded((await logIn()).body['access_token'])['auth_time'] as number;
      for (let minute = 10; minute < 60; minute += 10) {
        api.clock.advance(600);
        const answer = await browser.send('GET', '/slide');
        expect([minute, answer.status]).toEqual([minute, 200]);
        const token = browser.read(access)!;
        expect(decoded(token)['exp']).toBeLessThanOrEqual(start + 3_600);
      }
      api.clock.advance(606);
      expectRefusal(await browser.send('GET', '/slide'), 'token_expired');
    });

    it.each<[name: string, path: string, wait: number]>([
      ['refused', '/slide-refused', 600],
      ['made with a refresh token', '/auth/slide', 600],
      ['too late', '/slide', 3_600],
    ])('J80 does not come anew when the request is %s', async (_name, path, wait) => {
      await logIn();
      api.clock.advance(wait);
      expect(setCookiesOf(await browser.send('GET', path))).toEqual([]);
    });

    it('J80 does not come anew for a token in the header', async () => {
      const { body } = await logIn();
      api.clock.advance(600);
      const answer = await api.get('/slide', body['access_token']);
      expect([answer.status, setCookiesOf(answer)]).toEqual([200, []]);
    });

    it('J80 does not come back after a log-out in the same answer', async () => {
      await logIn();
      api.clock.advance(600);
      const answer = await browser.sendWithCsrf('POST', '/slide-logout', csrfAccess);
      expect([answer.status, answer.headers['x-handler']]).toEqual([201, 'yes']);
      expect(namesOf(answer).toSorted()).toEqual(all.toSorted());
      expect(browser.names).toEqual([]);
    });

    it('J80 dies with its family', async () => {
      await logIn();
      api.clock.advance(600);
      const slid = cookieOf(await browser.send('GET', '/slide'), access).value;
      expect((await browser.sendWithCsrf('POST', '/logout', csrfAccess)).status).toBe(200);
      expectRefusal(await api.get('/protected', slid), 'token_revoked');
    });

    it('J80 is not set for a token that does not say when the user authenticated', async () => {
      expectRefusal(await api.send('POST', '/login', { mayFail: true }), 'invalid_argument');
    });

    it('J80 is left alone where the token does not say when the user authenticated', async () => {
      const token = api.token({ exp: api.clock.seconds + 60 });
      const answer = await api.send('GET', '/slide', { headers: cookieLines({ [access]: token }) });
      expect([answer.status, setCookiesOf(answer)]).toEqual([200, []]);
    });
  },
);

/** A hook that waits lets a log-out everywhere run between the guard's check and the new cookie. */
let meanwhile: (() => Promise<void>) | undefined;

describeOnBoth(
  'an access cookie that slides while its user is logged out everywhere',
  {
    options: {
      cookies: { slidingRefresh: sliding },
      hooks: {
        async loadUser({ sub }) {
          await meanwhile?.();
          return { sub };
        },
      },
    },
    controllers: [AccountController, SlidingController],
  },
  (api) => {
    afterEach(() => {
      meanwhile = undefined;
    });

    it('RR-07 RV-09 gives nothing that outlives the log-out', async () => {
      const browser = new Browser(api);
      await browser.send('POST', '/login', { body: { issue: { fresh: true } } });
      api.clock.advance(600);
      meanwhile = () => api.auth.revokeAll('alice');
      const answer = await browser.send('GET', '/slide');
      meanwhile = undefined;
      for (const { name, value } of setCookiesOf(answer)) {
        if (name === access) expectRefusal(await api.get('/protected', value), 'token_revoked');
      }
      expectRefusal(await browser.send('GET', '/slide'), 'token_revoked');
    });
  },
);

describe('cookies that could not be safe', () => {
  it.each<[option: string, options: Partial<AuthModuleOptions>]>([
    ['publicUrl', { publicUrl: 'http://api.example.com', cookies: {} }],
    ['publicUrl', { jwt: { issuer: 'latchkey', secret }, cookies: {} }],
    ['cookies.sameSite', { publicUrl: 'http://localhost:3000', cookies: { sameSite: 'none' } }],
    ['cookies.sameSite', { cookies: { sameSite: 'Lax' as 'lax' } }],
    ['cookies.access.name', { publicUrl: 'http://localhost:3000', cookies: { access: { name: '__Host-a' } } }],
    ['cookies.access.name', { cookies: { domain: 'example.com', access: { name: '__Host-a' } } }],
    ['cookies.access.path', { cookies: { access: { name: '__Host-a', path: '/api' } } }],
    ['cookies.refresh.path', { cookies: { refresh: { name: '__Host-r' } } }],
    ['cookies.access.name', { cookies: { access: { name: 'a b' } } }],
    ['cookies.access.name', { cookies: { access: { name: 'a=b' } } }],
    ['cookies.access.path', { cookies: { access: { path: '/; Domain=evil.example' } } }],
    ['cookies.domain', { cookies: { domain: 'example.com; Secure' } }],
    ['cookies', { cookies: { access: { name: 'same' }, refresh: { name: 'same' } } }],
    ['cookies.secure', { cookies: { secure: false } as object }],
    ['cookies.slidingRefresh.within', { cookies: { slidingRefresh: { within: 0, absolute: '1h' } } }],
    ['cookies.slidingRefresh.absolute', { cookies: { slidingRefresh: { within: '5m' } as never } }],
    ['csrf.methods', { cookies: {}, csrf: { methods: ['post'] } }],
    ['csrf.trustedOrigins', { cookies: {}, csrf: { trustedOrigins: ['https://app.example.com/'] } }],
    ['csrf.trustedOrigins', { cookies: {}, csrf: { trustedOrigins: ['*'] } }],
    ['csrf.trustedOrigins', { cookies: {}, csrf: { trustedOrigins: ['null'] } }],
  ])('J71 CC-08 stop the boot at %s: %j', async (option, options) => {
    @Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret }, ...options })], controllers })
    class BadModule {}
    const error = await bootFailure(BadModule);
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).option).toBe(option);
  });
});

describe.each(adapters)('cookies below a prefix (%s)', (adapter) => {
  const api = new Api(adapter, { options: { cookies: {} }, controllers });
  beforeAll(() => api.start((app) => app.setGlobalPrefix('api')));
  afterAll(() => api.stop());

  it('CC-08 send the refresh token to where the refresh route is', async () => {
    const answer = await api.send('POST', '/api/login');
    expect(attributesOf(answer)[refresh]).toMatchObject({ path: '/api/auth' });
    expect(attributesOf(answer)[access]).toMatchObject({ path: '/' });
  });
});

describe('one application with cookies', () => {
  const api = new Api('express', { options: { cookies: {} }, controllers });
  beforeAll(() => api.start());
  afterAll(() => api.stop());

  it('J70 does not mind cookies beside a header token', async () => {
    const { body } = await api.send('POST', '/login');
    const headers = [...bearer(body['access_token']), ...cookieLines({ [access]: 'a.b.c' })];
    expect((await api.send('GET', '/protected', { headers })).status).toBe(200);
  });
});
