import { createPublicKey, generateKeyPairSync, randomBytes, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Controller, Get, HttpCode, Inject, Module, Post, Res } from '@nestjs/common';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  AuthConfigError,
  AuthModule,
  AuthService,
  CurrentToken,
  RequireToken,
  Token,
  type AuthModuleOptions,
  type KeyOptions,
  type TrustedIssuerOptions,
} from 'nest-latchkey';
import { cookieLines, setCookiesOf } from './browser.js';
import {
  adapters,
  Api,
  bootFailure,
  decoded,
  describeOnBoth,
  describeToken,
  expectRefusal,
  issuer,
  secret,
  sign,
  type Adapter,
  type FixtureOptions,
} from './fixture.js';
import { IssuerServer, publicJwk, sendJson, signedBy, type IssuerKey } from './issuer-server.js';

const ecKey = (curve = 'P-256') => generateKeyPairSync('ec', { namedCurve: curve }).privateKey;
const edKey = () => generateKeyPairSync('ed25519').privateKey;
const [oldKey, newKey] = [ecKey(), ecKey()];
const [oldSecret, newSecret] = [randomBytes(48).toString('base64'), randomBytes(48).toString('base64')];

const es256 = (kid: string, key: KeyObject): KeyOptions => ({ kid, algorithm: 'ES256', key });
const hs256 = (kid: string | undefined, key: string): KeyOptions => ({ ...(kid && { kid }), algorithm: 'HS256', key });

/** Runs `use` with an application of its own. */
async function withApi<T>(adapter: Adapter, fixture: FixtureOptions, use: (api: Api) => Promise<T>): Promise<T> {
  const api = new Api(adapter, fixture);
  await api.start();
  try {
    return await use(api);
  } finally {
    await api.stop();
  }
}

const ring = (...keys: KeyOptions[]): FixtureOptions => ({ options: { jwt: { secret: undefined, keys } } });

describe.each(adapters)('a key ring (%s)', (adapter) => {
  const rotations: [name: string, before: KeyOptions, after: KeyOptions][] = [
    ['key pairs', es256('2025', oldKey), es256('2026', newKey)],
    ['key pairs of two algorithms', es256('2025', oldKey), { kid: '2026', algorithm: 'EdDSA', key: edKey() }],
    ['secrets', hs256('2025', oldSecret), hs256('2026', newSecret)],
    ['secrets, of which the old one had no name', hs256(undefined, oldSecret), hs256('2026', newSecret)],
  ];

  it.each(rotations)(
    'J84 rotates %s: the new key signs, the old one verifies until it goes',
    async (_name, before, after) => {
      const old = await withApi(adapter, ring(before), (api) => api.auth.issueTokens('alice'));
      expect(decoded(old.access_token, 'header')['kid']).toBe(before.kid);

      const fresh = await withApi(adapter, ring(after, before), async (api) => {
        expect((await api.get('/protected', old.access_token)).status).toBe(200);
        const refreshed = await api.auth.refresh(old.refresh_token!);
        for (const token of [refreshed.access_token, refreshed.refresh_token!])
          expect(decoded(token, 'header')).toMatchObject({ kid: after.kid, alg: after.algorithm });
        expect((await api.get('/protected', refreshed.access_token)).status).toBe(200);
        return refreshed;
      });

      await withApi(adapter, ring(after), async (api) => {
        expect((await api.get('/protected', fresh.access_token)).status).toBe(200);
        expectRefusal(await api.get('/protected', old.access_token), 'token_invalid');
        expectRefusal(await api.get('/refresh-only', old.refresh_token), 'token_invalid');
      });
    },
  );

  it.each([
    ['an unknown one', '2027'],
    ['an empty one', ''],
    ['one that every object has', '__proto__'],
    ['another one', 'constructor'],
    ['a path', '../../../../dev/null'],
    ['a statement', "' OR 1=1 --"],
    ['a number', 2026],
    ['null', null],
    ['an object', { kid: '2026' }],
    ['a list', ['2026']],
    ['4 KB', 'k'.repeat(4_096)],
  ])('J84 HA-03 HA-04 refuses a kid that is %s', async (_name, kid) => {
    await withApi(adapter, ring(hs256('2026', newSecret), hs256('2025', oldSecret)), async (api) => {
      const claims = decoded(api.token());
      const token = (header: object) => sign({ alg: 'HS256', typ: 'at+jwt', ...header }, claims, newSecret);
      expect((await api.get('/protected', token({ kid: '2026' }))).status).toBe(200);
      expectRefusal(await api.get('/protected', token({ kid })), 'token_invalid');
    });
  });

  it('J84 refuses a key under the name of another, and no name where several keys apply', async () => {
    await withApi(adapter, ring(hs256('2026', newSecret), hs256('2025', oldSecret)), async (api) => {
      const claims = decoded(api.token());
      const token = (header: object, key: string) => sign({ alg: 'HS256', typ: 'at+jwt', ...header }, claims, key);
      expect((await api.get('/protected', token({ kid: '2025' }, oldSecret))).status).toBe(200);
      for (const bad of [token({ kid: '2025' }, newSecret), token({ kid: '2026' }, oldSecret), token({}, newSecret)])
        expectRefusal(await api.get('/protected', bad), 'token_invalid');
    });
  });

  it('J84 verifies with a public key alone, and does not issue', async () => {
    const token = await withApi(adapter, ring(es256('a', newKey)), (api) => api.auth.issueAccessToken('alice'));
    await withApi(adapter, ring(es256('a', createPublicKey(newKey))), async (api) => {
      expect((await api.get('/protected', token)).status).toBe(200);
      await expect(api.auth.issueAccessToken('alice')).rejects.toBeInstanceOf(AuthConfigError);
    });
  });

  it.each(['/.well-known/jwks.json', '/auth/jwt/jwks.json'])(
    'J85 publishes the public keys, and nothing private, at %s',
    async (path) => {
      const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      const keys: KeyOptions[] = [
        es256('2026', newKey),
        { algorithm: 'RS256', key: rsa },
        { kid: 'ed', algorithm: 'EdDSA', key: edKey() },
      ];
      await withApi(adapter, { ...ring(...keys), extras: { globalGuard: true } }, async (api) => {
        const { status, headers, body, text } = await api.get(path);
        expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300, must-revalidate']);
        expect(headers['content-type']).toMatch(/^application\/json/);
        const set = body['keys'] as JsonWebKey[];
        expect(set.map((key) => [key['kid'], key['alg'], key['use']])).toEqual([
          ['2026', 'ES256', 'sig'],
          [expect.any(String), 'RS256', 'sig'],
          ['ed', 'EdDSA', 'sig'],
        ]);
        const allowed = new Set(['kty', 'kid', 'alg', 'use', 'crv', 'x', 'y', 'n', 'e']);
        expect(set.flatMap((key) => Object.keys(key)).filter((name) => !allowed.has(name))).toEqual([]);
        expect(text).not.toContain(rsa.export({ format: 'jwk' }).d!.slice(0, 20));
        // what we publish verifies what we sign, as others read it
        const token = await api.auth.issueAccessToken('alice');
        const options = { issuer, audience: issuer, currentDate: new Date(api.clock.now()), typ: 'at+jwt' };
        await expect(jwtVerify(token, createLocalJWKSet({ keys: set } as never), options)).resolves.toMatchObject({
          payload: { sub: 'alice' },
        });
      });
    },
  );

  it('J85 publishes no secret', async () => {
    await withApi(adapter, {}, async (api) => {
      const { status, body, text } = await api.get('/.well-known/jwks.json');
      expect([status, body, text.includes(secret)]).toEqual([200, { keys: [] }, false]);
    });
  });

  it('J85 publishes at another path, or nowhere, where the module says so', async () => {
    await withApi(adapter, { extras: { controllers: { basePath: '/api/auth' } } }, async (api) => {
      expect((await api.get('/api/auth/jwt/jwks.json')).status).toBe(200);
      expect((await api.get('/auth/jwt/jwks.json')).status).toBe(404);
    });
    await withApi(adapter, { extras: { controllers: false } }, async (api) => {
      expect((await api.get('/.well-known/jwks.json')).status).toBe(404);
    });
  });
});

@Controller()
class PartnerController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @RequireToken({ issuer })
  @Get('own-issuer')
  own(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ audience: 'https://files.example.com' })
  @Get('files')
  files(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken()
  @Post('logout')
  @HttpCode(200)
  async logout(@CurrentToken() token: Token) {
    await this.auth.revoke(token);
    return {};
  }

  @RequireToken({ type: 'refresh' })
  @Post('refresh')
  @HttpCode(200)
  refresh(@CurrentToken() token: Token) {
    return this.auth.refresh(token.raw);
  }

  @RequireToken({ locations: ['cookie'] })
  @Get('slide')
  slide(@CurrentToken() token: Token, @Res({ passthrough: true }) _response: object) {
    return describeToken(token);
  }
}

describe.each(adapters)('a trusted issuer (%s)', (adapter) => {
  const realNow = Date.now;
  const key = (kid?: string): IssuerKey => ({
    ...(kid !== undefined && { kid }),
    algorithm: 'ES256',
    privateKey: ecKey(),
  });
  let partner: IssuerServer;
  let other: IssuerServer;
  let api: Api;

  const start = async (
    options: Partial<TrustedIssuerOptions> = {},
    more: Partial<AuthModuleOptions> = {},
    otherToo = true,
  ): Promise<void> => {
    const trust = (server: IssuerServer): TrustedIssuerOptions => ({
      issuer: server.url,
      jwksUri: `${server.url}/jwks.json`,
      audience: issuer,
      algorithms: ['ES256'],
    });
    const { jwksUri, ...rest } = trust(partner);
    const first = { ...rest, ...(options.discovery !== true && { jwksUri }), ...options };
    const trustedIssuers = [first, ...(otherToo ? [trust(other)] : [])];
    api = new Api(adapter, {
      options: { cookies: {}, ...more, jwt: { trustedIssuers } },
      controllers: [PartnerController],
    });
    await api.start();
  };
  const now = () => api.clock.seconds;
  const partnerToken = (given: Parameters<IssuerServer['token']>[1] = {}) => partner.token(now(), given);
  /** jose keeps its cool-down and its cache by the machine's clock. */
  const later = (seconds: number) => {
    api.clock.advance(seconds);
    const at = Date.now() + seconds * 1000 - realNow();
    Date.now = () => realNow() + at;
  };
  const unknown = () => partnerToken({ header: { kid: `unknown-${Math.random()}` } });
  const down = (status: number) => {
    partner.instead = { '*': (response) => response.writeHead(status).end() };
  };

  beforeEach(async () => {
    partner = await new IssuerServer().start();
    other = await new IssuerServer().start();
    partner.keys = [key('one')];
    other.keys = [key('one')];
  });
  afterEach(async () => {
    Date.now = realNow;
    await api?.stop();
    await partner.stop();
    await other.stop();
  });

  it('makes access tokens that are accepted, and its keys are fetched once', async () => {
    await start();
    expect(partner.requests).toEqual([]);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => partnerToken()));
    const answers = await Promise.all(tokens.map((token) => api.get('/protected', token)));
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
    expect(answers[0]!.body).toMatchObject({ sub: 'alice', type: 'access', claims: { iss: partner.url } });
    expect(partner.requests).toEqual(['/jwks.json']);
    expect(other.requests).toEqual([]);
  });

  it('does not get in the way of our own tokens, whose keys need no fetch', async () => {
    await start();
    expect((await api.get('/protected', await api.auth.issueAccessToken('alice'))).status).toBe(200);
    expect([...partner.requests, ...other.requests]).toEqual([]);
  });

  it('CA-04 is compared exactly, and nothing is fetched for what is not', async () => {
    await start();
    const { url } = partner;
    for (const iss of [
      `${url}/`,
      url.slice(0, -1),
      `${url}0`,
      url.toUpperCase(),
      ` ${url}`,
      [url],
      { url },
      '',
      null,
      undefined,
      `${url}#`,
      issuer,
    ]) {
      expectRefusal(await api.get('/protected', await partnerToken({ claims: { iss } })), 'token_invalid');
    }
    expect(partner.requests).toEqual([]);
  });

  it('HA-08 lends no key to another issuer, of whatever name', async () => {
    await start();
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
    expect((await api.get('/protected', await other.token(now()))).status).toBe(200);
    const [one] = partner.keys;
    expectRefusal(await api.get('/protected', await other.token(now(), { key: one! })), 'token_invalid');
    // nor to us, nor we to it
    expectRefusal(
      await api.get('/protected', await partnerToken({ claims: { iss: issuer, type: 'access' } })),
      'token_invalid',
    );
    expectRefusal(await api.get('/protected', api.token({ iss: partner.url })), 'token_invalid');
    expectRefusal(await api.get('/protected', api.token({ iss: partner.url }, { kid: 'one' })), 'token_invalid');
  });

  it('HA-01 HA-02 gives keys by its own set only, and the headers of a token make nobody ask anywhere', async () => {
    await start({}, {}, false);
    await api.get('/protected', await partnerToken());
    const asked = partner.requests.length;
    const forger = key('one');
    other.keys = [forger];
    const jwk = publicJwk(forger);
    for (const header of [
      { jku: `${other.url}/jwks.json` },
      { jku: `${partner.url}@${other.url.slice(7)}/jwks.json` },
      { jku: `${other.url}/jwks.json#${partner.url}` },
      { jku: `data:application/json,${JSON.stringify({ keys: [jwk] })}` },
      { x5u: `${other.url}/cert.pem` },
      { jwk },
      { x5c: ['MIIB'] },
      { kid: `${other.url}/jwks.json` },
    ]) {
      for (const iss of [partner.url, issuer, other.url]) {
        const token = await partnerToken({ claims: { iss, type: 'access' }, header, key: forger });
        expectRefusal(await api.get('/protected', token), 'token_invalid');
      }
    }
    expect(other.requests).toEqual([]);
    expect(partner.requests.length).toBe(asked);
  });

  it('HA-07 is asked at most once a cool-down for keys it does not know', async () => {
    await start();
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
    const flood = async () => {
      const tokens = await Promise.all(Array.from({ length: 25 }, unknown));
      for (const answer of await Promise.all(tokens.map((token) => api.get('/protected', token))))
        expectRefusal(answer, 'token_invalid');
    };
    await flood();
    expect(partner.requests).toHaveLength(1);
    later(31);
    await flood();
    await flood();
    expect(partner.requests).toHaveLength(2);
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
  });

  it('HA-07 is asked for a key that is new, and the token is accepted', async () => {
    await start();
    await api.get('/protected', await partnerToken());
    partner.keys = [...partner.keys, key('two')];
    later(31);
    expect((await api.get('/protected', await partnerToken({ key: partner.keys[1]! }))).status).toBe(200);
    expect(partner.requests).toHaveLength(2);
  });

  it.each([30, 600, 86_400])(
    'HA-07 keeps the keys it gave when it cannot be asked after %i seconds',
    async (seconds) => {
      await start();
      await api.get('/protected', await partnerToken());
      down(500);
      later(seconds + 1);
      for (let round = 0; round < 5; round += 1) {
        expect((await api.get('/protected', await partnerToken())).status).toBe(200);
        expectRefusal(await api.get('/protected', await unknown()), 'token_invalid');
      }
      // the one attempt of this cool-down
      expect(partner.requests).toHaveLength(2);

      partner.instead = {};
      partner.keys = [key('two')];
      later(31);
      expect((await api.get('/protected', await partnerToken())).status).toBe(200);
      expect(partner.requests).toHaveLength(3);
    },
  );

  it('HA-09 makes tokens that die with their key, once the set is read anew: it is replaced, never merged', async () => {
    await start();
    const [one] = partner.keys;
    await api.get('/protected', await partnerToken());
    partner.keys = [key('two')];
    later(601);
    expectRefusal(await api.get('/protected', await partnerToken({ key: one! })), 'token_invalid');
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
  });

  it('HA-09 makes tokens that die with their key as soon as another token made the set be read', async () => {
    await start();
    const old = await partnerToken();
    expect((await api.get('/protected', old)).status).toBe(200);
    partner.keys = [key('two')];
    later(31);
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
    expectRefusal(await api.get('/protected', old), 'token_invalid');
  });

  const outages: [name: string, answer: (server: IssuerServer) => IssuerServer['instead'][string]][] = [
    ['answers 500', () => (response) => void response.writeHead(500).end()],
    ['answers 404', () => (response) => void response.writeHead(404).end()],
    [
      'redirects',
      (server) => (response) => void response.writeHead(302, { Location: `${server.url}/elsewhere` }).end(),
    ],
    ['closes the connection', () => (response) => void response.destroy()],
    ['answers nothing', () => (response) => void response.writeHead(200).end()],
    ['answers HTML', () => (response) => void response.writeHead(200).end('<html>')],
    ['answers JSON that is no set', () => (response) => sendJson(response, { ok: true })],
    ['answers null', () => (response) => sendJson(response, null)],
    ['answers a set of no keys', () => (response) => sendJson(response, { keys: 'none' })],
    ['answers too much', () => (response) => sendJson(response, { keys: [], padding: 'x'.repeat(1_100_000) })],
  ];

  describe.each([
    ['its JWK set', { discovery: false }],
    ['its metadata', { discovery: true }],
  ])('whose keys were never had, asked for %s', (_name, { discovery }) => {
    it.each(outages)(
      'HA-07 makes a 503, one attempt a cool-down, and recovers by itself when it %s',
      async (_case, answer) => {
        await start(discovery ? { discovery } : {});
        partner.instead = { '*': answer(partner)! };
        for (let round = 0; round < 5; round += 1) {
          const refused = await api.send('GET', '/protected', {
            headers: [['Authorization', `Bearer ${await partnerToken()}`]],
            mayFail: true,
          });
          expectRefusal(refused, 'keys_unavailable');
          expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
          expect(refused.headers['www-authenticate']).toBeUndefined();
        }
        expect(partner.requests).toHaveLength(1);
        expect((await api.get('/protected', await api.auth.issueAccessToken('alice'))).status).toBe(200);
        expect((await api.get('/protected', await other.token(now()))).status).toBe(200);

        partner.instead = {};
        later(31);
        expect((await api.get('/protected', await partnerToken())).status).toBe(200);
        expect(partner.requests).toHaveLength(discovery ? 3 : 2);
      },
    );
  });

  it('is found by discovery', async () => {
    await start({ discovery: true });
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
    expect(partner.requests).toEqual(['/.well-known/openid-configuration', '/jwks.json']);
  });

  it.each<[name: string, metadata: (others: IssuerServer) => object]>([
    ['name another issuer', ({ url }) => ({ issuer: url })],
    ['name the issuer with a slash', () => ({ issuer: `${partner.url}/` })],
    ['name no issuer', () => ({ issuer: undefined })],
    ['name no JWK set', () => ({ jwks_uri: undefined })],
    ['name a JWK set over plain http elsewhere', () => ({ jwks_uri: 'http://192.0.2.1/jwks.json' })],
    ['name a JWK set with credentials', ({ url }) => ({ jwks_uri: url.replace('//', '//user:password@') })],
    ['name a file', () => ({ jwks_uri: 'file:///etc/passwd' })],
    ['name a list', ({ url }) => ({ jwks_uri: [url] })],
  ])('is not believed when its metadata %s', async (_name, metadata) => {
    await start({ discovery: true });
    partner.metadata = metadata(other) as Record<string, unknown>;
    for (let round = 0; round < 3; round += 1) {
      const headers = [['Authorization', `Bearer ${await partnerToken()}`]] as const;
      expectRefusal(await api.send('GET', '/protected', { headers, mayFail: true }), 'keys_unavailable');
    }
    expect(partner.requests).toEqual(['/.well-known/openid-configuration']);
    expect(other.requests).toEqual([]);
  });

  it('HA-10 gives one key or none to a token without kid', async () => {
    await start();
    partner.keys = [key()];
    const [only] = partner.keys;
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
    partner.keys = [only!, key()];
    later(601);
    expectRefusal(await api.get('/protected', await partnerToken()), 'token_invalid');
    partner.keys = [key('same'), key('same')];
    later(601);
    expectRefusal(await api.get('/protected', await partnerToken()), 'token_invalid');
  });

  it.each<[name: string, extra: () => [jwk: JsonWebKey, algorithm: string, privateKey: KeyObject]]>([
    [
      'a weak RSA key',
      () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
        return [publicJwk({ algorithm: 'RS256', privateKey }), 'RS256', privateKey];
      },
    ],
    [
      'a key for encryption',
      () => {
        const privateKey = ecKey();
        return [{ ...publicJwk({ algorithm: 'ES256', privateKey }), use: 'enc' }, 'ES256', privateKey];
      },
    ],
    [
      'a key of an algorithm that is not accepted',
      () => {
        const privateKey = ecKey('P-384');
        return [publicJwk({ algorithm: 'ES384', privateKey }), 'ES384', privateKey];
      },
    ],
    [
      'a broken key',
      () => {
        const privateKey = ecKey();
        return [{ ...publicJwk({ algorithm: 'ES256', privateKey }), x: 'AAAA' }, 'ES256', privateKey];
      },
    ],
  ])('is not believed by %s of its set', async (_name, extra) => {
    await start({ algorithms: ['ES256', 'RS256'] });
    const [jwk, algorithm, privateKey] = extra();
    partner.extraKeys = [{ ...jwk, kid: 'extra' }];
    const claims = decoded(await partnerToken());
    // signed by hand: jose itself refuses some of these keys
    const token = signedBy(privateKey, algorithm, { kid: 'extra', typ: 'at+jwt' }, claims);
    expectRefusal(await api.get('/protected', token), 'token_invalid');
    expect((await api.get('/protected', await partnerToken())).status).toBe(200);
  });

  it('HA-11 J25 is not believed by an HMAC, not even of its public key or of a secret in its set', async () => {
    await start();
    const [one] = partner.keys;
    const published = createPublicKey(one!.privateKey).export({ format: 'pem', type: 'spki' });
    partner.extraKeys = [{ kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'oct', alg: 'HS256' }];
    const claims = decoded(await partnerToken());
    for (const [kid, material] of [
      ['one', published],
      ['one', JSON.stringify(publicJwk(one!))],
      ['oct', secret],
    ]) {
      expectRefusal(
        await api.get('/protected', sign({ alg: 'HS256', typ: 'at+jwt', kid }, claims, material)),
        'token_invalid',
      );
    }
    const none = sign({ alg: 'none', typ: 'at+jwt', kid: 'one' }, claims).replace(/\.[^.]*$/, '.');
    expectRefusal(await api.get('/protected', none), 'token_invalid');
  });

  const tokens: [name: string, given: object, code: 'token_invalid' | 'token_expired' | 'wrong_token_type'][] = [
    ['an ID token', { header: { typ: 'JWT' }, claims: { nonce: 'n', at_hash: 'h' } }, 'wrong_token_type'],
    ['an ID token without typ', { header: { typ: undefined } }, 'wrong_token_type'],
    ['a log-out token', { header: { typ: 'logout+jwt' } }, 'token_invalid'],
    ['a refresh token', { header: { typ: 'rt+jwt' } }, 'wrong_token_type'],
    [
      'a token of a type of its own',
      { header: { typ: 'JWT' }, claims: { type: 'password_reset' } },
      'wrong_token_type',
    ],
    ['a token for somebody else', { claims: { aud: 'https://other.example' } }, 'token_invalid'],
    ['a token for nobody', { claims: { aud: undefined } }, 'token_invalid'],
    ['a token for a part of our name', { claims: { aud: issuer.slice(0, -1) } }, 'token_invalid'],
    ['an expired token', { claims: { exp: 1 } }, 'token_expired'],
    ['a token without exp', { claims: { exp: undefined } }, 'token_invalid'],
    ['a token that lives for centuries', { claims: { exp: 8e12 } }, 'token_invalid'],
    ['a token without a subject', { claims: { sub: undefined } }, 'token_invalid'],
    ['a token whose subject is no text', { claims: { sub: 5 } }, 'token_invalid'],
  ];

  it.each(tokens)('CA-05 CA-06 makes %s, which is refused', async (_name, given, code) => {
    await start();
    expectRefusal(await api.get('/protected', await partnerToken(given)), code);
  });

  it('makes tokens without a type that are accepted only where the module says so', async () => {
    await start({ acceptUntypedTokens: true });
    const untyped = await partnerToken({ header: { typ: 'JWT' } });
    expect((await api.get('/protected', untyped)).status).toBe(200);
    expectRefusal(await api.get('/refresh-only', untyped), 'wrong_token_type');
    expectRefusal(await api.get('/protected', await partnerToken({ header: { typ: 'logout+jwt' } })), 'token_invalid');
  });

  it('is kept out of a route for another issuer or audience', async () => {
    await start();
    expectRefusal(await api.get('/own-issuer', await partnerToken()), 'token_invalid');
    expect((await api.get('/own-issuer', await api.auth.issueAccessToken('alice'))).status).toBe(200);
    expectRefusal(await api.get('/files', await partnerToken()), 'token_invalid');
    expect(
      (await api.get('/files', await partnerToken({ claims: { aud: ['https://files.example.com'] } }))).status,
    ).toBe(200);
  });

  it('CA-05 is asked for its own audience, and we for ours', async () => {
    await start({ audience: 'https://partners.example' });
    const aud = 'https://partners.example';
    expect((await api.get('/protected', await partnerToken({ claims: { aud } }))).status).toBe(200);
    expectRefusal(await api.get('/protected', await partnerToken()), 'token_invalid');
    expectRefusal(await api.get('/protected', api.token({ aud })), 'token_invalid');
    expect((await api.get('/protected', api.token())).status).toBe(200);
  });

  it('CA-06 gets no token of ours for a refresh token of its own', async () => {
    await start();
    for (const header of [{ typ: 'rt+jwt' }, { typ: 'JWT' }]) {
      const claims = { type: 'refresh', sid: 'theirs', grant: { scope: { admin: true } } };
      const token = await partnerToken({ header, claims });
      expectRefusal(await api.post('/refresh', token), 'token_invalid');
      await expect(api.auth.refresh(token)).rejects.toMatchObject({ code: 'token_invalid' });
    }
  });

  it('CA-06 J80 gets no token of ours for a cookie that slides', async () => {
    await start({}, { cookies: { slidingRefresh: { within: '10m', absolute: '1h' } } });
    const token = await partnerToken({ claims: { auth_time: now() } });
    const answer = await api.send('GET', '/slide', { headers: cookieLines({ '__Host-access_token': token }) });
    expect([answer.status, answer.body['sub'], setCookiesOf(answer)]).toEqual([200, 'alice', []]);
  });

  it('CA-06 S9 is never taken for one of our sessions, whatever claims it holds', async () => {
    await start();
    const claims = { sid: 'theirs', rti: 'theirs' };
    const expired = await api.get('/protected', await partnerToken({ claims: { ...claims, exp: now() - 60 } }));
    expectRefusal(expired, 'token_expired');
    expect(expired.body['message']).toBe('The token has expired');
    const token = await api.auth.verify(await partnerToken({ claims }));
    expect(token.isOfSession).toBe(false);
  });

  it('RV-04 RV-05 makes tokens that a log-out ends, with their session, and no token of ours of the same names', async () => {
    await start();
    const ours = api.token({ jti: 'same', sid: 'same' });
    const [first, second] = [
      await partnerToken({ claims: { sid: 'same' } }),
      await partnerToken({ claims: { sid: 'same' } }),
    ];
    const single = await partnerToken({ claims: { jti: 'same' } });
    for (const token of [first, single]) {
      expect((await api.post('/logout', token)).status).toBe(200);
      expectRefusal(await api.get('/protected', token), 'token_revoked');
    }
    expectRefusal(await api.get('/protected', second), 'token_revoked');
    expect((await api.get('/protected', ours)).status).toBe(200);
    expect(
      (await api.get('/protected', await other.token(now(), { claims: { sid: 'same', jti: 'same' } }))).status,
    ).toBe(200);

    expect((await api.post('/logout', ours)).status).toBe(200);
    expect((await api.get('/protected', await other.token(now(), { claims: { sid: 'same' } }))).status).toBe(200);
  });

  it('RV-09 has subjects of its own: ours of the same name are logged out alone', async () => {
    await start();
    const [theirs, ours] = [await partnerToken(), await api.auth.issueAccessToken('alice')];
    await api.auth.revokeAll('alice');
    expectRefusal(await api.get('/protected', ours), 'token_revoked');
    expect((await api.get('/protected', theirs)).status).toBe(200);
  });
});

describe('a trusted issuer that hangs', () => {
  it('HA-07 makes a 503 within five seconds', async () => {
    const server = await new IssuerServer().start();
    server.keys = [{ kid: 'one', algorithm: 'ES256', privateKey: ecKey() }];
    server.instead = { '*': () => {} };
    const trusted: TrustedIssuerOptions = {
      issuer: server.url,
      jwksUri: `${server.url}/jwks.json`,
      audience: issuer,
      algorithms: ['ES256'],
    };
    await withApi('express', { options: { jwt: { trustedIssuers: [trusted] } } }, async (api) => {
      const token = await server.token(api.clock.seconds);
      const started = performance.now();
      const headers = [['Authorization', `Bearer ${token}`]] as const;
      expectRefusal(await api.send('GET', '/protected', { headers, mayFail: true }), 'keys_unavailable');
      expect(performance.now() - started).toBeLessThan(6_500);
    });
    await server.stop();
  }, 15_000);
});

describe('trusted issuers that could not be safe', () => {
  const good: TrustedIssuerOptions = {
    issuer: 'https://id.example',
    jwksUri: 'https://id.example/jwks',
    audience: issuer,
    algorithms: ['RS256'],
  };

  it.each<[option: string, trustedIssuers: object[]]>([
    ['jwt.trustedIssuers[0].issuer', [{ ...good, issuer: '' }]],
    ['jwt.trustedIssuers[0].jwksUri', [{ ...good, jwksUri: 'http://id.example/jwks' }]],
    ['jwt.trustedIssuers[0].jwksUri', [{ ...good, jwksUri: 'https://user:password@id.example/jwks' }]],
    ['jwt.trustedIssuers[0].jwksUri', [{ ...good, jwksUri: 'file:///etc/keys' }]],
    ['jwt.trustedIssuers[0].jwksUri', [{ ...good, jwksUri: 'http://127.0.0.1.evil.example/jwks' }]],
    ['jwt.trustedIssuers[0]', [{ ...good, jwksUri: undefined }]],
    ['jwt.trustedIssuers[0]', [{ ...good, discovery: true }]],
    ['jwt.trustedIssuers[0].issuer', [{ ...good, jwksUri: undefined, discovery: true, issuer: 'http://id.example' }]],
    ['jwt.trustedIssuers[0].audience', [{ ...good, audience: undefined }]],
    ['jwt.trustedIssuers[0].audience', [{ ...good, audience: [] }]],
    ['jwt.trustedIssuers[0].algorithms', [{ ...good, algorithms: [] }]],
    ['jwt.trustedIssuers[0].algorithms', [{ ...good, algorithms: ['HS256'] }]],
    ['jwt.trustedIssuers[0].algorithms', [{ ...good, algorithms: ['RS256', 'none'] }]],
    ['jwt.trustedIssuers[0].audiences', [{ ...good, audiences: [issuer] }]],
    ['jwt.trustedIssuers[1].issuer', [good, good]],
    ['jwt.trustedIssuers[0].issuer', [{ ...good, issuer }]],
  ])('HA-08 stop the boot at %s: %j', async (option, trustedIssuers) => {
    const jwt = { issuer, secret, trustedIssuers: trustedIssuers as TrustedIssuerOptions[] };

    @Module({ imports: [AuthModule.forRoot({ jwt })] })
    class BadModule {}
    const error = await bootFailure(BadModule);
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).option).toBe(option);
    expect((error as AuthConfigError).message).not.toContain('password');
  });

  it.each<[name: string, keys: KeyOptions[]]>([
    ['two keys of one name', [es256('a', oldKey), es256('a', newKey)]],
    ['secrets beside key pairs', [hs256('a', oldSecret), es256('b', newKey)]],
    ['two keys without a name', [hs256(undefined, oldSecret), hs256(undefined, newSecret)]],
    ['no key', []],
  ])('HA-10 HA-11 J84 a ring of %s stops the boot', async (_name, keys) => {
    @Module({ imports: [AuthModule.forRoot({ jwt: { issuer, keys } })] })
    class BadModule {}
    const error = await bootFailure(BadModule);
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).option).toMatch(/^jwt\.keys/);
  });
});

describeOnBoth('an application that trusts nobody', {}, (api) => {
  it('HA-02 asks nobody for the issuer of a token', async () => {
    const server = await new IssuerServer().start();
    server.keys = [{ kid: 'one', algorithm: 'ES256', privateKey: ecKey() }];
    expectRefusal(await api.get('/protected', await server.token(api.clock.seconds)), 'token_invalid');
    expect(server.requests).toEqual([]);
    await server.stop();
  });
});
