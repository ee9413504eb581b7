import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { AuthConfigError, AuthModule, CurrentToken, RequireToken, Token, type TokenLocation } from 'nest-latchkey';
import { cookieLines } from './browser.js';
import {
  bearer,
  bootFailure,
  describeOnBoth,
  describeToken,
  expectRefusal,
  issuer,
  secret,
  type Answer,
  type Api,
  type HeaderLines,
  type Request,
} from './fixture.js';

@Controller()
class LocationController {
  @RequireToken({ locations: ['header'] })
  @Get('by-header')
  byHeader(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ locations: ['query'] })
  @Get('by-query')
  byQuery(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ type: 'refresh' })
  @Post('refresh')
  refresh(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ cookie: 'third_party' })
  @Get('third-party')
  thirdParty(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ optional: true })
  @Post('echo')
  echo(@CurrentToken() token: Token | null, @Body() body: unknown) {
    return { ...describeToken(token), body };
  }
}

const accessCookie = '__Host-access_token';
const refreshCookie = '__Secure-refresh_token';
const everywhere: TokenLocation[] = ['header', 'cookie', 'query', 'body'];
const json: HeaderLines = [['Content-Type', 'application/json']];
const form: HeaderLines = [['Content-Type', 'application/x-www-form-urlencoded']];

/** How to send a token in each place, to a route that takes POST. */
const sendBy: Record<TokenLocation, (api: Api, path: string, token: string) => Promise<Answer>> = {
  header: (api, path, token) => api.post(path, token),
  cookie: (api, path, token) => api.send('GET', path, { headers: cookieLines({ [accessCookie]: token }) }),
  query: (api, path, token) => api.post(`${path}?access_token=${token}`),
  body: (api, path, token) => api.post(path, undefined, { access_token: token }),
};

function granted(answer: Answer): [status: number, sub: unknown, location: unknown] {
  return [answer.status, answer.body['sub'], answer.body['location']];
}

describeOnBoth(
  'a token in any place',
  { options: { cookies: {}, transport: { locations: everywhere } }, controllers: [LocationController] },
  (api) => {
    it.each(everywhere)('J63 is found by %s, and the handler is told where', async (location) => {
      const answer = await sendBy[location](api, '/protected', await api.auth.issueAccessToken('alice'));
      const status = location === 'cookie' ? 200 : 201;
      expect(granted(answer)).toEqual([status, 'alice', location]);
    });

    it.each(everywhere)('J63 is refused by %s when it is bad', async (location) => {
      expectRefusal(await sendBy[location](api, '/protected', 'aaaaa.bbbbb.ccccc'), 'token_invalid');
      expectRefusal(await sendBy[location](api, '/protected', await api.expiredToken()), 'token_expired');
    });

    it('J64 is missed in none of them', async () => {
      expectRefusal(await api.post('/protected'), 'token_missing');
      expectRefusal(await api.post('/protected', undefined, {}), 'token_missing');
      expectRefusal(await api.post('/protected?access=x', undefined, { token: 'x' }), 'token_missing');
      const anonymous = await api.post('/echo', undefined, { name: 'alice' });
      expect([anonymous.status, anonymous.body]).toEqual([201, { token: null, sub: null, body: { name: 'alice' } }]);
    });

    it.each([
      ['header and query', '/protected?access_token=TOKEN', true, undefined],
      ['header and body', '/protected', true, { access_token: 'TOKEN' }],
      ['query and body', '/protected?access_token=TOKEN', false, { access_token: 'TOKEN' }],
    ])('J69 is refused by %s at once (RFC 6750 §2)', async (_places, path, byHeader, body) => {
      const token = await api.auth.issueAccessToken('alice');
      const sent = body === undefined ? undefined : { access_token: token };
      expectRefusal(
        await api.post(path.replace('TOKEN', token), byHeader ? token : undefined, sent),
        'malformed_request',
      );
    });

    it('J69 is taken from the header when an ambient cookie comes too', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const cookie = cookieLines({ [accessCookie]: await api.auth.issueAccessToken('bob') });
      const answer = await api.send('GET', '/protected', { headers: [...bearer(token), ...cookie] });
      expect(granted(answer)).toEqual([200, 'alice', 'header']);
    });

    it('J65 is not looked for behind a bad one', async () => {
      const cookie = cookieLines({ [accessCookie]: await api.auth.issueAccessToken('alice') });
      const answer = await api.send('GET', '/protected', { headers: [...bearer('a.b.c'), ...cookie] });
      expectRefusal(answer, 'token_invalid');
    });

    it.each<[name: string, request: Request]>([
      ['as a form', { headers: form, body: 'access_token=TOKEN' }],
      ['as plain text', { headers: [['Content-Type', 'text/plain']], body: '{"access_token":"TOKEN"}' }],
      ['without a content type', { body: '{"access_token":"TOKEN"}' }],
      ['with an empty body', { headers: json, body: '' }],
      ['that is no JSON', { headers: json, body: '{"access_token":' }],
      ['that is a list', { headers: json, body: '["access_token","TOKEN"]' }],
      ['that is a list of one number', { headers: json, body: '[1]' }],
      ['that is a text', { headers: json, body: '"TOKEN"' }],
      ['that is null', { headers: json, body: 'null' }],
      ['with the member under __proto__', { headers: json, body: '{"__proto__":{"access_token":"TOKEN"}}' }],
      ['with the member in a list', { body: { access_token: ['TOKEN'] } }],
      ['with a number', { body: { access_token: 5 } }],
      ['with null', { body: { access_token: null } }],
      ['with the member of a refresh token', { body: { refresh_token: 'TOKEN' } }],
      ['with an empty text', { body: { access_token: '' } }],
    ])('J67 is not taken from a body %s', async (_name, { headers, body }) => {
      const token = await api.auth.issueAccessToken('alice');
      const text = (typeof body === 'string' ? body : JSON.stringify(body)).replace('TOKEN', token);
      const lines = typeof body === 'string' ? headers : json;
      const answer = await api.send('POST', '/protected', { headers: lines, body: text });
      // the parsers refuse malformed bodies before any guard (design §7, 8)
      expect([400, 401, 415]).toContain(answer.status);
      expect(answer.text).not.toContain(token);
    });

    it.each(['application/json;charset=UTF-8', 'application/json; charset=utf-8', 'APPLICATION/JSON'])(
      'J67 is taken from a body of type %s',
      async (type) => {
        const token = await api.auth.issueAccessToken('alice');
        const body = JSON.stringify({ access_token: token });
        const answer = await api.send('POST', '/protected', { headers: [['Content-Type', type]], body });
        expect(granted(answer)).toEqual([201, 'alice', 'body']);
      },
    );

    it('J67 is taken from the member for refresh tokens on a route that wants one', async () => {
      const token = await api.auth.issueRefreshToken('alice');
      expect(granted(await api.post('/refresh', undefined, { refresh_token: token }))).toEqual([201, 'alice', 'body']);
      expectRefusal(await api.post('/refresh', undefined, { access_token: token }), 'token_missing');
    });

    it('J68 is refused when the parameter is repeated', async () => {
      const token = await api.auth.issueAccessToken('alice');
      for (const path of [
        `/protected?access_token=${token}&access_token=${token}`,
        `/protected?access_token=&access_token=${token}`,
      ]) {
        expectRefusal(await api.get(path), 'malformed_request');
      }
    });

    it.each([
      'access_token[]=TOKEN',
      'access_token[a]=TOKEN',
      'access_token%5B%5D=TOKEN',
      '__proto__[access_token]=TOKEN',
    ])('J68 is not found under another name or shape: ?%s', async (query) => {
      const answer = await api.get(`/protected?${query.replace('TOKEN', await api.auth.issueAccessToken('alice'))}`);
      expect([400, 401]).toContain(answer.status);
    });

    it('TR-03 keeps the answer to a token in the URL out of caches and Referer headers, refused or not', async () => {
      const good = await api.get(`/protected?access_token=${await api.auth.issueAccessToken('alice')}`);
      const bad = await api.get('/protected?access_token=a.b.c');
      expect([good.status, bad.status]).toEqual([200, 401]);
      for (const { headers } of [good, bad]) {
        expect(headers['cache-control']).toBe('no-store');
        expect(headers['referrer-policy']).toBe('no-referrer');
      }
    });

    it('J66 is taken from a cookie of the name that the route says, and from none else', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const named = await api.send('GET', '/third-party', { headers: cookieLines({ third_party: token }) });
      expect(granted(named)).toEqual([200, 'alice', 'cookie']);
      const other = await api.send('GET', '/third-party', { headers: cookieLines({ [accessCookie]: token }) });
      expectRefusal(other, 'token_missing');
    });

    it.each([
      ['twice, the same', 'A; NAME=A'],
      ['twice, the good one first', 'A; NAME=x'],
      ['twice, the good one last', 'x; NAME=A'],
      ['three times', '; NAME=A; NAME=x'],
    ])('CC-10 is refused in a cookie that comes %s', async (_name, value) => {
      const token = await api.auth.issueAccessToken('alice');
      const cookie = `NAME=${value}`
        .replaceAll('NAME', accessCookie)
        .replaceAll('A;', `${token};`)
        .replace(/A$/, token);
      expectRefusal(await api.send('GET', '/protected', { headers: [['Cookie', cookie]] }), 'malformed_request');
    });

    it('CC-10 is refused in cookies of two header lines', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const line = ['Cookie', `${accessCookie}=${token}`] as const;
      expectRefusal(await api.send('GET', '/protected', { headers: [line, line] }), 'malformed_request');
    });

    it.each([
      ['an empty one', `${accessCookie}=`, 'token_missing'],
      ['one of another case', `${accessCookie.toUpperCase()}=TOKEN`, 'token_missing'],
      ['one whose name ends alike', `x${accessCookie}=TOKEN`, 'token_missing'],
      ['one without the prefix', 'access_token=TOKEN', 'token_missing'],
      ['the refresh cookie', `${refreshCookie}=TOKEN`, 'token_missing'],
      ['a quoted one', `${accessCookie}="TOKEN"`, 'token_invalid'],
    ] as const)('J63 is not found in %s', async (_name, cookie, code) => {
      const token = await api.auth.issueAccessToken('alice');
      const answer = await api.send('GET', '/protected', { headers: [['Cookie', cookie.replace('TOKEN', token)]] });
      expectRefusal(answer, code);
    });
  },
);

describeOnBoth(
  'tokens in the header, as by default',
  { options: { cookies: {} }, controllers: [LocationController] },
  (api) => {
    it.each(everywhere.filter((location) => location !== 'header'))(
      'TR-03 J64 does not see one that comes by %s',
      async (location) => {
        const token = await api.auth.issueAccessToken('alice');
        expectRefusal(await sendBy[location](api, '/protected', token), 'token_missing');
      },
    );

    it('TR-03 J69 does not mind a parameter of that name beside the header', async () => {
      const token = await api.auth.issueAccessToken('alice');
      expect((await api.get(`/protected?access_token=${token}`, token)).status).toBe(200);
    });

    it('TR-03 J66 is switched to the query on one route', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const answer = await api.get(`/by-query?access_token=${token}`);
      expect(granted(answer)).toEqual([200, 'alice', 'query']);
      expect(answer.headers['cache-control']).toBe('no-store');
      expectRefusal(await api.get('/by-query', token), 'token_missing');
    });
  },
);

describeOnBoth(
  'the cookie before the header',
  { options: { cookies: {}, transport: { locations: ['cookie', 'header'] } } },
  (api) => {
    it('J65 takes the good cookie, whatever the header holds', async () => {
      const cookie = cookieLines({ [accessCookie]: await api.auth.issueAccessToken('alice') });
      for (const header of ['Bearer a.b.c', 'Bearer', 'Bearer a b', 'Basic abc']) {
        const answer = await api.send('GET', '/protected', { headers: [...cookie, ['Authorization', header]] });
        expect(granted(answer)).toEqual([200, 'alice', 'cookie']);
      }
    });

    it('J65 refuses the bad cookie, whatever the header holds', async () => {
      const headers = [
        ...cookieLines({ [accessCookie]: 'a.b.c' }),
        ...bearer(await api.auth.issueAccessToken('alice')),
      ];
      expectRefusal(await api.send('GET', '/protected', { headers }), 'token_invalid');
    });

    it('J65 asks the header when there is no cookie, or an empty one', async () => {
      const token = await api.auth.issueAccessToken('alice');
      expect(granted(await api.get('/protected', token))).toEqual([200, 'alice', 'header']);
      const headers = [...cookieLines({ [accessCookie]: '' }), ...bearer(token)];
      expect(granted(await api.send('GET', '/protected', { headers }))).toEqual([200, 'alice', 'header']);
    });
  },
);

describeOnBoth(
  'a module for cookies alone',
  { options: { transport: { locations: ['cookie'] } }, controllers: [LocationController] },
  (api) => {
    it('J66 takes a header where the route says so, and no cookie there', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const headers = cookieLines({ [accessCookie]: token });
      expect(granted(await api.get('/by-header', token))).toEqual([200, 'alice', 'header']);
      expectRefusal(await api.send('GET', '/by-header', { headers }), 'token_missing');
      expectRefusal(await api.get('/protected', token), 'token_missing');
      expect(granted(await api.send('GET', '/protected', { headers }))).toEqual([200, 'alice', 'cookie']);
    });
  },
);

describeOnBoth(
  'places of other names',
  {
    options: {
      cookies: {},
      transport: {
        locations: ['query', 'body'],
        query: { name: 'jwt', prefix: 'Bearer:' },
        body: { accessField: 'auth', refreshField: 'renew' },
      },
    },
    controllers: [LocationController],
  },
  (api) => {
    it('J68 takes the parameter of that name with its prefix', async () => {
      const token = await api.auth.issueAccessToken('alice');
      expect(granted(await api.get(`/protected?jwt=Bearer:${token}`))).toEqual([200, 'alice', 'query']);
      expectRefusal(await api.get(`/protected?access_token=${token}`), 'token_missing');
    });

    it.each(['', 'x', 'bearer:TOKEN', 'TOKEN', 'Bearer TOKEN'])('J68 refuses %j, without the prefix', async (value) => {
      const text = encodeURIComponent(value.replace('TOKEN', await api.auth.issueAccessToken('alice')));
      expectRefusal(await api.get(`/protected?jwt=${text}`), 'malformed_request');
    });

    it('J67 takes the members of those names', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const refresh = await api.auth.issueRefreshToken('alice');
      expect(granted(await api.post('/protected', undefined, { auth: token }))).toEqual([201, 'alice', 'body']);
      expect(granted(await api.post('/refresh', undefined, { renew: refresh }))).toEqual([201, 'alice', 'body']);
      expectRefusal(await api.post('/protected', undefined, { access_token: token }), 'token_missing');
    });
  },
);

describeOnBoth(
  'a refusal that an application phrases itself',
  {
    options: {
      cookies: {},
      transport: { locations: everywhere },
      errors: {
        handlers: {
          tokenMissing: ({ error }) => ({ status: 401, body: { looked: error.reason } }),
        },
      },
    },
  },
  (api) => {
    it('J64 names the places that were looked at', async () => {
      const answer = await api.post('/protected');
      expect([answer.status, answer.body]).toEqual([401, { looked: 'no token by header, cookie, query, body' }]);
      expect(answer.headers['www-authenticate']).toBe(`Bearer realm="${issuer}"`);
    });
  },
);

describe('a place that does not exist', () => {
  it.each<[name: string, locations: unknown]>([
    ['is unknown', ['headers']],
    ['is none', []],
    ['is no list', 'header'],
  ])('J66 stops the definition of a route when it %s', (_name, locations) => {
    expect(() => RequireToken({ locations: locations as TokenLocation[] })).toThrow(AuthConfigError);
    expect(() => RequireToken({ locations: locations as TokenLocation[] })).toThrow('locations');
  });

  it.each<[name: string, locations: unknown]>([
    ['is unknown', ['headers']],
    ['is none', []],
    ['is no list', 'header'],
    ['comes twice', ['header', 'header']],
  ])('J66 stops the boot when one of the module %s', async (_name, locations) => {
    const error = await bootFailure(moduleWith({ transport: { locations: locations as TokenLocation[] } }));
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).option).toBe('transport.locations');
  });

  it('J66 stops the boot when a route wants a cookie that the module does not issue tokens for', async () => {
    const error = await bootFailure(moduleWith({}));
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).message).toContain('cookies: {}');
  });
});

function moduleWith(options: object) {
  @Module({
    imports: [AuthModule.forRoot({ jwt: { issuer, secret }, ...options })],
    controllers: [LocationController],
  })
  class BadModule {}
  return BadModule;
}
