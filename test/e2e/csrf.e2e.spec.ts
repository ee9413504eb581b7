import { All, Controller, Head, HttpCode, Post } from '@nestjs/common';
import { CurrentToken, RequireToken, Token, type TokenResponse } from 'nest-latchkey';
import { AccountController } from './account.controller.js';
import { cookieLines } from './browser.js';
import {
  bearer,
  decoded,
  describeOnBoth,
  describeToken,
  expectRefusal,
  issuer,
  type Api,
  type HeaderLines,
  type Request,
} from './fixture.js';

const accessCookie = '__Host-access_token';
const refreshCookie = '__Secure-refresh_token';
const form: HeaderLines = [['Content-Type', 'application/x-www-form-urlencoded']];
const evil = 'https://evil.example';

let handled = 0;

@Controller()
class ChangeController {
  @RequireToken({ locations: ['cookie'] })
  @All('change')
  change(@CurrentToken() token: Token) {
    handled += 1;
    return describeToken(token);
  }

  @RequireToken({ locations: ['cookie'], csrf: false })
  @Post('unprotected')
  @HttpCode(200)
  unprotected() {
    return {};
  }

  @RequireToken({ locations: ['cookie'] })
  @Head('head')
  head() {
    return {};
  }

  @RequireToken({ locations: ['header', 'cookie'] })
  @Post('either')
  @HttpCode(200)
  either(@CurrentToken() token: Token) {
    return describeToken(token);
  }
}

const controllers = [AccountController, ChangeController];

beforeEach(() => {
  handled = 0;
});

/** Tokens of a log-in, with their anti-CSRF values, and the cookies that carry them. */
interface LogIn {
  readonly access: string;
  readonly accessCsrf: string;
  readonly accessLines: HeaderLines;
  readonly refresh: string;
  readonly refreshCsrf: string;
  readonly refreshLines: HeaderLines;
}

async function logIn(
  api: Api,
  subject = 'alice',
  names = { access: accessCookie, refresh: refreshCookie },
): Promise<LogIn> {
  const { access_token: access, refresh_token: refresh }: TokenResponse = await api.auth.issueTokens(subject);
  return {
    access,
    accessCsrf: decoded(access)['csrf'],
    accessLines: cookieLines({ [names.access]: access }),
    refresh: refresh!,
    refreshCsrf: decoded(refresh!)['csrf'],
    refreshLines: cookieLines({ [names.refresh]: refresh! }),
  };
}

function withCsrf(lines: HeaderLines, value: string): HeaderLines {
  return [...lines, ['X-CSRF-TOKEN', value]];
}

describeOnBoth('a request with a token cookie', { options: { cookies: {} }, controllers }, (api) => {
  let mine: LogIn;
  beforeEach(async () => {
    mine = await logIn(api);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'J73 CC-01 that is a bare %s does not reach the handler',
    async (method) => {
      const refused = await api.send(method, '/change', { headers: mine.accessLines });
      expectRefusal(refused, 'csrf_failed');
      expect(refused.headers['www-authenticate']).toBeUndefined();
      expect(handled).toBe(0);

      const answer = await api.send(method, '/change', { headers: withCsrf(mine.accessLines, mine.accessCsrf) });
      expect([answer.status < 300, answer.body['sub'], handled]).toEqual([true, 'alice', 1]);
    },
  );

  it.each(['GET', 'OPTIONS'])('J73 that is a %s needs no more', async (method) => {
    expect((await api.send(method, '/change', { headers: mine.accessLines })).status).toBe(200);
    expect(handled).toBe(1);
  });

  it('J73 that is a HEAD needs no more', async () => {
    expect((await api.send('HEAD', '/head', { headers: mine.accessLines })).status).toBe(200);
  });

  it.each<[name: string, value: (other: LogIn) => string]>([
    ['an empty one', () => ''],
    ['a blank one', () => '   '],
    ['a wrong one of the right length', () => mine.accessCsrf.replaceAll(/./g, 'A')],
    ['the right one and a letter more', () => `${mine.accessCsrf}A`],
    ['all but the last letter', () => mine.accessCsrf.slice(0, -1)],
    ['another case', () => mine.accessCsrf.toUpperCase() + mine.accessCsrf.toLowerCase()],
    ['the one of the refresh token', () => mine.refreshCsrf],
    ['that of another session of the same user', (other) => other.accessCsrf],
    ['the jti', () => decoded(mine.access)['jti']],
    ['the session', () => decoded(mine.access)['sid']],
    ['the token itself', () => mine.access],
    ['undefined', () => 'undefined'],
    ['null', () => 'null'],
    ['8 KiB', () => 'x'.repeat(8_192)],
    ['letters that are not ASCII', () => 'é'.repeat(11)],
    ['bytes that are no UTF-8', () => '\u00ff\u00fe'],
    ['the right one twice', () => `${mine.accessCsrf}, ${mine.accessCsrf}`],
  ])('J73 J74 J79 CC-02 CC-07 is refused with %s', async (_name, value) => {
    const headers = withCsrf(mine.accessLines, value(await logIn(api)));
    expectRefusal(await api.send('POST', '/change', { headers }), 'csrf_failed');
    expect(handled).toBe(0);
  });

  it('J79 is refused with the value in two header lines', async () => {
    const headers = withCsrf(withCsrf(mine.accessLines, mine.accessCsrf), mine.accessCsrf);
    expectRefusal(await api.send('POST', '/change', { headers }), 'csrf_failed');
  });

  it('CC-02 is refused with the value of another user', async () => {
    const headers = withCsrf(mine.accessLines, (await logIn(api, 'mallory')).accessCsrf);
    expectRefusal(await api.send('POST', '/change', { headers }), 'csrf_failed');
  });

  it('CC-03 is refused when a sibling domain planted both the anti-CSRF cookie and the header', async () => {
    for (const name of ['__Host-csrf_access_token', 'csrf_access_token', '__Secure-csrf_access_token']) {
      const lines = cookieLines({ [accessCookie]: mine.access, [name]: 'planted' });
      expectRefusal(await api.send('POST', '/change', { headers: withCsrf(lines, 'planted') }), 'csrf_failed');
    }
  });

  it.each([
    ['in the query', { path: '/change?csrf_token=VALUE&X-CSRF-TOKEN=VALUE' }],
    [
      'in a JSON body',
      { body: '{"csrf_token":"VALUE"}', headers: [['Content-Type', 'application/json']] as HeaderLines },
    ],
    ['in a form, which is not switched on', { body: 'csrf_token=VALUE', headers: form }],
    ['in the anti-CSRF cookie alone', { headers: cookieLines({ '__Host-csrf_access_token': 'VALUE' }) }],
    [
      'in another header',
      {
        headers: [
          ['X-XSRF-TOKEN', 'VALUE'],
          ['CSRF-Token', 'VALUE'],
        ] as HeaderLines,
      },
    ],
  ] as [string, Request & { path?: string }][])(
    'CC-04 is refused with the value %s',
    async (_name, { path = '/change', body, headers = [] }) => {
      const put = (text: string) => text.replaceAll('VALUE', mine.accessCsrf);
      const lines = headers.map(([name, value]) => [name, put(value)] as const);
      const request = {
        headers: [...mine.accessLines, ...lines],
        ...(body !== undefined && { body: put(body as string) }),
      };
      expectRefusal(await api.send('POST', put(path), request), 'csrf_failed');
    },
  );

  it('CC-04 is refused with an empty value on both sides', async () => {
    const token = api.token({ csrf: '' });
    const lines = cookieLines({ [accessCookie]: token, '__Host-csrf_access_token': '' });
    expectRefusal(await api.send('POST', '/change', { headers: withCsrf(lines, '') }), 'csrf_failed');
    expectRefusal(await api.send('POST', '/change', { headers: lines }), 'csrf_failed');
  });

  it.each([[undefined], [null], [5], [true], [['a']], [{}]])(
    'J79 is refused on POST, not on GET, when the token has csrf: %j',
    async (csrf) => {
      const lines = cookieLines({ [accessCookie]: api.token({ csrf }) });
      expectRefusal(await api.send('POST', '/change', { headers: withCsrf(lines, String(csrf)) }), 'csrf_failed');
      expect((await api.send('GET', '/change', { headers: lines })).status).toBe(200);
    },
  );

  it('J74 CC-07 is refused on a refresh route with the value of the access token', async () => {
    const wrong = await api.send('POST', '/auth/refresh', { headers: withCsrf(mine.refreshLines, mine.accessCsrf) });
    expectRefusal(wrong, 'csrf_failed');
    const right = await api.send('POST', '/auth/refresh', { headers: withCsrf(mine.refreshLines, mine.refreshCsrf) });
    expect(right.status).toBe(200);
  });

  it('J77 is refused on an optional route without the value; without a cookie it is anonymous', async () => {
    const anonymous = await api.send('POST', '/optional-page');
    expect([anonymous.status, anonymous.body]).toEqual([200, { token: null, sub: null }]);
    expectRefusal(await api.send('POST', '/optional-page', { headers: mine.accessLines }), 'csrf_failed');
    const answer = await api.send('POST', '/optional-page', { headers: withCsrf(mine.accessLines, mine.accessCsrf) });
    expect([answer.status, answer.body['sub']]).toEqual([200, 'alice']);
  });

  it('J78 is let through by its header token, which no other site can send', async () => {
    const headers = [...mine.accessLines, ...bearer(mine.access)];
    const answer = await api.send('POST', '/either', { headers });
    expect([answer.status, answer.body['location']]).toEqual([200, 'header']);
    expectRefusal(await api.send('POST', '/either', { headers: mine.accessLines }), 'csrf_failed');
  });

  it('J73 needs no more on a route that says so', async () => {
    expect((await api.send('POST', '/unprotected', { headers: mine.accessLines })).status).toBe(200);
  });

  it('J73 of a bad token is refused for the token', async () => {
    const expired = cookieLines({ [accessCookie]: await api.expiredToken() });
    expectRefusal(await api.send('POST', '/change', { headers: expired }), 'token_expired');
    expectRefusal(
      await api.send('POST', '/change', { headers: cookieLines({ [accessCookie]: 'a.b.c' }) }),
      'token_invalid',
    );
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])(
    'CC-05 is what its method says, whatever %s says',
    async (name) => {
      const headers: HeaderLines = [...mine.accessLines, [name, 'GET']];
      expectRefusal(await api.send('POST', '/change?_method=GET', { headers }), 'csrf_failed');
      expect(handled).toBe(0);
    },
  );

  it.each<[name: string, headers: HeaderLines, body: string]>([
    ['a form', form, 'a=1'],
    ['plain text', [['Content-Type', 'text/plain']], '{"a":1}'],
    ['multipart', [['Content-Type', 'multipart/form-data; boundary=x']], '--x--'],
    ['no type', [], 'x'],
  ])(
    'CC-06 that another site sends as %s does not reach the handler, even with the value',
    async (_name, headers, body) => {
      const lines = [...withCsrf(mine.accessLines, mine.accessCsrf), ...headers];
      const cross: HeaderLines = [
        ['Origin', evil],
        ['Sec-Fetch-Site', 'cross-site'],
      ];
      const answer = await api.send('POST', '/change', { headers: [...lines, ...cross], body });
      // a type that the adapter cannot parse is refused before the guard
      expect([403, 415]).toContain(answer.status);
      if (answer.status === 403) expectRefusal(answer, 'csrf_failed');
      expect(handled).toBe(0);
    },
  );

  const origins: [answer: 'let in' | 'refused', headers: HeaderLines][] = [
    ['let in', []],
    ['let in', [['Sec-Fetch-Site', 'same-origin']]],
    ['let in', [['Sec-Fetch-Site', 'none']]],
    ['let in', [['Origin', issuer]]],
    [
      'let in',
      [
        ['Origin', issuer],
        ['Sec-Fetch-Site', 'same-origin'],
      ],
    ],
    [
      'let in',
      [
        ['Origin', issuer],
        ['Sec-Fetch-Site', 'same-site'],
      ],
    ],
    ['refused', [['Sec-Fetch-Site', 'same-site']]],
    ['refused', [['Sec-Fetch-Site', 'cross-site']]],
    ['refused', [['Sec-Fetch-Site', '']]],
    ['refused', [['Sec-Fetch-Site', 'Same-Origin, cross-site']]],
    [
      'refused',
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Site', 'cross-site'],
      ],
    ],
    ['refused', [['Origin', evil]]],
    ['refused', [['Origin', 'null']]],
    ['refused', [['Origin', '']]],
    ['refused', [['Origin', `${issuer}.evil.example`]]],
    ['refused', [['Origin', `${issuer}:444`]]],
    ['refused', [['Origin', 'http://api.example.com']]],
    ['refused', [['Origin', 'https://www.example.com']]],
    [
      'refused',
      [
        ['Origin', issuer],
        ['Origin', evil],
      ],
    ],
    [
      'refused',
      [
        ['Origin', evil],
        ['Sec-Fetch-Site', 'same-site'],
      ],
    ],
  ];

  it.each(origins)('CC-06 is %s with the right value and %j', async (expected, headers) => {
    const answer = await api.send('POST', '/change', {
      headers: [...withCsrf(mine.accessLines, mine.accessCsrf), ...headers],
    });
    if (expected === 'refused') expectRefusal(answer, 'csrf_failed');
    else expect(answer.status).toBe(200);
  });

  it('CC-06 is not let in by a page of ours alone, without the value', async () => {
    const headers: HeaderLines = [...mine.accessLines, ['Origin', issuer], ['Sec-Fetch-Site', 'same-origin']];
    expectRefusal(await api.send('POST', '/change', { headers }), 'csrf_failed');
  });

  it('J73 is verified with the value by the service too', async () => {
    await expect(api.auth.verify(mine.access, { csrf: mine.accessCsrf })).resolves.toMatchObject({ sub: 'alice' });
    await expect(api.auth.verify(mine.access, { csrf: mine.refreshCsrf })).rejects.toMatchObject({
      code: 'csrf_failed',
    });
  });
});

describeOnBoth(
  'a request of another origin that is trusted',
  { options: { cookies: {}, csrf: { trustedOrigins: ['https://app.example.com'] } }, controllers },
  (api) => {
    it.each([
      ['https://app.example.com', 'same-site', 200],
      ['https://app.example.com', 'cross-site', 200],
      ['https://evil.example', 'cross-site', 403],
      ['https://app.example.com.evil.example', 'cross-site', 403],
    ])('CC-06 %s, %s: %i', async (origin, site, status) => {
      const { accessLines, accessCsrf } = await logIn(api);
      const headers: HeaderLines = [...withCsrf(accessLines, accessCsrf), ['Origin', origin], ['Sec-Fetch-Site', site]];
      expect((await api.send('POST', '/change', { headers })).status).toBe(status);
      expectRefusal(
        await api.send('POST', '/change', { headers: [...accessLines, ['Origin', origin]] }),
        'csrf_failed',
      );
    });
  },
);

describe.each([
  ['the default name', {}, 'csrf_token'],
  ['a name of its own', { access: { fieldName: 'proof' } }, 'proof'],
])('the value in a form field with %s', (_name, names, field) => {
  describeOnBoth('', { options: { cookies: {}, csrf: { form: true, ...names } }, controllers }, (api) => {
    const post = (headers: HeaderLines, body: string) => api.send('POST', '/change', { headers, body });

    it.each<[status: number, name: string, request: (mine: LogIn) => [HeaderLines, string]]>([
      [200, 'right, without a header', ({ accessCsrf }) => [form, `${field}=${accessCsrf}`]],
      [200, 'right, beside other fields', ({ accessCsrf }) => [form, `a=1&${field}=${accessCsrf}&b=2`]],
      [403, 'wrong', () => [form, `${field}=wrong`]],
      [403, 'empty', () => [form, `${field}=`]],
      [403, 'absent', () => [form, 'a=1']],
      [403, 'twice', ({ accessCsrf }) => [form, `${field}=${accessCsrf}&${field}=${accessCsrf}`]],
      [403, 'a member of a list', ({ accessCsrf }) => [form, `${field}[]=${accessCsrf}`]],
      [
        403,
        'right, beside a wrong header',
        ({ accessCsrf }) => [[...form, ['X-CSRF-TOKEN', 'wrong']], `${field}=${accessCsrf}`],
      ],
      [
        403,
        'right, beside an empty header',
        ({ accessCsrf }) => [[...form, ['X-CSRF-TOKEN', '']], `${field}=${accessCsrf}`],
      ],
      [
        200,
        'wrong, beside a right header',
        ({ accessCsrf }) => [[...form, ['X-CSRF-TOKEN', accessCsrf]], `${field}=wrong`],
      ],
      [
        403,
        'of a JSON body',
        ({ accessCsrf }) => [[['Content-Type', 'application/json']], `{"${field}":"${accessCsrf}"}`],
      ],
      [403, 'of the refresh token', ({ refreshCsrf }) => [form, `${field}=${refreshCsrf}`]],
    ])('J75 answers %i when it is %s', async (status, _case, request) => {
      const mine = await logIn(api);
      const [headers, body] = request(mine);
      expect((await post([...mine.accessLines, ...headers], body)).status).toBe(status);
    });
  });
});

describeOnBoth(
  'values in headers of other names',
  {
    options: { cookies: {}, csrf: { access: { headerName: 'X-Proof' }, refresh: { headerName: 'X-Refresh-Proof' } } },
    controllers,
  },
  (api) => {
    it('J75 are read from those, each for its kind, and from none else', async () => {
      const { accessLines, accessCsrf, refreshLines, refreshCsrf } = await logIn(api);
      const send = (path: string, lines: HeaderLines, name: string, value: string) =>
        api.send('POST', path, { headers: [...lines, [name, value]] });
      expectRefusal(await send('/change', accessLines, 'X-CSRF-TOKEN', accessCsrf), 'csrf_failed');
      expectRefusal(await send('/change', accessLines, 'X-Refresh-Proof', accessCsrf), 'csrf_failed');
      expectRefusal(await send('/auth/refresh', refreshLines, 'X-Proof', refreshCsrf), 'csrf_failed');
      expect((await send('/change', accessLines, 'x-proof', accessCsrf)).status).toBe(200);
      expect((await send('/auth/refresh', refreshLines, 'X-Refresh-Proof', refreshCsrf)).status).toBe(200);
    });
  },
);

describeOnBoth('other methods', { options: { cookies: {}, csrf: { methods: ['GET'] } }, controllers }, (api) => {
  it('J76 are the ones that need the value', async () => {
    const { accessLines, accessCsrf } = await logIn(api);
    expectRefusal(await api.send('GET', '/change', { headers: accessLines }), 'csrf_failed');
    expect((await api.send('GET', '/change', { headers: withCsrf(accessLines, accessCsrf) })).status).toBe(200);
    expect((await api.send('POST', '/change', { headers: accessLines })).status).toBe(200);
  });
});

describeOnBoth('no protection', { options: { cookies: {}, csrf: { enabled: false } }, controllers }, (api) => {
  it('J70 lets cookies act alone, and tokens carry no value', async () => {
    const { access, accessLines } = await logIn(api);
    expect(decoded(access)).not.toHaveProperty('csrf');
    expect((await api.send('POST', '/change', { headers: accessLines })).status).toBe(200);
  });
});
