import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { AuthConfigError, memoryStores, noStores, type AuthModuleOptions, type SigningKeyStore } from 'nest-latchkey';
import { SigningKeys } from '../../libs/auth/src/keys/signing-keys.js';
import {
  Api,
  bootFailure,
  decoded,
  describeOnBoth,
  expectRefusal,
  issuer,
  rootModule,
  sign,
  type Answer,
  type FixtureOptions,
} from './fixture.js';
import { expectUntouched, LogInController, SessionClient } from './session-client.js';

const encryptionKeys = [{ id: 'a', key: randomBytes(32).toString('base64') }];
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
/** Of a retired key: the life of a refresh token, the tolerance, and a minute that clocks may differ. */
const overlap = hour + 5 + minute;

/** An outage of the store of signing keys alone, as tests switch it. */
const outage = { on: false };
const stores = {
  ...memoryStores(),
  create: (instances: never) => {
    const made = memoryStores().create(instances);
    const signingKeys = new Proxy(made.signingKeys!, {
      get: (target, name: keyof SigningKeyStore) =>
        outage.on ? () => Promise.reject(new Error('ECONNREFUSED')) : target[name].bind(target),
    });
    return { ...made, signingKeys };
  },
};

const jwt = { secret: undefined, managedKeys: { encryptionKeys }, refreshTokenLifetime: '1h' } as const;
const fixture: FixtureOptions = {
  options: { publicUrl: 'http://127.0.0.1:3000', session: {}, jwt, stores },
  controllers: [LogInController],
};

const kidOf = (token: string): string => decoded(token, 'header')['kid'];

/** Each test needs an application of its own: keys do not go back in time. */
function describeManaged(name: string, tests: (start: () => Promise<Api>) => void): void {
  describe.each(['express', 'fastify'] as const)(`${name} (%s)`, (adapter) => {
    let api: Api;
    beforeEach(() => {
      outage.on = false;
      api = new Api(adapter, fixture);
    });
    afterEach(() => api.stop());
    tests(async () => {
      await api.start();
      return api;
    });
  });
}

/** Time goes by, and the timer comes round. */
async function pass(api: Api, seconds: number): Promise<void> {
  api.clock.advance(seconds);
  await api.app
    .get(SigningKeys)
    .tick()
    .catch(() => {});
}

const jwksOf = async (api: Api): Promise<JSONWebKeySet> =>
  (await api.get('/.well-known/jwks.json')).body as unknown as JSONWebKeySet;
const published = async (api: Api): Promise<unknown[]> => (await jwksOf(api)).keys.map(({ kid }) => kid);

const expectTryRefresh = (answer: Answer): void => {
  expect([answer.status, answer.body['message']]).toEqual([401, 'try refresh token']);
  expectUntouched(answer);
};

describeManaged('keys that the module manages', (start) => {
  it('sign with ES256, and others verify by the key set', async () => {
    const api = await start();
    const token = await api.auth.issueAccessToken('alice');
    expect(decoded(token, 'header')).toMatchObject({ alg: 'ES256', kid: expect.stringMatching(/^[\w-]{43}$/) });
    expect((await api.get('/protected', token)).status).toBe(200);
    const options = { issuer, audience: issuer, currentDate: new Date(api.clock.now()), typ: 'at+jwt' };
    const { payload } = await jwtVerify(token, createLocalJWKSet(await jwksOf(api)), options);
    expect(payload.sub).toBe('alice');
  });

  it.each(['/.well-known/jwks.json', '/auth/jwt/jwks.json'])(
    'S43 are published in time, with nothing private, at %s',
    async (path) => {
      const api = await start();
      await api.auth.rotateSigningKey();
      await pass(api, 10 * minute);
      await api.auth.rotateSigningKey();
      const { headers, body } = await api.get(path);
      expect(headers['cache-control']).toBe('public, max-age=300, must-revalidate');
      const keys = body['keys'] as object[];
      expect(keys).toHaveLength(3); // the one that signs, the one before, the next
      for (const key of keys)
        expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    },
  );

  it.each(['cookie', 'header'] as const)(
    'S43 rotate by themselves: sessions of a client in %s mode live through it',
    async (mode) => {
      const api = await start();
      const client = new SessionClient(api, mode);
      await client.logIn();
      const first = kidOf(client.access);
      expect(await published(api)).toEqual([first]);

      await pass(api, 30 * day - 10 * minute);
      const [, next] = await published(api);
      expect(next).toBeDefined();
      expectTryRefresh(await client.call('GET', '/protected'));
      const late = new SessionClient(api, mode);
      await late.logIn();
      expect(kidOf(late.access)).toBe(first);

      // the old kid in overlap: 200, and the set lists both
      await pass(api, 10 * minute);
      expect((await late.call('GET', '/protected')).status).toBe(200);
      expect((await published(api)).toSorted()).toEqual([first, next].toSorted());
      expect((await late.refresh()).status).toBe(200);
      expect(kidOf(late.access)).toBe(next);
      expect((await late.call('GET', '/protected')).status).toBe(200);

      // then gone
      await pass(api, overlap - 1);
      expect(await published(api)).toContain(first);
      await pass(api, 1);
      expect(await published(api)).toEqual([next]);
      expect((await late.refresh()).status).toBe(200);
      expect((await late.call('GET', '/protected')).status).toBe(200);
    },
  );

  it('S43 let the longest token of the old key live to its last second, and the cache no longer', async () => {
    const api = await start();
    await pass(api, 30 * day - 1);
    const { access_token, refresh_token } = await api.auth.issueTokens('alice');
    await pass(api, 10 * minute);
    expect(kidOf(await api.auth.issueAccessToken('alice'))).not.toBe(kidOf(access_token));
    expect((await api.get('/protected', access_token)).status).toBe(200);
    await pass(api, 50 * minute - 1);
    expect((await api.get('/refresh-only', refresh_token)).status).toBe(200);
  });

  it.each(['cookie', 'header'] as const)(
    'S43 end at once when compromised: 401 try refresh token, and a refresh gives the new kid, in %s mode',
    async (mode) => {
      const api = await start();
      const client = new SessionClient(api, mode);
      await client.logIn();
      const first = kidOf(client.access);
      expect((await client.call('GET', '/protected')).status).toBe(200); // and is remembered
      const { kid, signsFrom } = await api.auth.rotateSigningKey({ compromised: true });
      expect(signsFrom).toEqual(new Date(api.clock.now() + 20_000));
      expect(await published(api)).toEqual([first, kid]);

      await pass(api, 20);
      expectTryRefresh(await client.call('GET', '/protected'));
      expect(await published(api)).toEqual([kid]);
      expect((await client.refresh()).status).toBe(200);
      expect(kidOf(client.access)).toBe(kid);
      expect((await client.call('GET', '/protected')).status).toBe(200);
    },
  );

  it('S43 end stateless refresh tokens too when compromised', async () => {
    const api = await start();
    const { refresh_token } = await api.auth.issueTokens('alice');
    await api.auth.rotateSigningKey({ compromised: true });
    await pass(api, 20);
    const refusal = await api.get('/refresh-only', refresh_token);
    expect([refusal.status, refusal.body['errorCode']]).toEqual([401, 'token_invalid']);
    await expect(api.auth.refresh(refresh_token!)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('HA-03, HA-04 refuse any other kid', async () => {
    const api = await start();
    const token = await api.auth.issueAccessToken('alice');
    const [, payload] = token.split('.');
    for (const kid of ['forged', '__proto__', "'; DROP TABLE auth_signing_key; --", '../../etc/passwd', 7, null]) {
      const header = { ...decoded(token, 'header'), kid };
      const forged = sign(header, Buffer.from(payload!, 'base64url').toString());
      expect((await api.get('/protected', forged)).status).toBe(401);
    }
  });

  it('do not notice an outage of the store; only what is new waits, by 503', async () => {
    const api = await start();
    const client = new SessionClient(api, 'header');
    await client.logIn();
    outage.on = true;
    await pass(api, 10 * minute);
    expect((await client.call('GET', '/protected')).status).toBe(200);
    expect((await client.refresh()).status).toBe(200);

    await pass(api, 1);
    expect((await client.call('GET', '/protected')).status).toBe(200);
    const unknown = sign({ alg: 'ES256', typ: 'at+jwt', kid: 'elsewhere' }, decoded(client.access));
    const answers = [
      await api.send('POST', '/login', { body: { subject: 'alice' }, mayFail: true }),
      await api.send('POST', '/auth/session/refresh', {
        headers: [['Authorization', `Bearer ${client.refreshToken}`]],
        mayFail: true,
      }),
      await api.send('GET', '/protected', { headers: [['Authorization', `Bearer ${unknown}`]], mayFail: true }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
      expectUntouched(answer);
    }

    outage.on = false;
    await pass(api, 1);
    expect((await client.refresh()).status).toBe(200);
    expectTryRefresh(await api.get('/protected', unknown));
  });
});

describeOnBoth('keys of the options', {}, (api) => {
  it('are not rotated by the module, and asking says why', async () => {
    await expect(api.auth.rotateSigningKey()).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: expect.stringContaining('jwt.managedKeys'),
    });
    expectRefusal(await api.get('/protected', sign({ alg: 'HS256', kid: 'x' }, {})), 'token_invalid');
  });
});

describe('jwt.managedKeys', () => {
  const key = encryptionKeys[0]!.key;
  type Jwt = Partial<Record<keyof AuthModuleOptions['jwt'], unknown>>;
  it.each<[id: string, what: string, jwt: Jwt, option: string, problem: RegExp]>([
    ['CF-02', 'beside a secret', { secret: 'x'.repeat(40) }, 'jwt.managedKeys', /beside jwt\.secret: keep one/],
    ['CF-02', 'beside a private key', { privateKey: 'PEM' }, 'jwt.managedKeys', /beside jwt\.privateKey/],
    ['CF-02', 'beside keys', { keys: [{ algorithm: 'HS256', key }] }, 'jwt.managedKeys', /beside jwt\.keys/],
    ['CF-02', 'beside a public key', { publicKey: 'PEM' }, 'jwt.publicKey', /beside jwt\.managedKeys: keep one/],
    ['CF-02', 'for a secret', { algorithm: 'HS256' }, 'jwt.algorithm', /is HS256.*take 'ES256' or leave it out/],
    ['CF-06', 'as true', { managedKeys: true }, 'jwt.managedKeys', /must be an object/],
    ['CF-06', 'as null', { managedKeys: null }, 'jwt.managedKeys', /must be an object/],
    ['CF-06', 'with a typo', { managedKeys: { encryptionKey: key } }, 'jwt.managedKeys.encryptionKey', /is no option/],
    ['CF-03', 'without a key', { managedKeys: {} }, 'jwt.managedKeys.encryptionKeys', /is missing.*openssl rand/],
    [
      'CF-03',
      'with a weak key',
      { managedKeys: { encryptionKeys: [{ id: 'a', key: 'changeme' }] } },
      'jwt.managedKeys.encryptionKeys[0].key',
      /must be 32 random bytes/,
    ],
    [
      'CF-06',
      'rotated without end',
      { managedKeys: { encryptionKeys, rotateEvery: '59m' } },
      'jwt.managedKeys.rotateEvery',
      /from 3600 to/,
    ],
    ['CF-07', 'with tokens that live for ever', { refreshTokenLifetime: 'never' }, 'jwt.managedKeys', /'never'/],
  ])('%s stops the boot %s', async (_id, _what, given, option, problem) => {
    const root = rootModule({ options: { jwt: { ...jwt, ...given } as never } });
    const failure = await bootFailure(root);
    expect(failure).toBeInstanceOf(AuthConfigError);
    expect(failure).toMatchObject({ option, message: expect.stringMatching(problem) });
    expect((failure as Error).message).not.toContain(key);
  });

  it.each([
    ['noStores()', noStores()],
    ['stores of your own without them', { ...memoryStores(), create: () => ({}) }],
  ])('CF-09 stops the boot with %s', async (_what, without) => {
    const failure = await bootFailure(rootModule({ options: { jwt, stores: without } }));
    expect(failure).toBeInstanceOf(AuthConfigError);
    expect(failure).toMatchObject({ option: 'jwt.managedKeys', message: expect.stringMatching(/typeormStores\(\)/) });
  });

  it('is read no more when the boot is stopped by what comes after the keys', async () => {
    let reads = 0;
    const failing: typeof stores = {
      ...stores,
      create: (instances) => {
        const made = stores.create(instances);
        const counted = new Proxy(made.signingKeys, {
          get: (target, name: keyof SigningKeyStore) => {
            if (name === 'list') reads += 1;
            return target[name].bind(target);
          },
        });
        const revocations = Object.assign(made.revocations!, {
          shared: true,
          list: () => Promise.reject(new Error('ECONNREFUSED')),
        });
        return { ...made, revocations, signingKeys: counted };
      },
    };
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
    try {
      const app = await NestFactory.create(rootModule({ options: { jwt, stores: failing } }), {
        abortOnError: false,
        logger: false,
      });
      await expect(app.init()).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(reads).toBeGreaterThan(0);
      const before = reads;
      // nobody closes it
      for (let turn = 0; turn < 10; turn++) await jest.advanceTimersByTimeAsync(10_000);
      expect(reads).toBe(before);
    } finally {
      jest.useRealTimers();
    }
  });

  it('stops the boot while the store cannot be asked', async () => {
    outage.on = true;
    expect(await bootFailure(rootModule({ options: { jwt, stores } }))).toMatchObject({ code: 'store_unavailable' });
    outage.on = false;
  });
});
