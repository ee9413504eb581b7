import { All, Controller, Get, Post } from '@nestjs/common';
import { CurrentToken, RequireToken, type ErrorHandler, type Token } from 'nest-latchkey';
import { bearer, describeOnBoth, describeToken, expectRefusal, issuer, type Api, type HeaderLines } from './fixture.js';

/** The kinds of tokens of spec/tokens.md §5: A, AF, R and X. */
const kinds = {
  access: (api: Api) => api.auth.issueAccessToken('alice'),
  fresh: (api: Api) => api.auth.issueAccessToken('alice', { fresh: true }),
  refresh: (api: Api) => api.auth.issueRefreshToken('alice'),
  expired: (api: Api) => api.expiredToken(),
} as const;

/** `Authorization` lines, with `<A>` standing for an access token. */
const authorization = async (api: Api, ...values: string[]): Promise<HeaderLines> => {
  const token = await kinds.access(api);
  return values.map((value) => ['Authorization', value.replaceAll('<A>', token)]);
};

@Controller()
class EveryMethodController {
  @RequireToken()
  @All('every-method')
  any(@CurrentToken() token: Token | null) {
    return describeToken(token);
  }
}

describeOnBoth('a token in the Authorization header', { controllers: [EveryMethodController] }, (api) => {
  it('J1 is asked for by a bare challenge where there is none', async () => {
    expectRefusal(await api.get('/protected'), 'token_missing');
    expectRefusal(await api.post('/protected'), 'token_missing');
    expectRefusal(await api.send('GET', '/protected', { headers: [['Authorization', '']] }), 'token_missing');
  });

  it('J2 lets the request through, and the handler sees its subject', async () => {
    const { status, body, headers } = await api.get('/protected', await kinds.access(api));
    expect([status, body['sub'], body['location'], headers['www-authenticate']]).toEqual([
      200,
      'alice',
      'header',
      undefined,
    ]);
    expect((await api.post('/protected', await kinds.access(api))).status).toBe(201);
  });

  it.each([
    ['J3', 'fresh', '/protected', 200],
    ['J4', 'refresh', '/protected', 'wrong_token_type'],
    ['J5', 'access', '/refresh-only', 'wrong_token_type'],
    ['J5', 'fresh', '/refresh-only', 'wrong_token_type'],
    ['J5', 'refresh', '/refresh-only', 200],
    ['J5', undefined, '/refresh-only', 'token_missing'],
    ['J6', 'access', '/any', 200],
    ['J6', 'fresh', '/any', 200],
    ['J6', 'refresh', '/any', 200],
    ['J6', undefined, '/any', 'token_missing'],
    ['J15', 'expired', '/protected', 'token_expired'],
    ['J15', 'expired', '/any', 'token_expired'],
  ] as const)('%s with a token of the kind %s on %s answers %s', async (_id, kind, path, expected) => {
    const answer = await api.get(path, kind && (await kinds[kind](api)));
    if (expected === 200) expect([answer.status, answer.body['sub']]).toEqual([200, 'alice']);
    else expectRefusal(answer, expected);
  });

  it('J15 says in the challenge that the token has expired', async () => {
    const { headers } = await api.get('/protected', await kinds.expired(api));
    expect(headers['www-authenticate']).toBe(
      `Bearer realm="${issuer}", error="invalid_token", error_description="The token has expired"`,
    );
  });

  it.each([
    'Basic abc',
    'Basic <A>',
    'Token <A>',
    'Bearer:<A>',
    'Bearer<A>',
    '<A>',
    'Bearer-<A>',
    'Digest Bearer <A>',
    'Bearer\t<A>',
    'X',
  ])('J7 TR-04 counts %j as no token', async (value) => {
    expectRefusal(await api.send('GET', '/protected', { headers: await authorization(api, value) }), 'token_missing');
  });

  it.each(['bearer <A>', 'BEARER <A>', 'bEaReR <A>', 'Bearer   <A>', 'Bearer <A> '])('J8 reads %j', async (value) => {
    expect((await api.send('GET', '/protected', { headers: await authorization(api, value) })).status).toBe(200);
  });

  it.each([
    ['J9', 'Bearer'],
    ['J9', 'Bearer '],
    ['J9', 'Bearer a b'],
    ['J9', 'Bearer <A> b'],
    ['J10', 'Basic x, Bearer <A>'],
    ['J10', 'Bearer <A>,'],
    ['J10', 'Bearer <A>, Basic x'],
    ['J11', 'Bearer <A>, Bearer <A>'],
    ['J11', 'Bearer <A>,Bearer <A>'],
    ['J11', 'Bearer <A> Bearer <A>'],
    ['J11', 'Basic x,bearer <A>'],
  ])('%s TR-01 refuses %j as malformed', async (_id, value) => {
    const answer = await api.send('GET', '/protected', { headers: await authorization(api, value) });
    expectRefusal(answer, 'malformed_request');
  });

  it.each([
    ['twice the same', ['Bearer <A>', 'Bearer <A>']],
    ['a good one first', ['Bearer <A>', 'Bearer forged']],
    ['a good one last', ['Bearer forged', 'Bearer <A>']],
    ['another scheme first', ['Basic x', 'Bearer <A>']],
    ['another scheme last', ['Bearer <A>', 'Basic x']],
    ['an empty one first', ['', 'Bearer <A>']],
    ['an empty one last', ['Bearer <A>', '']],
  ])('J11 TR-01 refuses two Authorization lines: %s', async (_name, values) => {
    const headers = await authorization(api, ...values);
    expectRefusal(await api.send('GET', '/protected', { headers }), 'malformed_request');
    expectRefusal(await api.send('GET', '/optional', { headers }), 'malformed_request');
  });

  it('TR-01 finds the second line whatever the case of its name', async () => {
    const token = await kinds.access(api);
    const headers: HeaderLines = [
      ['AUTHORIZATION', `Bearer ${token}`],
      ['authorization', 'Bearer other'],
    ];
    expectRefusal(await api.send('GET', '/protected', { headers }), 'malformed_request');
  });

  it.each(['foobarbaz', 'a.b', 'a.b.c.d', 'aaaaa.bbbbb.ccccc', '..', '.', 'e30.e30.', '{}', 'null', '-', '%00'])(
    'J14 refuses garbage: %j',
    async (garbage) => {
      expectRefusal(await api.get('/protected', garbage), 'token_invalid');
    },
  );

  it('J14 refuses a token with any one character of its signature changed', async () => {
    const token = await kinds.access(api);
    const start = token.lastIndexOf('.') + 1;
    for (let index = start; index < token.length; index++) {
      const other = token[index] === 'A' ? 'B' : 'A';
      expectRefusal(
        await api.get('/protected', token.slice(0, index) + other + token.slice(index + 1)),
        'token_invalid',
      );
    }
  });

  it('J14 refuses header or payload of one token with the signature of another', async () => {
    const [one, other] = [api.token({ sub: 'alice' }).split('.'), api.token({ sub: 'root' }).split('.')];
    expectRefusal(await api.get('/protected', [one[0], other[1], one[2]].join('.')), 'token_invalid');
    const header = api.token({}, { typ: 'JWT' }).split('.')[0];
    expectRefusal(await api.get('/protected', [header, one[1], one[2]].join('.')), 'token_invalid');
  });

  it('J18 is asked for by OPTIONS too, so that an @All() handler is not open', async () => {
    expectRefusal(await api.send('OPTIONS', '/every-method'), 'token_missing');
    const { status, body } = await api.send('OPTIONS', '/every-method', {
      headers: await authorization(api, 'Bearer <A>'),
    });
    expect([status, body['sub']]).toEqual([200, 'alice']);
  });

  it('J18 TR-06 is asked for by HEAD', async () => {
    for (const path of ['/protected', '/every-method']) {
      const { status, headers, text } = await api.send('HEAD', path);
      expect([status, headers['www-authenticate'], text]).toEqual([401, `Bearer realm="${issuer}"`, '']);
    }
    expect((await api.send('HEAD', '/protected', { headers: await authorization(api, 'Bearer <A>') })).status).toBe(
      200,
    );
  });

  it.each([
    ['NUL behind the token', 'Authorization: Bearer <A>\0'],
    ['NUL in the token', 'Authorization: Bearer \0<A>'],
    ['a folded header', 'Authorization: Bearer\r\n <A>'],
    ['a folded token', 'Authorization: Bearer <head>\r\n\t<tail>'],
    ['white space in the token', 'Authorization: Bearer <A> b'],
    ['a tab in the token', 'Authorization: Bearer <A>\tb'],
    ['a vertical tab', 'Authorization: Bearer <A>\x0bb'],
    ['a non-breaking space', 'Authorization: Bearer\xa0<A>'],
    ['a non-breaking space in the token', 'Authorization: Bearer \xa0<A>'],
    ['an 8-bit character', 'Authorization: Bearer <A>\xe9'],
    ['UTF-8', 'Authorization: Bearer <A>\xc3\xa9'],
    ['padding', 'Authorization: Bearer <A>='],
    ['a slash of plain base64', 'Authorization: Bearer /<A>'],
    ['a space before the colon', 'Authorization : Bearer <A>'],
    ['a bare line feed', 'Authorization: Bearer <A>\nX: y'],
  ])('TR-05 refuses %s with 400 or 401', async (_name, line) => {
    const token = await kinds.access(api);
    const spoilt = line.replace('<A>', token).replace('<head>', token.slice(0, 9)).replace('<tail>', token.slice(9));
    const { status, text } = await api.raw(
      `GET /protected HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${spoilt}\r\n\r\n`,
    );
    expect([400, 401]).toContain(status);
    expect(text).not.toContain('alice');
  });

  it.each([
    ['a space', (part: string) => `${part.slice(0, 3)} ${part.slice(3)}`],
    ['padding', (part: string) => `${part}=`],
    ['double padding', (part: string) => `${part}==`],
    ['a dot', (part: string) => `${part}.`],
    ['a character of plain base64', (part: string) => `${part.slice(0, 3)}+${part.slice(4)}`],
    ['unused bits that are set', (part: string) => withUnusedBits(part)],
  ])('TR-05 refuses any part of the token with %s in it', async (_name, spoil) => {
    const parts = (await kinds.access(api)).split('.');
    for (const index of [0, 1, 2]) {
      const spoilt = parts.with(index, spoil(parts[index]!)).join('.');
      // a part without unused bits has no other spelling
      if (spoilt === parts.join('.')) continue;
      const { status, body } = await api.get('/protected', spoilt);
      expect([400, 401]).toContain(status);
      expect(['invalid_request', 'invalid_token']).toContain(body['error']);
    }
  });

  it.each([
    ...['/protected/', '//protected', '/protected//', '/%70rotected', '/protected%2f', '/protected%00', '/protected/.'],
    ...[
      '/./protected',
      '/x/../protected',
      '/protected;a=1',
      '/;/protected',
      '/PROTECTED',
      '/protected?',
      '/protected?a=b',
    ],
    ...[
      '/protected#a',
      '/protected%20',
      '/protected\\',
      '/every-method/',
      '/%65very-method',
      'http://localhost/protected',
    ],
  ])('TR-06 is not passed by the path %s', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, text } = await api.send(method, path);
      expect([400, 401, 404]).toContain(status);
      expect(text).not.toContain('"sub"');
    }
  });

  it.each(['X-User', 'X-Forwarded-User', 'X-Remote-User', 'Remote-User', 'X-Auth-Request-User', 'X-Subject', 'From'])(
    'TR-09 is not replaced by the identity header %s',
    async (name) => {
      expectRefusal(await api.send('GET', '/protected', { headers: [[name, 'root']] }), 'token_missing');
      const headers = [...(await authorization(api, 'Bearer <A>')), [name, 'root'] as const];
      const { status, body, text } = await api.send('GET', '/protected', { headers });
      expect([status, body['sub']]).toEqual([200, 'alice']);
      expect(text).not.toContain('root');
    },
  );

  it('TR-09 is not taken from X-Forwarded-Authorization or Proxy-Authorization', async () => {
    const token = await kinds.access(api);
    for (const name of ['X-Forwarded-Authorization', 'Proxy-Authorization', 'X-Authorization', 'X-Access-Token']) {
      expectRefusal(await api.send('GET', '/protected', { headers: [[name, `Bearer ${token}`]] }), 'token_missing');
    }
  });

  it.each([
    ['quotes', 'x", scope="admin'],
    ['a comma', 'x.y.z",error="none'],
    ['mark-up', '<script>alert(1)</script>'],
    ['line ends', 'x%0d%0aSet-Cookie:%20a=b'],
    ['8-bit text', 'é.ü.ñ'],
  ])('TR-07 is never repeated in the challenge or the body: %s', async (_name, text) => {
    const {
      status,
      headers,
      text: answer,
    } = await api.send('GET', '/protected', {
      headers: [['Authorization', `Bearer ${text.replaceAll(' ', '')}`]],
    });
    expect([400, 401]).toContain(status);
    if (status === 401) {
      expect(headers['www-authenticate']).toBe(
        `Bearer realm="${issuer}", error="invalid_token", error_description="The token is invalid"`,
      );
    }
    for (const piece of ['scope=', 'none', 'script', 'Set-Cookie', 'ü', text]) expect(answer).not.toContain(piece);
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('TR-07 keeps claims and header members of a refused token to itself', async () => {
    const marks = { sub: 'mark-1', scope: 'mark-2', type: 'mark-3', jti: 'mark-4' };
    const refused = await api.get('/protected', api.token(marks, { typ: 'JWT', kid: undefined, extra: 'mark-5' }));
    expectRefusal(refused, 'wrong_token_type');
    expect(JSON.stringify(refused)).not.toContain('mark-');
  });
});

/** The same bytes for a decoder that does not look at the unused bits of the last character. */
function withUnusedBits(part: string): string {
  if (part.length % 4 === 0) return part;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1)!) + 1]!;
}

describeOnBoth('a list of credentials', { options: { transport: { header: { list: true } } } }, (api) => {
  it.each(['Basic x, Bearer <A>', 'Bearer <A>,', 'Bearer <A>', ', bearer <A> ,', 'Bearer <A>, Basic x'])(
    'J10 is read where the module allows it: %j',
    async (value) => {
      const { status, body } = await api.send('GET', '/protected', { headers: await authorization(api, value) });
      expect([status, body['sub']]).toEqual([200, 'alice']);
    },
  );

  it.each([
    ['Bearer <A>, Bearer <A>', 'malformed_request'],
    ['Bearer, Basic x', 'malformed_request'],
    ['Bearer <A> b', 'malformed_request'],
    ['Basic x, Digest y', 'token_missing'],
    [',', 'token_missing'],
    ['Bearer forged, Basic x', 'token_invalid'],
    ['Bearer <A>\xa0, Basic x', 'token_invalid'],
    ['\xa0Bearer <A>', 'token_missing'],
  ] as const)('J11 with %j is refused: %s', async (value, code) => {
    expectRefusal(await api.send('GET', '/protected', { headers: await authorization(api, value) }), code);
  });

  it('TR-01 of two lines stays malformed', async () => {
    const headers = await authorization(api, 'Basic x', 'Bearer <A>');
    expectRefusal(await api.send('GET', '/protected', { headers }), 'malformed_request');
  });
});

describeOnBoth('a header of another name', { options: { transport: { header: { name: 'Foo' } } } }, (api) => {
  it('J12 carries the token, and Authorization does not', async () => {
    const token = await kinds.access(api);
    expect((await api.send('GET', '/protected', { headers: [['Foo', `Bearer ${token}`]] })).body['sub']).toBe('alice');
    expect((await api.send('GET', '/protected', { headers: [['fOO', `bearer ${token}`]] })).status).toBe(200);
    expectRefusal(await api.get('/protected', token), 'token_missing');
  });

  it('J12 TR-01 is refused when sent twice', async () => {
    const line = ['Foo', `Bearer ${await kinds.access(api)}`] as const;
    expectRefusal(await api.send('GET', '/protected', { headers: [line, line] }), 'malformed_request');
  });
});

describeOnBoth('another scheme', { options: { transport: { header: { scheme: 'JWT' } } } }, (api) => {
  it('J13 is read, and named by the challenge', async () => {
    const token = await kinds.access(api);
    expect((await api.send('GET', '/protected', { headers: [['Authorization', `JWT ${token}`]] })).status).toBe(200);
    expect((await api.send('GET', '/protected', { headers: [['Authorization', `jwt ${token}`]] })).status).toBe(200);
    expectRefusal(await api.get('/protected', token), 'token_missing', { scheme: 'JWT' });
    const forged = await api.send('GET', '/protected', { headers: [['Authorization', 'JWT x.y.z']] });
    expectRefusal(forged, 'token_invalid', { scheme: 'JWT' });
  });
});

describeOnBoth('no scheme', { options: { transport: { header: { scheme: null } } } }, (api) => {
  it('J13 wants the bare token', async () => {
    const token = await kinds.access(api);
    expect((await api.send('GET', '/protected', { headers: [['Authorization', token]] })).status).toBe(200);
    expectRefusal(await api.send('GET', '/protected', { headers: bearer(token) }), 'malformed_request');
    expectRefusal(await api.get('/protected'), 'token_missing');
  });
});

const exempt = { options: { guard: { exemptMethods: ['OPTIONS'] } }, controllers: [EveryMethodController] };
describeOnBoth('an exempt method', exempt, (api) => {
  it('J18 reaches the handler without a token, which then is null', async () => {
    const { status, body } = await api.send('OPTIONS', '/every-method');
    expect([status, body]).toEqual([200, { token: null, sub: null }]);
  });

  it('J18 leaves the other methods guarded', async () => {
    expectRefusal(await api.send('GET', '/every-method'), 'token_missing');
    expectRefusal(await api.send('POST', '/every-method'), 'token_missing');
    expect((await api.send('HEAD', '/every-method')).status).toBe(401);
  });
});

const everywhere = { transport: { locations: ['header', 'query', 'body', 'cookie'] as const }, cookies: {} };
describeOnBoth('a token in two places', { options: everywhere }, (api) => {
  const tokens = async () => Promise.all(['alice', 'bob'].map((name) => api.auth.issueAccessToken(name)));

  it('TR-02 is refused for header, query and body, whichever two, and were it the same token', async () => {
    const [alice, bob] = await tokens();
    for (const other of [alice, bob]) {
      const [query, json] = [`/protected?access_token=${other}`, { access_token: other }];
      expectRefusal(await api.get(query, alice), 'malformed_request');
      expectRefusal(await api.post('/protected', alice, json), 'malformed_request');
      expectRefusal(await api.post(`/protected?access_token=${alice}`, undefined, json), 'malformed_request');
      expectRefusal(await api.post(query, alice, json), 'malformed_request');
    }
  });

  it('TR-02 is the first of the order, beside a cookie that browsers send by themselves', async () => {
    const [alice, bob] = await tokens();
    const headers: HeaderLines = [...bearer(alice), ['Cookie', `__Host-access_token=${bob}`]];
    const { status, body } = await api.send('GET', '/protected', { headers });
    expect([status, body['sub'], body['location']]).toEqual([200, 'alice', 'header']);
    expect((await api.send('GET', '/protected', { headers: headers.slice(1) })).body['sub']).toBe('bob');
  });
});

@Controller()
class OddScopeController {
  @RequireToken({ scope: { 'a"b': true, ü: true, write: true } })
  @Get('odd-scope')
  odd() {
    return {};
  }

  @RequireToken({ scope: 'read write' })
  @Post('read-write')
  readWrite() {
    return {};
  }
}

const oddIssuer = 'Ünïcode "quoted" \\ issuer\r\nX-Injected: yes';
describeOnBoth(
  'an issuer of odd characters',
  {
    options: { jwt: { issuer: oddIssuer } },
    controllers: [OddScopeController],
  },
  (api) => {
    it('TR-07 is written into the challenge as plain ASCII only', async () => {
      const { status, headers } = await api.get('/protected');
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer realm="ncode quoted  issuerX-Injected: yes"');
      expect(headers['x-injected']).toBeUndefined();
    });

    it('TR-07 names only scopes that a challenge can hold', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const odd = (await api.get('/odd-scope', token)).headers['www-authenticate'];
      expect(odd).toMatch(/, scope="write"$/);
      expect(odd).toMatch(/^[\x20-\x7e]+$/);
      const plain = await api.post('/read-write', token);
      expect([plain.status, plain.headers['www-authenticate']]).toEqual([
        403,
        expect.stringMatching(/, scope="read write"$/),
      ]);
    });
  },
);

const seen: { header: object; claims: object; status: number }[] = [];
const teapot =
  (name: string): ErrorHandler =>
  ({ error, token }) => {
    if (token !== undefined) seen.push({ header: token.header, claims: token.claims, status: error.statusCode });
    return { status: 418, body: { baz: name }, headers: { 'X-Baz': name } };
  };
const handlers = {
  tokenExpired: teapot('expired'),
  tokenMissing: teapot('missing'),
  tokenInvalid: teapot('invalid'),
  freshRequired: teapot('fresh'),
  wrongTokenType: () => undefined,
};

describeOnBoth('a handler of the application', { options: { errors: { handlers } } }, (api) => {
  it('J15 answers instead of ours, and reads header and claims of the verified token', async () => {
    seen.length = 0;
    const { status, body, headers } = await api.get('/protected', await kinds.expired(api));
    expect([status, body, headers['x-baz']]).toEqual([418, { baz: 'expired' }, 'expired']);
    expect(seen).toEqual([
      { header: { alg: 'HS256', typ: 'at+jwt' }, claims: expect.objectContaining({ sub: 'alice' }), status: 401 },
    ]);
  });

  it('J16 answers for a missing, an invalid and a stale token, and gets no claims that nobody verified', async () => {
    seen.length = 0;
    expect(await api.get('/protected')).toMatchObject({ status: 418, body: { baz: 'missing' } });
    expect(await api.get('/protected', 'x.y.z')).toMatchObject({ status: 418, body: { baz: 'invalid' } });
    expect(seen).toEqual([]);
    expect(await api.get('/fresh', await kinds.access(api))).toMatchObject({ status: 418, body: { baz: 'fresh' } });
    expect(seen).toHaveLength(1);
  });

  it('J16 leaves a refusal as it is', async () => {
    expectRefusal(await api.get('/protected', await kinds.refresh(api)), 'wrong_token_type');
  });
});

const broken = {
  tokenMissing: () => {
    throw new Error('broken');
  },
  tokenInvalid: () => null as never,
  wrongTokenType: () => ({ status: 200, body: { welcome: true } }),
};
describeOnBoth('a handler of the application that fails', { options: { errors: { handlers: broken } } }, (api) => {
  it('J16 turns no refusal into anything else', async () => {
    expectRefusal(await api.get('/protected'), 'token_missing');
    expectRefusal(await api.get('/protected', 'x.y.z'), 'token_invalid');
    expectRefusal(await api.get('/protected', await kinds.refresh(api)), 'wrong_token_type');
  });
});

const flask = { errors: { messageKey: 'msg', status: { tokenInvalid: 422, wrongTokenType: 422 } } };
describeOnBoth('another message key and other statuses', { options: flask }, (api) => {
  it('J17 give the bodies of the Flask libraries', async () => {
    const missing = await api.get('/protected');
    expect([missing.status, missing.body]).toEqual([
      401,
      { statusCode: 401, error: 'invalid_token', errorCode: 'token_missing', msg: expect.any(String) },
    ]);
    const refused = await api.get('/protected', await kinds.refresh(api));
    expect([refused.status, refused.body]).toEqual([
      422,
      { statusCode: 422, error: 'invalid_token', errorCode: 'wrong_token_type', msg: expect.any(String) },
    ]);
    expect((await api.get('/protected', 'garbage')).status).toBe(422);
  });
});
