import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import {
  AuthService,
  memoryStores,
  noStores,
  Public,
  type AuthEvents,
  type AuthStores,
  type RefreshOptions,
  type TokenResponse,
} from 'nest-latchkey';
import { decoded, describeOnBoth, expectRefusal, issuer, type Answer, type Api } from './fixture.js';
import { SeededRandom } from './random.js';

/** The token endpoint of an application. */
@Controller()
class RefreshController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Public()
  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() body: { refresh_token: string; options?: RefreshOptions }) {
    return this.auth.refresh(body.refresh_token, body.options);
  }
}

const controllers = [RefreshController];
const events: { name: string; payload: AuthEvents[keyof AuthEvents] }[] = [];
const hooks = {
  onEvent: (name: string, payload: AuthEvents[keyof AuthEvents]) => void events.push({ name, payload }),
};
const reuses = () => events.filter(({ name }) => name === 'refresh.reused').map(({ payload }) => payload);

beforeEach(() => {
  events.length = 0;
});

interface Pair {
  readonly access: string;
  readonly refresh: string;
}

function pairOf({ access_token: access, refresh_token: refresh }: TokenResponse): Pair {
  return { access, refresh: refresh! };
}

function use(api: Api, refreshToken: unknown, options?: RefreshOptions): Promise<Answer> {
  return api.post('/refresh', undefined, { refresh_token: refreshToken, ...(options && { options }) });
}

/** The pair that a refresh must give. */
async function refreshed(api: Api, refreshToken: string, options?: RefreshOptions): Promise<Pair> {
  const answer = await use(api, refreshToken, options);
  expect([answer.status, answer.body['errorCode']]).toEqual([200, undefined]);
  return pairOf(answer.body as TokenResponse);
}

async function logIn(api: Api, subject = 'alice', options?: Parameters<AuthService['issueTokens']>[1]): Promise<Pair> {
  return pairOf(await api.auth.issueTokens(subject, options));
}

async function expectDead(api: Api, ...pairs: Pair[]): Promise<void> {
  for (const { access, refresh } of pairs) {
    expectRefusal(await api.get('/protected', access), 'token_revoked');
    expectRefusal(await api.get('/refresh-only', refresh), 'token_revoked');
    expectRefusal(await use(api, refresh), 'token_revoked');
  }
}

async function expectAlive(api: Api, ...pairs: Pair[]): Promise<void> {
  for (const { access, refresh } of pairs) {
    expect((await api.get('/protected', access)).status).toBe(200);
    expect((await api.get('/refresh-only', refresh)).status).toBe(200);
  }
}

describeOnBoth('a refresh', { options: { hooks }, controllers }, (api) => {
  it('J81 gives a new pair of the same family, as RFC 6749 §5.1 answers', async () => {
    const first = await logIn(api, 'alice', { scope: { read: true } });
    api.clock.advance(900);
    const answer = await use(api, first.refresh);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: expect.any(String),
        scope: 'read',
      },
    ]);
    const second = pairOf(answer.body as TokenResponse);
    await expectAlive(api, second);
    const [before, after] = [decoded(first.refresh), decoded(second.refresh)];
    expect(after['sid']).toBe(before['sid']);
    expect(decoded(second.access)['sid']).toBe(before['sid']);
    expect(after['jti']).not.toBe(before['jti']);
    expect(after['exp']).toBe(before['exp'] + 900);
  });

  it('J81 RR-02 RR-10 ends the family when the token was used before, and tells once', async () => {
    const pairs = [await logIn(api)];
    for (let step = 0; step < 3; step += 1) {
      api.clock.advance(60);
      pairs.push(await refreshed(api, pairs.at(-1)!.refresh));
    }
    const other = await logIn(api);
    await expectAlive(api, pairs.at(-1)!);

    const stolen = pairs[1]!.refresh;
    expectRefusal(await use(api, stolen), 'token_reused');
    const { sid, jti } = decoded(stolen);
    expect(reuses()).toEqual([{ subject: 'alice', sid, jti, at: api.clock.now() }]);

    await expectDead(api, ...pairs);
    await expectAlive(api, other);
    expect(reuses()).toHaveLength(1);
  });

  it.each([
    ['answered at once', 0, 200],
    ['answered at the end of the leeway', 10, 200],
    ['refused a millisecond later', 10.001, 401],
    ['refused much later', 600, 401],
  ])('J81 RR-04 of a token used before is %s', async (_name, wait, status) => {
    const first = await logIn(api);
    const second = await refreshed(api, first.refresh);
    api.clock.advance(wait);
    const again = await use(api, first.refresh);
    expect(again.status).toBe(status);
    if (status === 401) {
      expectRefusal(again, 'token_reused');
      await expectDead(api, second);
    } else {
      await expectAlive(api, second, pairOf(again.body as TokenResponse));
      expect(events).toEqual([]);
    }
  });

  it('J82 RR-01 RR-04 done ten times at once succeeds ten times, and raises no alarm', async () => {
    const first = await logIn(api);
    const answers = await Promise.all(Array.from({ length: 10 }, () => use(api, first.refresh)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const pairs = answers.map(({ body }) => pairOf(body as TokenResponse));
    expect(new Set(pairs.map(({ refresh }) => refresh)).size).toBe(10);
    await expectAlive(api, ...pairs);
    expect(events).toEqual([]);
  });

  it.each([0, 4, 9])(
    'J82 RR-03 of ten unused children lets one go on (no. %i), and a second one ends the family',
    async (index) => {
      const first = await logIn(api);
      const answers = await Promise.all(Array.from({ length: 10 }, () => use(api, first.refresh)));
      const children = answers.map(({ body }) => pairOf(body as TokenResponse));
      const next = await refreshed(api, children[index]!.refresh);
      await expectAlive(api, next, ...children);

      expectRefusal(await use(api, children[(index + 1) % 10]!.refresh), 'token_reused');
      await expectDead(api, first, next, ...children);
      expect(reuses()).toHaveLength(1);
    },
  );

  it('J82 RR-03 of ten children used at once lets at most one branch live', async () => {
    const first = await logIn(api);
    const answers = await Promise.all(Array.from({ length: 10 }, () => use(api, first.refresh)));
    const children = answers.map(({ body }) => pairOf(body as TokenResponse));
    const grandchildren = await Promise.all(children.map(({ refresh }) => use(api, refresh)));
    expect(grandchildren.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    for (const answer of grandchildren) if (answer.status !== 200) expect(answer.status).toBe(401);
    expect(reuses()).toHaveLength(1);
    await expectDead(api, ...children);
  });

  it('RR-04 whose answer was lost is done again, and the session goes on', async () => {
    let pair = await logIn(api);
    for (let step = 0; step < 5; step += 1) {
      await use(api, pair.refresh);
      api.clock.advance(9);
      pair = await refreshed(api, pair.refresh);
      api.clock.advance(3_600);
      await expectAlive(api, { ...pair, access: (await refreshed(api, pair.refresh)).access });
    }
    expect(events).toEqual([]);
  });

  it('J82 RR-03 with the old token, within the leeway, joins the branch that went on', async () => {
    const first = await logIn(api);
    const second = await refreshed(api, first.refresh);
    const third = await refreshed(api, second.refresh);
    const late = await refreshed(api, first.refresh);
    await expectAlive(api, third, late);
    // both are children of the second token now: the first to be used is the live branch
    const fourth = await refreshed(api, late.refresh);
    expectRefusal(await use(api, third.refresh), 'token_reused');
    await expectDead(api, fourth, late, third, second, first);
  });

  it('J81 RR-03 with an unused child long after its sibling went on ends the family', async () => {
    const first = await logIn(api);
    const [one, other] = [await refreshed(api, first.refresh), await refreshed(api, first.refresh)];
    const next = await refreshed(api, one.refresh);
    api.clock.advance(86_400);
    expectRefusal(await use(api, other.refresh), 'token_reused');
    expectRefusal(await use(api, next.refresh), 'token_revoked');
  });

  it('J83 is over for a subject that was logged out everywhere, and for no other', async () => {
    const mine = [await logIn(api, 'carol'), await logIn(api, 'carol')];
    mine.push(await refreshed(api, mine[0]!.refresh));
    const theirs = await logIn(api, 'bob');
    api.clock.advance(1);
    await api.auth.revokeAll('carol');
    await expectDead(api, ...mine);
    await expectAlive(api, theirs, await refreshed(api, theirs.refresh));

    const anew = await logIn(api, 'carol');
    await expectAlive(api, anew, await refreshed(api, anew.refresh));
  });

  it.each([
    ['an access token', (_: Api, { access }: Pair) => access, 'wrong_token_type'],
    [
      'an expired one',
      (only: Api) => only.token({ type: 'refresh', exp: 1, iat: 0 }, { typ: 'rt+jwt' }),
      'token_expired',
    ],
    ['one of another key', (_: Api, { refresh }: Pair) => `${refresh.slice(0, -4)}AAAA`, 'token_invalid'],
    [
      'one of a type of the application',
      (only: Api) => only.token({ type: 'REFRESH' }, { typ: 'JWT' }),
      'wrong_token_type',
    ],
    ['a number', () => 5, 'token_invalid'],
    ['null', () => null, 'token_invalid'],
    ['an object', () => ({ refresh_token: 'x' }), 'token_invalid'],
    ['nothing', () => undefined, 'token_invalid'],
    ['an empty text', () => '', 'token_invalid'],
  ] as const)('CA-07 J81 is refused with %s', async (_name, make, code) => {
    expectRefusal(await use(api, make(api, await logIn(api))), code);
  });

  it('RR-10 gives a family to a token that was made elsewhere under our key and names none', async () => {
    const foreign = api.token({ type: 'refresh', exp: api.clock.seconds + 3_600 }, { typ: 'JWT' });
    const second = await refreshed(api, foreign);
    const third = await refreshed(api, second.refresh);
    await expectAlive(api, second, third);
    api.clock.advance(11);
    expectRefusal(await use(api, foreign), 'token_reused');
    await expectDead(api, second, third);
  });

  it('RR-08 gives the scope, claims, audience and authentication of the log-in again', async () => {
    const given = {
      scope: { read: true, write: false },
      claims: { plan: 'pro' },
      audience: [issuer, 'https://files.example.com'],
    };
    let pair = await logIn(api, 'alice', { ...given, fresh: true });
    const before = decoded(pair.access);
    for (let step = 0; step < 3; step += 1) {
      api.clock.advance(3_600);
      pair = await refreshed(api, pair.refresh);
      expect(decoded(pair.access)).toMatchObject({
        scope: given.scope,
        plan: 'pro',
        aud: given.audience,
        auth_time: before['auth_time'],
      });
      // who refreshes has not authenticated again
      expect(decoded(pair.access)).not.toHaveProperty('fresh');
      expectRefusal(await api.get('/fresh', pair.access), 'fresh_required');
    }
  });

  it('RR-08 gives less for good where the application says so', async () => {
    const pair = await logIn(api, 'alice', { scope: 'read write' });
    const less = await refreshed(api, pair.refresh, { scope: 'read' });
    expect(decoded(less.access)['scope']).toBe('read');
    expect(decoded((await refreshed(api, less.refresh)).access)['scope']).toBe('read');
  });

  it.each(['audience', 'type', 'fresh'])('RR-08 does not take %s from the caller', async (name) => {
    const pair = await logIn(api);
    const values = { audience: 'https://other.example', type: 'password_reset', fresh: true };
    const next = await refreshed(api, pair.refresh, { [name]: values[name as keyof typeof values] } as RefreshOptions);
    for (const token of [next.access, next.refresh]) {
      expect(decoded(token)).toMatchObject({ aud: issuer, type: token === next.access ? 'access' : 'refresh' });
      expect(decoded(token)).not.toHaveProperty('fresh');
    }
  });

  it('J81 leaves no session of an honest client refused, and no two branches alive, in 300 random steps', async () => {
    const seed = 20_260_701;
    const random = new SeededRandom(seed);
    const family = new Family(await logIn(api));
    for (let step = 0; step < 300; step += 1) {
      if (family.ended) family.restart(await logIn(api));
      if (random.chance(0.3)) api.clock.advance(random.below(15));
      const presented = family.pick(random.next());
      const answer = await use(api, presented.token);
      family.note(presented, answer, `seed ${seed}, step ${step}`);
    }
    expect(family.steps).toEqual({ granted: expect.any(Number), refused: expect.any(Number) });
    expect(Math.min(family.steps.granted, family.steps.refused)).toBeGreaterThan(20);
  });
});

interface Known {
  readonly token: string;
  readonly parent: string | undefined;
  used: boolean;
}

/** What a set of clients of one family know, honest and thieves; tells what must hold of each answer. */
class Family {
  private known: Known[] = [];
  private honest = '';
  private onlyHonest = true;
  ended = false;
  readonly steps = { granted: 0, refused: 0 };

  constructor(first: Pair) {
    this.restart(first);
  }

  restart({ refresh }: Pair): void {
    this.known = [{ token: refresh, parent: undefined, used: false }];
    this.honest = refresh;
    this.onlyHonest = true;
    this.ended = false;
  }

  /** Mostly the newest token, now and then any other. */
  pick(chance: number): Known {
    if (chance < 0.7) return this.known.find(({ token }) => token === this.honest)!;
    return this.known[Math.floor(((chance - 0.7) / 0.3) * this.known.length)]!;
  }

  note(presented: Known, { status, body }: Answer, where: string): void {
    const isHonest = presented.token === this.honest && !presented.used;
    if (status !== 200) {
      this.steps.refused += 1;
      expect([where, status, body['errorCode']]).toEqual([where, 401, 'token_reused']);
      // a client that only ever used its newest token once is never refused
      expect([where, this.onlyHonest && isHonest]).toEqual([where, false]);
      this.ended = true;
      return;
    }
    this.steps.granted += 1;
    presented.used = true;
    this.onlyHonest &&= isHonest;
    // of all tokens with one parent, at most one was ever used
    const siblings = this.known.filter(
      ({ parent, used }) => used && parent !== undefined && parent === presented.parent,
    );
    expect([where, siblings.length <= 1]).toEqual([where, true]);
    const next = (body as TokenResponse).refresh_token!;
    this.known.push({ token: next, parent: decoded(next)['prt'] as string, used: false });
    if (isHonest) this.honest = next;
  }
}

describe.each([
  [0, 0.001],
  ['1s' as const, 1.001],
  [60, 60.001],
])('with a reuse leeway of %s', (reuseLeeway, tooLate) => {
  describeOnBoth('', { options: { session: { reuseLeeway } }, controllers }, (api) => {
    it('J81 RR-02 a second use ends the family from then on', async () => {
      const first = await logIn(api);
      const second = await refreshed(api, first.refresh);
      api.clock.advance(tooLate);
      expectRefusal(await use(api, first.refresh), 'token_reused');
      await expectDead(api, second);
    });
  });
});

describeOnBoth(
  'a refresh of an application that remembers nothing',
  { options: { stores: noStores() }, controllers },
  (api) => {
    it('J81 gives an access token, and leaves the refresh token as it is', async () => {
      const { refresh } = await logIn(api, 'alice', { scope: 'read', claims: { plan: 'pro' }, fresh: true });
      for (let step = 0; step < 3; step += 1) {
        api.clock.advance(3_600);
        const { status, body } = await use(api, refresh);
        expect([status, body]).toEqual([
          200,
          { access_token: expect.any(String), token_type: 'Bearer', expires_in: 900, scope: 'read' },
        ]);
        const { sid, auth_time: authTime } = decoded(refresh);
        expect(decoded(body['access_token'])).toMatchObject({ sub: 'alice', plan: 'pro', sid, auth_time: authTime });
        expect((await api.get('/protected', body['access_token'])).status).toBe(200);
      }
    });

    it('J81 is refused once the refresh token has expired', async () => {
      const { refresh } = await logIn(api);
      api.clock.advance(30 * 86_400 + 5);
      expectRefusal(await use(api, refresh), 'token_expired');
    });
  },
);

describeOnBoth(
  'subjects that are no text',
  { options: { jwt: { requireStringSubject: false } }, controllers },
  (api) => {
    it.each([[5], [{ id: 5 }], [true]])('J28 J81 are the same after a refresh: %j', async (subject) => {
      const first = pairOf(await api.auth.issueTokens(subject));
      expect(decoded(first.access)['sub']).toEqual(subject);
      const second = await refreshed(api, first.refresh);
      expect([decoded(second.access)['sub'], decoded(second.refresh)['sub']]).toEqual([subject, subject]);
    });
  },
);

/** Runs inside a refresh, before or after the use of the token is written. */
const during: { before?: () => Promise<void>; after?: () => Promise<void> } = {};

/** A memory store that lets something else happen in the middle of a refresh. */
function interruptedStores(): AuthStores {
  const memory = memoryStores();
  return {
    ...memory,
    create(instances) {
      const { revocations } = memory.create(instances);
      const original = revocations!.use.bind(revocations);
      revocations!.use = async (first) => {
        await during.before?.();
        const standing = await original(first);
        await during.after?.();
        return standing;
      };
      return { revocations: revocations! };
    },
  };
}

describeOnBoth(
  'a log-out that runs inside a refresh',
  { options: { stores: interruptedStores() }, controllers },
  (api) => {
    afterEach(() => {
      delete during.before;
      delete during.after;
    });

    const logOuts: [name: string, logOut: (pair: Pair) => Promise<void>][] = [
      ['by access token', ({ access }) => api.auth.revoke(access)],
      ['by refresh token', ({ refresh }) => api.auth.revoke(refresh)],
      ['everywhere', () => api.auth.revokeAll('dave')],
    ];
    const moments = ['before', 'after'] as const;

    it.each(moments.flatMap((moment) => logOuts.map((row) => [row[0], moment, row[1]] as const)))(
      'RR-07 wins: %s, %s the use is written',
      async (_name, moment, logOut) => {
        for (const takes of [0, 0.4, 2]) {
          const pair = await logIn(api, 'dave');
          api.clock.advance(1);
          during[moment] = async () => {
            delete during[moment];
            await logOut(pair);
            api.clock.advance(takes);
          };
          const answer = await use(api, pair.refresh);
          expect([200, 401]).toContain(answer.status);
          await expectDead(api, pair);
          if (answer.status === 200) await expectDead(api, pairOf(answer.body as TokenResponse));
          api.clock.advance(1);
        }
      },
    );

    it('RR-07 CA-15 is not evaded by a claim of the application', async () => {
      const claims = { orig_iat: 4_000_000_000 };
      await expect(api.auth.issueTokens('alice', { claims })).rejects.toMatchObject({ code: 'reserved_claim' });
    });

    it('RV-09 ends what was issued since a log-out everywhere of the same second', async () => {
      await api.auth.revokeAll('erin');
      const between = await logIn(api, 'erin');
      await expectAlive(api, between);
      await api.auth.revokeAll('erin');
      await expectDead(api, between);
      await expectAlive(api, await logIn(api, 'erin'));
    });
  },
);
