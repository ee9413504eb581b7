import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { AuthError, AuthService, CurrentToken, RequireToken, type IssueOptions, type Token } from 'nest-latchkey';
import { decoded, describeOnBoth, describeToken, expectRefusal, issuer, secret, sign, type Api } from './fixture.js';

const access = { alg: 'HS256', typ: 'at+jwt' };
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** What a request of `/protected` with the token must answer: 200 as alice, or 401. */
async function expectAccepted(api: Api, token: string, sub: unknown = 'alice'): Promise<void> {
  const { status, body } = await api.get('/protected', token);
  expect([status, body['sub']]).toEqual([200, sub]);
}
async function expectInvalid(api: Api, token: string): Promise<void> {
  expectRefusal(await api.get('/protected', token), 'token_invalid');
}

/** The claims of a plain access token as text, for payloads that no object can hold. */
function claimsText(api: Api, more = ''): string {
  return JSON.stringify(decoded(api.token())).replace(/\}$/, `${more}}`);
}

/** A whole JSON value in a claim, as a line of a table. */
const json = (value: unknown): string => JSON.stringify(value) ?? 'missing';

@Controller()
class ClaimsController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @RequireToken({ type: 'password_reset' })
  @Get('reset')
  reset(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @Post('issue')
  async issue(@Body() { user, ...options }: IssueOptions & { user: unknown }) {
    return { token: await this.auth.issueAccessToken(user, options) };
  }

  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() { token }: { token: string }) {
    return this.auth.refresh(token);
  }

  @RequireToken()
  @Get('inherited')
  inherited(
    @CurrentToken('claims.__proto__.admin') prototype: unknown,
    @CurrentToken('claims.constructor.name') constructorName: unknown,
    @CurrentToken('claims.toString') method: unknown,
    @CurrentToken('claims.plan') plan: unknown,
    @CurrentToken('constructor') ownConstructor: unknown,
  ) {
    return { prototype, constructorName, method, plan, ownConstructor };
  }

  @RequireToken({ override: { admin: true }, claims: { role: 'admin' } })
  @Get('admins')
  admins() {
    return {};
  }
}
const controllers = [ClaimsController];

describeOnBoth('the claims of a token', { controllers }, (api) => {
  describe('the subject', () => {
    const subjects: unknown[] = [
      undefined,
      null,
      '',
      5,
      0,
      true,
      false,
      [],
      ['alice'],
      {},
      { $ne: null },
      { toString: 'alice' },
    ];
    it.each(subjects.map((sub) => [json(sub), sub]))('J19 J28 CA-08 is refused when it is %s', async (_text, sub) => {
      await expectInvalid(api, api.token({ sub }));
    });

    it('CA-08 reaches the handler as a text', async () => {
      await expectAccepted(api, api.token({ sub: '5' }), '5');
      await expectAccepted(api, api.token({ sub: '{"$ne":null}' }), '{"$ne":null}');
    });

    it.each([5, null, {}, '', undefined, ['alice']])('J28 is refused at issue when it is %j', async (user) => {
      await expect(api.auth.issueAccessToken(user)).rejects.toMatchObject({ code: 'invalid_argument' });
    });
  });

  describe('the audience', () => {
    it.each([
      undefined,
      null,
      'other',
      '',
      [],
      ['other', 'another'],
      `${issuer}/`,
      issuer.slice(0, -1),
      `${issuer},other`,
      `other ${issuer}`,
      issuer.toUpperCase(),
      [[issuer]],
      [issuer, 5],
      { [issuer]: true },
      { 0: issuer },
      5,
      true,
    ])('J20 J21 CA-05 is refused when it is %j and the issuer is expected', async (aud) => {
      await expectInvalid(api, api.token({ aud }));
    });

    it.each([issuer, [issuer], ['other', issuer]])('J20 suffices when it is %j', async (aud) => {
      await expectAccepted(api, api.token({ aud }));
    });
  });

  it.each([
    undefined,
    null,
    '',
    'https://api.example.co',
    'https://api.example.comm',
    'https://API.example.com',
    `${issuer}/`,
    ` ${issuer}`,
    `${issuer} `,
    [issuer],
    [issuer, issuer],
    { issuer },
    5,
    'com',
  ])('J22 CA-04 refuses the issuer %j', async (iss) => {
    await expectInvalid(api, api.token({ iss }));
  });

  describe('the times', () => {
    it.each(
      [undefined, '1893456000', -1, null, [4_000_000_000], {}, true, false, '', 1e20, 1e308].map((exp) => [
        json(exp),
        exp,
      ]),
    )('J29 CA-01 CA-03 refuse the exp %s', async (_text, exp) => {
      await expectInvalid(api, api.token({ exp }));
    });

    it.each(['NaN', '1e999', '-1e999', 'Infinity', '0x7fffffff', '01782908100'])(
      'CA-01 refuse an exp that is written %s',
      async (text) => {
        const payload = claimsText(api).replace(/"exp":\d+/, `"exp":${text}`);
        expect(payload).toContain(`"exp":${text}`);
        await expectInvalid(api, sign(access, payload));
      },
    );

    it('CA-01 refuse what has expired, by now or long ago', async () => {
      for (const age of [5, 6, 3_600, 1e9]) {
        const exp = api.clock.seconds - age;
        expectRefusal(await api.get('/protected', api.token({ exp, iat: exp - 60, nbf: exp - 60 })), 'token_expired');
      }
      expectRefusal(await api.get('/protected', api.token({ exp: 0, iat: 0, nbf: 0 })), 'token_expired');
    });

    it('CA-01 accept a fraction of a second, and refuse it once it is over', async () => {
      const token = api.token({ exp: api.clock.seconds + 0.5 });
      await expectAccepted(api, token);
      api.clock.advance(5.5);
      expectRefusal(await api.get('/protected', token), 'token_expired');
    });

    it('CA-01 end a token that was accepted before, to the second', async () => {
      const token = api.token({ exp: api.clock.seconds + 60 });
      await expectAccepted(api, token);
      api.clock.advance(64);
      await expectAccepted(api, token);
      api.clock.advance(1);
      expectRefusal(await api.get('/protected', token), 'token_expired');
    });

    it.each(
      ['nbf', 'iat', 'auth_time'].flatMap((name) =>
        ['1782907200', -1, null, [1], {}, true, '', 1e308].map((value) => [name, json(value), value]),
      ),
    )('CA-02 refuse %s when it is %s', async (name, _text, value) => {
      await expectInvalid(api, api.token({ [name as string]: value }));
    });

    it('CA-02 J26 refuse an nbf that lies ahead', async () => {
      for (const ahead of [6, 30, 1e9]) await expectInvalid(api, api.token({ nbf: api.clock.seconds + ahead }));
    });

    it('CA-02 refuse a token that does not say when it was issued', async () => {
      await expectInvalid(api, api.token({ iat: undefined }));
    });

    it('J27 accept an iat that lies ahead: clocks differ', async () => {
      await expectAccepted(api, api.token({ iat: api.clock.seconds + 5 }));
    });

    it('J31 need no nbf', async () => {
      await expectAccepted(api, api.token({ nbf: undefined }));
    });

    it('CA-03 refuse an exp in milliseconds, centuries away, or beyond the longest lifetime', async () => {
      const now = api.clock.seconds;
      const month = 2_592_000;
      for (const exp of [now * 1000, now + 100 * 365 * 86_400, now + month + 1]) {
        await expectInvalid(api, api.token({ exp }));
      }
      await expectInvalid(api, api.token({ iat: now + 1e9, exp: now + 1e9 + 60 }));
      await expectAccepted(api, api.token({ exp: now + month }));
    });

    it.each([2_592_001, '31d', 1e15, 'never', 0, -1, 1.5, Number.NaN, '15', '', null])(
      'CA-03 refuse to issue for %j',
      async (expiresIn) => {
        const issue = api.auth.issueAccessToken('alice', { expiresIn: expiresIn as never });
        await expect(issue).rejects.toMatchObject({ code: 'invalid_argument' });
      },
    );
  });

  it('J30 live 15 minutes and 30 days, or as long as the call says', async () => {
    const life = async (token: Promise<string>) => {
      const { exp, iat } = decoded(await token);
      return exp - iat;
    };
    expect(await life(api.auth.issueAccessToken('alice'))).toBe(900);
    expect(await life(api.auth.issueRefreshToken('alice'))).toBe(2_592_000);
    expect(await life(api.auth.issueAccessToken('alice', { expiresIn: 60 }))).toBe(60);
    expect(await life(api.auth.issueAccessToken('alice', { expiresIn: '2h' }))).toBe(7_200);
    expect(await life(api.auth.issueRefreshToken('alice', { expiresIn: '1d' }))).toBe(86_400);
    expect((await api.auth.issueTokens('alice')).expires_in).toBe(900);
  });

  it('J31 name the second they begin at', async () => {
    const { nbf, iat } = decoded(await api.auth.issueAccessToken('alice'));
    expect([nbf, iat]).toEqual([api.clock.seconds, api.clock.seconds]);
  });

  describe('the type', () => {
    it.each(['password_reset', 'REFRESH', 'Access', 'access ', '', 'id', 'state', 'email', 'logout', '__proto__'])(
      'J32 CA-06 is compared whole: a token of the type %j is no access token',
      async (type) => {
        await expectInvalid(api, api.token({ type }));
        expectRefusal(await api.get('/protected', api.token({ type }, { typ: 'JWT' })), 'wrong_token_type');
        expectRefusal(await api.get('/protected', api.token({ type }, { typ: undefined })), 'wrong_token_type');
      },
    );

    it.each([undefined, null, 5, true, ['access'], ['refresh'], { access: true }])(
      'J32 CA-06 is refused when the claim is %j, on every route',
      async (type) => {
        for (const typ of ['at+jwt', 'rt+jwt', 'JWT', undefined]) {
          for (const path of ['/protected', '/refresh-only', '/any', '/optional']) {
            expectRefusal(await api.get(path, api.token({ type }, { typ })), 'token_invalid');
          }
        }
      },
    );

    it.each([
      ['at+jwt', 'refresh', 'token_invalid'],
      ['rt+jwt', 'access', 'token_invalid'],
      ['rt+jwt', 'refresh', 'wrong_token_type'],
      ['JWT', 'refresh', 'wrong_token_type'],
      ['at+jwt', 'access', 200],
      ['AT+JWT', 'access', 200],
      ['application/at+jwt', 'access', 200],
      ['JWT', 'access', 200],
      [undefined, 'access', 200],
    ] as const)('CA-06 of a token with typ %j and type %j as access token: %s', async (typ, type, expected) => {
      const answer = await api.get('/protected', api.token({ type }, { typ }));
      if (expected === 200) expect(answer.status).toBe(200);
      else expectRefusal(answer, expected);
    });

    it.each(['logout+jwt', 'id_token', 'at+jwt+x', 'dpop+jwt', 'JWS', '', 5, null, ['at+jwt'], 'secevent+jwt'])(
      'J33 CA-06 is refused for the typ %j',
      async (typ) => {
        for (const path of ['/protected', '/any']) {
          expectRefusal(await api.get(path, api.token({}, { typ })), 'token_invalid');
        }
      },
    );

    it('J32 of the application is accepted where it is asked for, and only there', async () => {
      const token = await api.auth.issueAccessToken('alice', { type: 'password_reset' });
      expect((await api.get('/reset', token)).body).toMatchObject({ type: 'password_reset', sub: 'alice' });
      expect((await api.get('/any', token)).status).toBe(200);
      expectRefusal(await api.get('/protected', token), 'wrong_token_type');
      expectRefusal(await api.get('/refresh-only', token), 'wrong_token_type');
      expectRefusal(await api.get('/reset', await api.auth.issueAccessToken('alice')), 'wrong_token_type');
    });

    it('CA-06 of a token of ours that lacks a jti is refused: nothing could revoke it', async () => {
      for (const jti of [undefined, null, 5, {}]) await expectInvalid(api, api.token({ jti }));
    });

    it('CA-07 access is refused where a refresh token is wanted', async () => {
      const tokens = await Promise.all([
        api.auth.issueAccessToken('alice'),
        api.auth.issueAccessToken('alice', { fresh: true }),
        api.auth.issueAccessToken('alice', { type: 'password_reset' }),
        api.token({ type: 'Refresh' }, { typ: 'JWT' }),
      ]);
      for (const token of tokens) {
        expectRefusal(await api.post('/refresh', undefined, { token }), 'wrong_token_type');
        expectRefusal(await api.get('/refresh-only', token), 'wrong_token_type');
      }
      for (const token of [5, null, { a: 1 }, ['x'], undefined]) {
        expectRefusal(await api.post('/refresh', undefined, { token }), 'token_invalid');
      }
    });
  });

  it.each([
    [{ crit: ['exp'] }],
    [{ crit: ['b64'], b64: false }],
    [{ crit: ['https://example.com/x'], 'https://example.com/x': 1 }],
    [{ crit: [] }],
    [{ crit: 'exp' }],
    [{ crit: null }],
    [{ b64: true }],
  ])('J33 refuses critical extensions: %j', async (header) => {
    await expectInvalid(api, api.token({}, header));
  });

  it.each([
    ['an array', '[]'],
    ['an array of claims', '[{"sub":"alice"}]'],
    ['a string', '"alice"'],
    ['a number', '5'],
    ['null', 'null'],
    ['true', 'true'],
    ['nothing', ''],
    ['no JSON', '{'],
    ['a nested token', 'eyJhbGciOiJub25lIn0.e30.'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ] as const)('J34 CA-10 refuses %s as payload', async (_name, payload) => {
    await expectInvalid(api, sign(access, payload));
    await expectInvalid(api, sign({ ...access, cty: 'JWT' }, payload));
  });

  it.each([
    ['a byte order mark before it', (text: string) => `\uFEFF${text}`],
    ['text behind it', (text: string) => `${text}x`],
    ['NUL behind it', (text: string) => `${text}\0`],
    ['another object behind it', (text: string) => `${text}{}`],
    ['a trailing comma', (text: string) => text.replace(/\}$/, ',}')],
    ['a comment', (text: string) => text.replace('{', '{/* */')],
    ['single quotes', (text: string) => text.replaceAll('"', "'")],
    ['UTF-16', (text: string) => Buffer.from(text, 'utf16le')],
    [
      'an overlong UTF-8 sequence',
      (text: string) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"a":"\xc0\xaf"}', 'latin1')]),
    ],
  ])('CA-10 refuses good claims with %s', async (_name, spoil) => {
    await expectAccepted(api, sign(access, claimsText(api)));
    await expectInvalid(api, sign(access, spoil(claimsText(api))));
  });

  it('CA-09 takes the last of duplicate claims everywhere', async () => {
    const { status, body } = await api.get(
      '/protected',
      sign(access, claimsText(api, ',"sub":"bob","plan":"a","plan":"b"')),
    );
    expect([status, body['sub'], body['claims'].sub, body['claims'].plan]).toEqual([200, 'bob', 'bob', 'b']);
    await expectInvalid(api, sign(access, claimsText(api, ',"iss":"https://evil.example"')));
    expectRefusal(await api.get('/protected', sign(access, claimsText(api, ',"exp":5'))), 'token_expired');
    await expectInvalid(api, sign(access, claimsText(api, ',"type":"refresh"')));
    expectRefusal(
      await api.get('/admins', sign(access, claimsText(api, ',"admin":true,"admin":false'))),
      'insufficient_scope',
    );
  });

  it('CA-09 revokes a token with two jti by the last', async () => {
    const [first, last] = [randomUUID(), randomUUID()];
    const text = claimsText(api, `,"jti":"${first}","jti":"${last}"`);
    const token = sign(access, text);
    expect((await api.get('/protected', token)).body['jti']).toBe(last);
    await api.auth.revoke(token, { family: false });
    expectRefusal(await api.get('/protected', token), 'token_revoked');
    await expectAccepted(api, api.token({ jti: first }));
  });

  it.each([
    ['__proto__', '"__proto__":{"admin":true,"role":"admin"}'],
    ['constructor', '"constructor":{"prototype":{"admin":true,"role":"admin"}}'],
    ['prototype', '"prototype":{"admin":true,"role":"admin"}'],
  ])('CA-11 grants nothing through a claim named %s', async (_name, text) => {
    const token = sign(access, claimsText(api, `,${text}`));
    expectRefusal(await api.get('/admins', token), 'insufficient_scope');
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    const { status, body } = await api.get('/inherited', token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ prototype: null, method: null, plan: null, ownConstructor: null });
  });

  it('CA-11 reads no member that a claims object inherits', async () => {
    const { body } = await api.get('/inherited', api.token({ plan: 'pro' }));
    expect(body).toEqual({ prototype: null, constructorName: null, method: null, plan: 'pro', ownConstructor: null });
  });

  it.each(['exp', 'type', 'sub', 'jti', 'iss', 'aud', 'nbf', 'iat', 'sid', 'auth_time', 'scope', 'fresh', 'csrf'])(
    'J38 does not let extra claims set %s',
    async (name) => {
      const options = { body: { user: 'alice', claims: { plan: 'pro', [name]: 'x' } }, mayFail: true };
      expectRefusal(await api.send('POST', '/issue', options), 'reserved_claim');
    },
  );

  it.each(['alg', 'kid', 'typ', 'crit', 'jwk', 'jku', 'x5u', 'x5c', 'b64'])(
    'J38 does not let extra header members set %s',
    async (name) => {
      const options = { body: { user: 'alice', header: { [name]: 'x' } }, mayFail: true };
      expectRefusal(await api.send('POST', '/issue', options), 'reserved_claim');
    },
  );

  it('J38 names the claim in the reason for the log', async () => {
    const refused = await api.auth.issueAccessToken('alice', { claims: { exp: 1 } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AuthError);
    expect((refused as AuthError).reason).toContain('claims.exp');
  });
});

describe('the algorithm', () => {
  const headers = ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', '', 'hs256', 'HS256 ', 'HS384', 'HS512', 'RS256'];
  const odd = [undefined, null, [], ['HS256'], ['none'], {}, 0, true];

  describeOnBoth('of HS256', {}, (api) => {
    it.each([...headers, 'HS256\0', 'ES256', '__proto__', ...odd])('J23 J24 is not %j', async (alg) => {
      const token = api.token({}, { alg });
      await expectInvalid(api, token);
      await expectInvalid(api, token.slice(0, token.lastIndexOf('.') + 1));
      await expectInvalid(api, token.slice(0, token.lastIndexOf('.')));
    });

    it('J24 does not come without a signature', async () => {
      const token = api.token();
      await expectInvalid(api, token.slice(0, token.lastIndexOf('.') + 1));
      await expectInvalid(api, `${token}x`);
      await expectInvalid(api, token.slice(0, -1));
    });
  });

  describeOnBoth('of HS512', { options: { jwt: { algorithm: 'HS512' } } }, (api) => {
    it('J23 refuses HS256 with the very secret', async () => {
      await expectInvalid(api, api.token());
      await expectInvalid(api, api.token({}, { alg: 'HS512' }));
      await expectAccepted(api, sign({ alg: 'HS512', typ: 'at+jwt' }, decoded(api.token()), secret, 'sha512'));
    });
  });

  const { privateKey, publicKey } = rsa;
  const jwt = { secret: undefined, algorithm: 'RS256', privateKey, publicKey } as const;
  describeOnBoth('of RS256', { options: { jwt } }, (api) => {
    const kidOf = async () => decoded(await api.auth.issueAccessToken('alice'), 'header')['kid'] as string;

    it('J23 refuses HS256', async () => {
      await expectInvalid(api, api.token());
      await expectInvalid(api, api.token({}, { kid: await kidOf() }));
      await expectAccepted(api, await api.auth.issueAccessToken('alice'));
    });

    it('J24 refuses none', async () => {
      for (const alg of headers.filter((name) => name !== 'RS256')) {
        const [header, claims] = api.token({}, { alg, kid: await kidOf() }).split('.');
        await expectInvalid(api, `${header}.${claims}.`);
      }
    });

    it.each([
      ['the PEM', publicKey],
      ['the PEM without its last line end', publicKey.trimEnd()],
      ['the PEM with a space before it', ` ${publicKey}`],
      ['the PEM with CRLF', publicKey.replaceAll('\n', '\r\n')],
      ['the PEM without armour', publicKey.replaceAll(/-----.*-----|\s/g, '')],
      ['the DER', Buffer.from(publicKey.replaceAll(/-----.*-----|\s/g, ''), 'base64')],
    ])('J25 refuses HS256 signed with %s of the public key', async (_name, key) => {
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS512', 'sha512'],
        ['RS256', 'sha256'],
      ] as const) {
        for (const kid of [undefined, await kidOf()]) {
          await expectInvalid(api, sign({ alg, typ: 'at+jwt', kid }, decoded(api.token()), key, hash));
        }
      }
    });

    it('J23 accepts what the private key signed, with its kid or without one', async () => {
      for (const kid of [undefined, await kidOf()]) {
        const [header, claims] = api.token({}, { alg: 'RS256', kid }).split('.');
        const signature = createSign('sha256').update(`${header}.${claims}`).sign(privateKey, 'base64url');
        await expectAccepted(api, `${header}.${claims}.${signature}`);
      }
    });
  });
});

describe('the options', () => {
  describeOnBoth('an audience', { options: { jwt: { audience: 'foo' } } }, (api) => {
    it.each([undefined, 'bar', ['bar', 'baz'], issuer, 'fo', 'fooo', 'foo,bar'])('J20 refuses %j', async (aud) => {
      await expectInvalid(api, api.token({ aud }));
    });
    it.each(['foo', ['foo', 'x'], ['foo']])('J20 accepts %j', async (aud) => {
      await expectAccepted(api, api.token({ aud }));
    });
    it('J20 is written into tokens', async () => {
      expect(decoded(await api.auth.issueAccessToken('alice'))['aud']).toBe('foo');
    });
  });

  describeOnBoth('a list of audiences', { options: { jwt: { audience: ['foo', 'bar'] } } }, (api) => {
    it('J20 accepts any one of them', async () => {
      for (const aud of ['foo', 'bar', ['bar'], ['x', 'bar'], ['foo', 'bar']])
        await expectAccepted(api, api.token({ aud }));
      for (const aud of ['x', ['x', 'y'], issuer, undefined, 'foo,bar']) await expectInvalid(api, api.token({ aud }));
      await expectAccepted(api, await api.auth.issueAccessToken('alice'));
    });
  });

  describeOnBoth('acceptAnyAudience', { options: { jwt: { acceptAnyAudience: true } } }, (api) => {
    it('J21 opts out', async () => {
      for (const aud of ['other', ['x', 'y'], undefined]) await expectAccepted(api, api.token({ aud }));
      for (const aud of [5, [5], {}]) await expectInvalid(api, api.token({ aud }));
    });
  });

  describeOnBoth('a tolerance of 30 seconds', { options: { jwt: { clockTolerance: 30 } } }, (api) => {
    it('J26 holds for nbf', async () => {
      await expectAccepted(api, api.token({ nbf: api.clock.seconds + 30 }));
      await expectInvalid(api, api.token({ nbf: api.clock.seconds + 31 }));
    });
  });

  describeOnBoth('a tolerance of 10 seconds', { options: { jwt: { clockTolerance: '10s' } } }, (api) => {
    it('J26 holds for exp', async () => {
      for (const age of [5, 9]) await expectAccepted(api, api.token({ exp: api.clock.seconds - age }));
      for (const age of [10, 11]) {
        expectRefusal(await api.get('/protected', api.token({ exp: api.clock.seconds - age })), 'token_expired');
      }
    });
  });

  describeOnBoth('no tolerance', { options: { jwt: { clockTolerance: 0 } } }, (api) => {
    it('J26 CA-01 ends a token at its exp, and begins it at its nbf', async () => {
      await expectAccepted(api, api.token({ exp: api.clock.seconds + 1 }));
      expectRefusal(await api.get('/protected', api.token({ exp: api.clock.seconds })), 'token_expired');
      await expectAccepted(api, api.token({ nbf: api.clock.seconds }));
      await expectInvalid(api, api.token({ nbf: api.clock.seconds + 1 }));
    });
  });

  describeOnBoth(
    'requireStringSubject: false',
    { options: { jwt: { requireStringSubject: false } }, controllers },
    (api) => {
      it.each([
        [5, '5'],
        [0, '0'],
        [false, 'false'],
        [{ id: 7 }, '{"id":7}'],
        ['alice', 'alice'],
      ])('J28 accepts %j, and hands it on as the text %j', async (sub, text) => {
        await expectAccepted(api, api.token({ sub }), text);
        const token = await api.auth.issueAccessToken(sub);
        expect(decoded(token)['sub']).toEqual(sub);
        await expectAccepted(api, token, text);
      });

      it('J28 still wants one', async () => {
        for (const sub of [undefined, '']) await expectInvalid(api, api.token({ sub }));
        for (const user of [undefined, null, '']) {
          await expect(api.auth.issueAccessToken(user)).rejects.toMatchObject({ code: 'invalid_argument' });
        }
      });
    },
  );

  const never = { accessTokenLifetime: 'never', refreshTokenLifetime: 'never' } as const;
  describeOnBoth("a lifetime of 'never'", { options: { jwt: never } }, (api) => {
    it('J29 writes no exp and wants none', async () => {
      for (const [path, token] of [
        ['/protected', await api.auth.issueAccessToken('alice')],
        ['/refresh-only', await api.auth.issueRefreshToken('alice')],
      ] as const) {
        expect(decoded(token)).not.toHaveProperty('exp');
        expect((await api.get(path, token)).status).toBe(200);
        api.clock.advance(10 * 365 * 86_400);
        expect((await api.get(path, token)).status).toBe(200);
      }
      expect((await api.auth.issueTokens('alice')).expires_in).toBeUndefined();
    });

    it('J29 still ends what has an exp', async () => {
      const token = await api.auth.issueAccessToken('alice', { expiresIn: 60 });
      await expectAccepted(api, token);
      api.clock.advance(65);
      expectRefusal(await api.get('/protected', token), 'token_expired');
      await expectInvalid(api, api.token({ exp: null }));
    });
  });

  describeOnBoth("'never' for refresh tokens alone", { options: { jwt: { refreshTokenLifetime: 'never' } } }, (api) => {
    it('J29 leaves access tokens in need of an exp', async () => {
      expect((await api.get('/refresh-only', await api.auth.issueRefreshToken('alice'))).status).toBe(200);
      await expectInvalid(api, api.token({ exp: undefined }));
      await expect(api.auth.issueAccessToken('alice', { expiresIn: 'never' })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    });
  });

  const lifetimes = { accessTokenLifetime: 60, refreshTokenLifetime: '2h', notBefore: false } as const;
  describeOnBoth('lifetimes and notBefore: false', { options: { jwt: lifetimes } }, (api) => {
    it('J30 J31 are written into tokens', async () => {
      const { exp, iat, ...claims } = decoded(await api.auth.issueAccessToken('alice'));
      expect([exp - iat, 'nbf' in claims]).toEqual([60, false]);
      const refresh = decoded(await api.auth.issueRefreshToken('alice'));
      expect([refresh['exp'] - refresh['iat'], 'nbf' in refresh]).toEqual([7_200, false]);
    });
  });

  const claimNames = { subjectClaim: 'uid', typeClaim: 'kind' };
  describeOnBoth('claims of other names', { options: { jwt: claimNames }, controllers }, (api) => {
    it('J37 are written and read', async () => {
      const token = await api.auth.issueAccessToken('alice');
      expect(decoded(token)).toMatchObject({ uid: 'alice', kind: 'access' });
      expect(decoded(token)).not.toHaveProperty('sub');
      expect(decoded(token)).not.toHaveProperty('type');
      await expectAccepted(api, token);
      await expectAccepted(api, api.token({ sub: undefined, uid: 'bob', kind: 'access' }), 'bob');
    });

    it('J37 are the only ones that count', async () => {
      await expectInvalid(api, api.token({ kind: 'access' }));
      await expectInvalid(api, api.token({ uid: 'bob' }));
      await expectAccepted(api, api.token({ sub: 'alice', uid: 'bob', kind: 'access' }), 'bob');
    });

    it('J38 are reserved', async () => {
      for (const name of ['uid', 'kind', 'sub']) {
        const options = { body: { user: 'alice', claims: { [name]: 'x' } }, mayFail: true };
        expectRefusal(await api.send('POST', '/issue', options), 'reserved_claim');
      }
    });
  });
});

/** One and the same object for every user, as a careless hook hands it out. */
const shared = { plan: 'free', level: 1 };
const sharedHeader = { region: 'eu', shard: 1 };
const hooks = {
  subject: (user: unknown) => (user as { id: string }).id,
  claims: async (user: unknown, { type }: { type: string }) =>
    typeof user === 'object' ? { ...shared, of: (user as { id: string }).id, for: type } : shared,
  header: () => sharedHeader,
};
describeOnBoth('hooks at issue', { options: { hooks } }, (api) => {
  it('J35 merge their claims with those of the call, which win, into access and refresh token', async () => {
    const alice = { id: 'alice' };
    const token = decoded(await api.auth.issueAccessToken(alice, { claims: { plan: 'pro', extra: [1] } }));
    expect(token).toMatchObject({ plan: 'pro', level: 1, extra: [1], of: 'alice', for: 'access' });
    const refresh = decoded(await api.auth.issueRefreshToken(alice, { claims: { plan: 'pro' } }));
    expect(refresh).toMatchObject({ plan: 'pro', level: 1, of: 'alice', for: 'refresh' });
    expect((await api.get('/protected', await api.auth.issueAccessToken(alice))).body['claims']).toMatchObject(shared);
  });

  it('J35 leak nothing from one user to the next', async () => {
    const role = async (name: string, claims?: { role: string }) =>
      decoded(await api.auth.issueAccessToken(name, claims && { claims }));
    expect(await role('root', { role: 'admin' })).toMatchObject({ sub: 'root', role: 'admin' });
    expect(await role('bob')).not.toHaveProperty('role');
    expect([shared, sharedHeader]).toEqual([
      { plan: 'free', level: 1 },
      { region: 'eu', shard: 1 },
    ]);
  });

  it('J36 merge their header members with those of the call, which win', async () => {
    const token = await api.auth.issueAccessToken('alice', { header: { shard: 2, build: 'x' } });
    expect(decoded(token, 'header')).toEqual({ alg: 'HS256', typ: 'at+jwt', region: 'eu', shard: 2, build: 'x' });
    expect((await api.get('/protected', token)).body['header']).toMatchObject({ region: 'eu', shard: 2, build: 'x' });
    const { access_token: one, refresh_token: other } = await api.auth.issueTokens('alice', { header: { build: 'y' } });
    for (const part of [one, other!]) expect(decoded(part, 'header')).toMatchObject({ shard: 1, build: 'y' });
  });

  it('J37 make a subject of a user object', async () => {
    await expectAccepted(api, await api.auth.issueAccessToken({ id: 'carol' }), 'carol');
    await expectAccepted(api, await api.auth.issueAccessToken('dave'), 'dave');
    for (const id of [5, '', undefined]) {
      await expect(api.auth.issueAccessToken({ id })).rejects.toMatchObject({ code: 'invalid_argument' });
    }
  });
});

const careless = { claims: () => ({ sub: 'root', exp: 1 }), header: () => ({ alg: 'none' }) };
describeOnBoth('hooks that set what is ours', { options: { hooks: careless } }, (api) => {
  it('J38 issue nothing', async () => {
    await expect(api.auth.issueAccessToken('alice')).rejects.toMatchObject({ code: 'reserved_claim' });
    await expect(api.auth.issueTokens('alice')).rejects.toMatchObject({ code: 'reserved_claim' });
  });
});
