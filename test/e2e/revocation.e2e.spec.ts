import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Body, Controller, Get, HttpCode, Inject, Module, Post } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthError, AuthModule, AuthService, CurrentToken, noStores, Public, RequireToken, Token } from 'nest-latchkey';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';
import { DataSource } from 'typeorm';
import {
  Api,
  bearer,
  bootFailure,
  decoded,
  describeOnBoth,
  describeToken,
  expectRefusal,
  issuer,
  secret,
  type Adapter,
  type Answer,
} from './fixture.js';

@Controller()
class RevocationController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @RequireToken({ type: 'any' })
  @Post('logout')
  @HttpCode(200)
  async logout(@CurrentToken() token: Token, @Body() options: { family?: boolean } | undefined) {
    await this.auth.revoke(token, options ?? {});
    return {};
  }

  @RequireToken()
  @Post('logout-everywhere')
  @HttpCode(200)
  async logoutEverywhere(@CurrentToken() token: Token) {
    await this.auth.revokeAll(token.sub);
    return {};
  }

  /** RFC 7009: the same answer for a token that is unknown. */
  @Public()
  @Post('revoke')
  @HttpCode(200)
  async revoke(@Body() { token }: { token: string }) {
    try {
      await this.auth.revoke(token);
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'token_invalid') throw error;
    }
    return {};
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() body: { refresh_token: string }) {
    return this.auth.refresh(body.refresh_token);
  }

  @RequireToken({ revocation: 'store' })
  @Get('careful')
  careful(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @Public()
  @Get('open')
  open() {
    return {};
  }
}

const controllers = [RevocationController];

interface Pair {
  readonly access: string;
  readonly refresh: string;
}

const newSubject = () => `user-${randomUUID()}`;

async function logIn(api: Api, subject = newSubject()): Promise<Pair> {
  const { access_token: access, refresh_token: refresh } = await api.auth.issueTokens(subject);
  return { access, refresh: refresh! };
}

const use = (api: Api, refreshToken: string) => api.post('/refresh', undefined, { refresh_token: refreshToken });

async function statuses(api: Api, { access, refresh }: Pair): Promise<[access: number, refresh: number]> {
  return [(await api.get('/protected', access)).status, (await api.get('/refresh-only', refresh)).status];
}

/** An answer that may be an outage. */
function ask(api: Api, method: string, path: string, token?: string, body?: object): Promise<Answer> {
  return api.send(method, path, { headers: bearer(token), body, mayFail: true });
}

function expectOutage(answer: Answer): void {
  expectRefusal(answer, 'store_unavailable');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.headers['www-authenticate']).toBeUndefined();
  expect(answer.text).not.toMatch(/sql|table|auth_/i);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits for what is promised within so many seconds. @returns the seconds it took. */
async function within(seconds: number, holds: () => Promise<boolean>): Promise<number> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  while (!(await holds())) {
    if (elapsed() > seconds) throw new Error(`not within ${seconds} seconds`);
    await pause(25);
  }
  return elapsed();
}

describeOnBoth('a log-out', { controllers }, (api) => {
  it.each(['access', 'refresh'] as const)(
    'RV-05 J72 by %s token ends both tokens of the session, and no other session',
    async (kind) => {
      const subject = newSubject();
      const [mine, other] = [await logIn(api, subject), await logIn(api, subject)];
      // both are known to the cache of verified tokens
      expect(await statuses(api, mine)).toEqual([200, 200]);
      expect((await api.post('/logout', mine[kind])).status).toBe(200);
      expectRefusal(await api.get('/protected', mine.access), 'token_revoked');
      expectRefusal(await api.get('/refresh-only', mine.refresh), 'token_revoked');
      expectRefusal(await api.get('/optional', mine.access), 'token_revoked');
      expectRefusal(await api.get('/careful', mine.access), 'token_revoked');
      expect((await api.get('/unrevoked', mine.access)).status).toBe(200);
      expect(await statuses(api, other)).toEqual([200, 200]);
    },
  );

  it('RV-05 of one token alone leaves the rest of its session', async () => {
    const pair = await logIn(api);
    expect((await api.post('/logout', pair.access, { family: false })).status).toBe(200);
    expect(await statuses(api, pair)).toEqual([401, 200]);
    expect((await use(api, pair.refresh)).status).toBe(200);
  });

  it('J44 of a token without a session ends that token alone', async () => {
    const [one, other] = [await api.auth.issueAccessToken('alice'), await api.auth.issueAccessToken('alice')];
    expect((await api.post('/logout', one)).status).toBe(200);
    expectRefusal(await api.get('/protected', one), 'token_revoked');
    expect((await api.get('/protected', other)).status).toBe(200);
  });

  it('RV-05 ends tokens that were refreshed before', async () => {
    const first = await logIn(api);
    const { body } = await use(api, first.refresh);
    const second = { access: body['access_token'], refresh: body['refresh_token'] };
    await api.post('/logout', first.access);
    expect([...(await statuses(api, first)), ...(await statuses(api, second))]).toEqual([401, 401, 401, 401]);
  });

  it('RV-09 J83 everywhere ends all sessions of the user, and of nobody else', async () => {
    const subject = newSubject();
    const mine = [await logIn(api, subject), await logIn(api, subject)];
    const others = [await logIn(api), await logIn(api, `${subject}x`), await logIn(api, subject.toUpperCase())];
    expect((await api.post('/logout-everywhere', mine[0]!.access)).status).toBe(200);
    for (const pair of mine) expect(await statuses(api, pair)).toEqual([401, 401]);
    for (const pair of others) expect(await statuses(api, pair)).toEqual([200, 200]);
    expectRefusal(await use(api, mine[1]!.refresh), 'token_revoked');
  });

  it('RV-09 everywhere, in the second of a log-in, ends what came before it and nothing that comes after', async () => {
    const subject = newSubject();
    const before = await logIn(api, subject);
    await api.auth.revokeAll(subject);
    const after = await logIn(api, subject);
    expect(await statuses(api, before)).toEqual([401, 401]);
    expect(await statuses(api, after)).toEqual([200, 200]);
    api.clock.advance(1);
    const later = await logIn(api, subject);
    expect(await statuses(api, later)).toEqual([200, 200]);
    expect((await use(api, after.refresh)).status).toBe(200);
  });

  it('RV-09 everywhere, racing log-ins, ends those that were answered before it began', async () => {
    const subject = newSubject();
    for (let round = 0; round < 10; round += 1) {
      const before = await logIn(api, subject);
      const [, ...racing] = await Promise.all([api.auth.revokeAll(subject), logIn(api, subject), logIn(api, subject)]);
      const after = await logIn(api, subject);
      expect(await statuses(api, before)).toEqual([401, 401]);
      expect(await statuses(api, after)).toEqual([200, 200]);
      for (const pair of racing)
        expect([
          [401, 401],
          [200, 200],
        ]).toContainEqual(await statuses(api, pair));
      api.clock.advance(0.3);
    }
  });

  it('RV-04 of an unknown token, of somebody else or twice is answered alike, and changes nothing else', async () => {
    const [mine, other] = [await logIn(api), await logIn(api)];
    const foreign = api.token({ iss: 'https://other.example', sid: decoded(mine.access)['sid'] });
    const forged = api.token({ sid: decoded(mine.access)['sid'] }).replace(/\.[^.]*$/, `.${mine.access.split('.')[2]}`);
    for (const token of ['', 'x', 'a.b.c', foreign, forged, `${mine.access}x`, `${mine.access} `]) {
      const answer = await api.post('/revoke', undefined, { token });
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }
    expect(await statuses(api, mine)).toEqual([200, 200]);
    for (let time = 0; time < 2; time += 1) {
      const answer = await api.post('/revoke', undefined, { token: mine.refresh });
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }
    expect(await statuses(api, mine)).toEqual([401, 401]);
    expect(await statuses(api, other)).toEqual([200, 200]);
  });

  it('RV-04 takes an expired token too, whose session may live on', async () => {
    const pair = await logIn(api);
    api.clock.advance(3_600);
    expect((await api.post('/revoke', undefined, { token: pair.access })).status).toBe(200);
    expectRefusal(await api.get('/refresh-only', pair.refresh), 'token_revoked');
  });

  it('RV-06 lasts to the last moment at which the token would be accepted', async () => {
    const pair = await logIn(api);
    await api.post('/logout', pair.access);
    api.clock.advance(904);
    // a tick of the poll, which prunes
    await pause(1_100);
    expectRefusal(await api.get('/protected', pair.access), 'token_revoked');
    api.clock.advance(30 * 86_400 - 900);
    await pause(1_100);
    expectRefusal(await api.get('/refresh-only', pair.refresh), 'token_revoked');
    api.clock.advance(1);
    expectRefusal(await api.get('/refresh-only', pair.refresh), 'token_expired');
  });

  it('RV-08 CA-08 cannot be evaded by a token that has no name: it is refused everywhere', async () => {
    const nameless = api.token({ jti: undefined });
    for (const path of ['/protected', '/any', '/unrevoked', '/careful'])
      expectRefusal(await api.get(path, nameless), 'token_invalid');
  });
});

const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

describeOnBoth(
  'a log-out of a token signed with ES256',
  { options: { jwt: { secret: undefined, algorithm: 'ES256', privateKey: ecKey } }, controllers },
  (api) => {
    it('RV-03 JF-07 holds for the second text that the same token has', async () => {
      const token = await api.auth.issueAccessToken('alice');
      const twin = mirrored(token);
      expect(twin).not.toBe(token);
      // the mirrored signature is a good one
      expect((await api.get('/protected', twin)).status).toBe(200);
      // by its own name, not by that of its family
      await api.post('/logout', token, { family: false });
      for (const text of [token, twin]) expectRefusal(await api.get('/protected', text), 'token_revoked');
    });
  },
);

/** (r, n - s) signs whatever (r, s) signs. */
function mirrored(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [header, payload, signature] = token.split('.');
  const bytes = Buffer.from(signature!, 'base64url');
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return `${header}.${payload}.${other.toString('base64url')}`;
}

describeOnBoth('an application that remembers nothing', { options: { stores: noStores() } }, (api) => {
  it('RV-02 says so when it is asked to revoke', async () => {
    const pair = await logIn(api);
    await expect(api.auth.revoke(pair.access)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(api.auth.revokeAll('alice')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await statuses(api, pair)).toEqual([200, 200]);
  });
});

describe.each<[Adapter, Adapter]>([
  ['express', 'fastify'],
  ['fastify', 'express'],
])('two applications on one database (%s, %s)', (one, other) => {
  let folder: string;
  /** A connection of the test's own. */
  let database: DataSource;
  let first: Api;
  let second: Api;

  const open = async (adapter: Adapter): Promise<Api> => {
    const dataSource = TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: join(folder, 'auth.sqlite'),
      enableWAL: true,
      entities: authEntities,
      migrations: authMigrations,
      migrationsRun: true,
    });
    const options = { stores: typeormStores(), revocation: { poll: 1, maxStaleness: 2 } };
    const api = new Api(adapter, { options, extras: { imports: [dataSource] }, controllers });
    await api.start();
    return api;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'));
    first = await open(one);
    second = await open(other);
    database = await new DataSource({ type: 'better-sqlite3', database: join(folder, 'auth.sqlite') }).initialize();
  });
  afterAll(async () => {
    await first.stop();
    await second.stop();
    await database.destroy();
    await rm(folder, { recursive: true });
  });

  const logOuts: [name: string, logOut: (pair: Pair) => Promise<Answer>, ended: [number, number]][] = [
    ['a session', ({ refresh }) => first.post('/logout', refresh), [401, 401]],
    ['a token', ({ access }) => first.post('/logout', access, { family: false }), [401, 200]],
    ['all sessions of a user', ({ access }) => first.post('/logout-everywhere', access), [401, 401]],
  ];

  it.each(logOuts)(
    'RV-01 refuse %s at once where it was ended, elsewhere within the poll, and at once where the route asks the store',
    async (_name, logOut, ended) => {
      const [pair, bystander] = [await logIn(first), await logIn(second)];
      expect(await statuses(second, pair)).toEqual([200, 200]);
      expect((await logOut(pair)).status).toBe(200);
      expectRefusal(await second.get('/careful', pair.access), 'token_revoked');
      expect(await statuses(first, pair)).toEqual(ended);
      const seconds = await within(2.5, async () => (await statuses(second, pair)).join() === ended.join());
      expect(seconds).toBeLessThan(2.5);
      expect(await statuses(second, bystander)).toEqual([200, 200]);
    },
  );

  it('RV-01 RR-07 refuse at once to refresh what was ended elsewhere', async () => {
    const pair = await logIn(first);
    await first.post('/logout', pair.access);
    expectRefusal(await use(second, pair.refresh), 'token_revoked');
  });

  it('RR-07 RV-09 give nothing that outlives a log-out everywhere for a refresh token issued before it', async () => {
    const subject = newSubject();
    const pair = await logIn(first, subject);
    second.clock.advance(2);
    const [refreshed] = await Promise.all([use(second, pair.refresh), first.auth.revokeAll(subject)]);
    second.clock.advance(-2);
    expect([200, 401]).toContain(refreshed.status);
    if (refreshed.status === 200)
      expectRefusal(await second.get('/careful', refreshed.body['access_token']), 'token_revoked');
    expectRefusal(await use(second, pair.refresh), 'token_revoked');
  });

  it('J82 FT-08 answer twenty refreshes of one token at once, and let one branch live', async () => {
    for (let round = 0; round < 5; round += 1) {
      const pair = await logIn(first);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => use([first, second][index % 2]!, pair.refresh)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      const children = answers.map(({ body }) => body['refresh_token'] as string);
      const next = await Promise.all([use(first, children[0]!), use(second, children[1]!)]);
      expect(next.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
      expect(next.some(({ body }) => body['errorCode'] === 'token_reused')).toBe(true);
      for (const child of children) expectRefusal(await use(first, child), 'token_revoked');
    }
  });

  it('RR-02 end a family by a token that was used in the other one', async () => {
    const pair = await logIn(first);
    const { body } = await use(first, pair.refresh);
    second.clock.advance(11);
    expectRefusal(await use(second, pair.refresh), 'token_reused');
    second.clock.advance(-11);
    expectRefusal(await use(first, body['refresh_token']), 'token_revoked');
    await within(2.5, async () => (await first.get('/protected', body['access_token'])).status === 401);
  });

  it('RR-06 remember over a restart what was used and what was revoked', async () => {
    const [used, revoked] = [await logIn(first), await logIn(first)];
    const { body } = await use(first, used.refresh);
    await first.post('/logout', revoked.access);
    await first.stop();
    first = await open(one);
    expect(await statuses(first, revoked)).toEqual([401, 401]);
    expect((await first.get('/protected', body['access_token'])).status).toBe(200);
    first.clock.advance(11);
    expectRefusal(await use(first, used.refresh), 'token_reused');
    expectRefusal(await first.get('/protected', body['access_token']), 'token_revoked');
    first.clock.reset();
  });

  describe('whose database fails', () => {
    let isAway = false;

    const rename = async (from: string, to: string) => {
      for (const table of ['revocation', 'refresh_use'])
        await database.query(`ALTER TABLE ${from}_${table} RENAME TO ${to}_${table}`);
      isAway = to === 'away';
    };
    const during = async (outage: () => Promise<void>) => {
      await rename('auth', 'away');
      await outage();
      await rename('away', 'auth');
    };
    afterEach(async () => {
      if (isAway) await rename('away', 'auth');
      for (const api of [first, second]) {
        const { access } = await logIn(api);
        await within(2.5, async () => (await ask(api, 'GET', '/protected', access)).status === 200);
      }
    });

    it('RV-02 FT-02 answer 503 with Retry-After, never 200 for long and never 401, and recover by themselves', async () => {
      const [good, ended] = [await logIn(first), await logIn(first)];
      await first.post('/logout', ended.access);
      await within(2.5, async () => (await second.get('/protected', ended.access)).status === 401);

      await during(async () => {
        // at once where the store itself is asked
        for (const api of [first, second]) {
          expectOutage(await ask(api, 'GET', '/careful', good.access));
          expectOutage(await ask(api, 'POST', '/refresh', undefined, { refresh_token: good.refresh }));
          expectOutage(await ask(api, 'POST', '/logout', good.access));
        }
        // elsewhere when what is known has become too old; until then it is known
        for (const api of [first, second]) {
          await within(4, async () => (await ask(api, 'GET', '/protected', good.access)).status === 503);
          for (const path of ['/protected', '/optional', '/any']) {
            expectOutage(await ask(api, 'GET', path, good.access));
            expect([401, 503]).toContain((await ask(api, 'GET', path, ended.access)).status);
          }
          expectOutage(await ask(api, 'POST', '/logout-everywhere', good.access));
          // what needs no store goes on, and what is bad is bad
          expect((await api.get('/open')).status).toBe(200);
          expect((await api.get('/optional')).status).toBe(200);
          expect((await api.get('/unrevoked', good.access)).status).toBe(200);
          expectRefusal(await api.get('/protected'), 'token_missing');
          expectRefusal(await api.get('/protected', 'a.b.c'), 'token_invalid');
          expectRefusal(await api.get('/protected', await api.expiredToken()), 'token_expired');
          await expect(api.auth.isValid(good.access)).rejects.toMatchObject({ code: 'store_unavailable' });
        }
      });

      for (const api of [first, second]) {
        await within(2.5, async () => (await ask(api, 'GET', '/protected', good.access)).status === 200);
        expectRefusal(await api.get('/protected', ended.access), 'token_revoked');
      }
      // the outage consumed nothing and revoked nothing
      expect((await use(second, good.refresh)).status).toBe(200);
    }, 20_000);

    it('RV-02 hear after an outage of what was revoked during it', async () => {
      const pair = await logIn(first);
      await during(async () => {
        await within(4, async () => (await ask(second, 'GET', '/protected', pair.access)).status === 503);
        const now = first.clock.now();
        const row = ['sid', decoded(pair.access)['sid'], 0, now - 1_000, now + 10_000_000];
        await database.query(
          'INSERT INTO away_revocation (kind, id, not_before, revoked_at, expires_at) VALUES (?, ?, ?, ?, ?)',
          row,
        );
      });
      await within(2.5, async () => (await ask(second, 'GET', '/protected', pair.access)).status !== 503);
      expectRefusal(await second.get('/protected', pair.access), 'token_revoked');
    }, 15_000);

    it('RV-02 do not start', async () => {
      @Module({
        imports: [
          AuthModule.forRoot({
            jwt: { issuer, secret },
            stores: typeormStores(),
            imports: [TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:', entities: authEntities })],
          }),
        ],
      })
      class BadModule {}
      expect(await bootFailure(BadModule, one)).toMatchObject({ code: 'store_unavailable' });
    });
  });

  it('RV-06 RV-07 keep what is revoked as long as a token can live, and no longer', async () => {
    const count = async (table: string, where = 'TRUE', parameters: unknown[] = []) => {
      const [{ rows }] = (await database.query(`SELECT COUNT(*) AS rows FROM ${table} WHERE ${where}`, parameters)) as [
        { rows: number },
      ];
      return rows;
    };
    const pair = await logIn(first);
    await use(first, pair.refresh);
    await first.post('/logout', pair.access);
    expect(await count('auth_refresh_use')).toBeGreaterThan(0);

    for (const api of [first, second]) api.clock.advance(30 * 86_400);
    await pause(1_500);
    expect(await count('auth_revocation', 'id = ?', [decoded(pair.access)['sid']])).toBe(1);
    expectRefusal(await second.get('/refresh-only', pair.refresh), 'token_revoked');

    for (const api of [first, second]) api.clock.advance(10 * 60);
    await within(5, async () => (await count('auth_revocation')) + (await count('auth_refresh_use')) === 0);
    expectRefusal(await second.get('/refresh-only', pair.refresh), 'token_expired');
  }, 15_000);
});
