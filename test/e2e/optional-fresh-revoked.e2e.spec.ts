import { Controller, ForbiddenException, Get, HttpException, type ExecutionContext } from '@nestjs/common';
import { CurrentToken, CurrentUser, memoryStores, RequireToken, type AuthStores, type Token } from 'nest-latchkey';
import {
  bearer,
  decoded,
  describeOnBoth,
  describeToken,
  expectRefusal,
  type Answer,
  type HeaderLines,
} from './fixture.js';

const anonymous = { token: null, sub: null };

function expectAnonymous({ status, body }: Answer): void {
  expect([status, body]).toEqual([200, anonymous]);
}
function expectSubject({ status, body }: Answer, sub: string): void {
  expect([status, body['sub']]).toEqual([200, sub]);
}

@Controller()
class UserController {
  @RequireToken({ optional: true })
  @Get('optional-user')
  optional(@CurrentToken() token: unknown, @CurrentUser() user: unknown, @CurrentToken('sub') sub: unknown) {
    return { token, user, sub };
  }

  @RequireToken()
  @Get('user')
  user(@CurrentUser() user: unknown, @CurrentUser('name.first') first: unknown, @CurrentUser('nowhere') none: unknown) {
    return { user, first, none };
  }
}

/** Who the hooks were asked about, and what they are to do. */
const asked: string[] = [];
const userHooks = {
  async loadUser({ sub }: Token) {
    asked.push(sub);
    if (sub === 'broken') throw new Error('the database is down: password=hunter2');
    if (sub === 'blocked') throw new ForbiddenException('blocked');
    if (sub === 'undefined') return undefined;
    return sub === 'ghost' ? null : { id: sub, name: { first: sub.toUpperCase() } };
  },
};

const userFixture = { options: { hooks: userHooks }, controllers: [UserController] };
describeOnBoth('an optional token', userFixture, (api) => {
  beforeEach(() => {
    asked.length = 0;
  });

  it.each([undefined, 'Basic x', 'Foo 1, Bar 2', '', 'Token abc', 'Negotiate'])(
    'J39 that is absent leaves the request anonymous: %j',
    async (authorization) => {
      const headers: HeaderLines = authorization === undefined ? [] : [['Authorization', authorization]];
      for (const path of ['/optional', '/lenient']) expectAnonymous(await api.send('GET', path, { headers }));
      const { status, body } = await api.send('GET', '/optional-user', { headers });
      expect([status, body]).toEqual([200, { token: null, user: null, sub: null }]);
      expect(asked).toEqual([]);
    },
  );

  it('J40 that is good identifies', async () => {
    const token = await api.auth.issueAccessToken('alice');
    for (const path of ['/optional', '/lenient']) expectSubject(await api.get(path, token), 'alice');
    const { body } = await api.get('/optional-user', token);
    expect(body).toMatchObject({ sub: 'alice', user: { id: 'alice' }, token: { type: 'access', location: 'header' } });
  });

  it('J40 that is bad is refused all the same', async () => {
    const refresh = await api.auth.issueRefreshToken('alice');
    for (const path of ['/optional', '/lenient', '/optional-user']) {
      expectRefusal(await api.get(path, refresh), 'wrong_token_type');
      expectRefusal(await api.get(path, 'garbage'), 'token_invalid');
      expectRefusal(await api.get(path, `${api.token().slice(0, -1)}`), 'token_invalid');
      expectRefusal(await api.get(path, api.token({ aud: 'other' })), 'token_invalid');
      expectRefusal(await api.send('GET', path, { headers: [['Authorization', 'Bearer']] }), 'malformed_request');
      expectRefusal(await api.send('GET', path, { headers: [['Authorization', 'Bearer a b']] }), 'malformed_request');
    }
  });

  it("J40 that has expired is refused, but counts as absent where the route says 'lenient'", async () => {
    const expired = await api.expiredToken();
    expectRefusal(await api.get('/optional', expired), 'token_expired');
    expectAnonymous(await api.get('/lenient', expired));
    expect(asked).toEqual([]);
    expectRefusal(await api.get('/lenient', `${expired.slice(0, -2)}xx`), 'token_invalid');
    expectRefusal(
      await api.get('/lenient', api.token({ exp: 5, iat: 1, iss: 'https://other.example' })),
      'token_invalid',
    );
  });

  it('J40 that has been revoked is refused', async () => {
    const token = await api.auth.issueAccessToken('alice');
    await api.auth.revoke(token);
    for (const path of ['/optional', '/lenient']) expectRefusal(await api.get(path, token), 'token_revoked');
  });
});

@Controller()
class FreshController {
  @RequireToken({ fresh: '5m' })
  @Get('fresh-5m')
  fiveMinutes(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ fresh: 300, optional: true })
  @Get('fresh-optional')
  optional(@CurrentToken() token: Token | null) {
    return describeToken(token);
  }
}

describeOnBoth('a fresh token', { controllers: [FreshController] }, (api) => {
  it('J41 is one that was issued at a log-in', async () => {
    expectSubject(await api.get('/fresh', await api.auth.issueAccessToken('alice', { fresh: true })), 'alice');
    expectSubject(await api.get('/fresh', (await api.auth.issueTokens('bob', { fresh: true })).access_token), 'bob');
    const stale = await api.get('/fresh', await api.auth.issueAccessToken('alice'));
    expectRefusal(stale, 'fresh_required');
    expect(stale.headers['www-authenticate']).not.toContain('max_age');
    expectRefusal(
      await api.get('/fresh', await api.auth.issueRefreshToken('alice', { fresh: true })),
      'wrong_token_type',
    );
    expectRefusal(await api.get('/fresh'), 'token_missing');
    expectRefusal(await api.get('/fresh', await api.expiredToken()), 'token_expired');
  });

  it('J41 is not what a refresh gives', async () => {
    const { refresh_token: refreshToken } = await api.auth.issueTokens('alice', { fresh: true });
    const { access_token: refreshed } = await api.auth.refresh(refreshToken!);
    expectRefusal(await api.get('/fresh', refreshed), 'fresh_required');
    // the log-in itself is still recent
    expectSubject(await api.get('/fresh-5m', refreshed), 'alice');
  });

  it('J41 can be fresh for a time', async () => {
    const token = await api.auth.issueAccessToken('alice', { fresh: '5m' });
    expectSubject(await api.get('/fresh', token), 'alice');
    api.clock.advance(300);
    expectSubject(await api.get('/fresh', token), 'alice');
    api.clock.advance(1);
    expectRefusal(await api.get('/fresh', token), 'fresh_required');
    expectSubject(await api.get('/protected', token), 'alice');
  });

  it.each([
    [300, 200],
    [0, 200],
    [-60, 401],
    [-1, 401],
  ])('J41 whose freshness ends in %j seconds answers %j', async (seconds, status) => {
    expect((await api.get('/fresh', api.token({ fresh: api.clock.seconds + seconds }))).status).toBe(status);
  });

  it.each([0, 240, 299, 300])('J42 is young enough %j seconds after the log-in', async (age) => {
    expectSubject(await api.get('/fresh-5m', api.token({ auth_time: api.clock.seconds - age })), 'alice');
  });

  it.each([301, 360, 86_400])(
    'J42 is too old %j seconds after the log-in, and the challenge says max_age',
    async (age) => {
      for (const path of ['/fresh-5m', '/fresh-optional']) {
        const answer = await api.get(path, api.token({ auth_time: api.clock.seconds - age, fresh: true }));
        expectRefusal(answer, 'fresh_required');
        expect(answer.headers['www-authenticate']).toMatch(/, max_age=300$/);
      }
    },
  );

  it.each(['yes', 'true', null, false, 0, 1, '', [], [true], {}, -1, '9999999999'])(
    'J42 is not made by the claim fresh: %j',
    async (fresh) => {
      expectRefusal(await api.get('/fresh', api.token({ fresh })), 'fresh_required');
      expectRefusal(await api.get('/fresh-5m', api.token({ fresh })), 'fresh_required');
    },
  );

  it('J42 is not asked of an optional route without a token', async () => {
    expectAnonymous(await api.get('/fresh-optional'));
  });

  it("J42 answers 403 to SuperTokens' client, which would refresh at every 401", async () => {
    const headers: HeaderLines = [...bearer(api.token()), ['st-auth-mode', 'header']];
    const { status, body, headers: received } = await api.send('GET', '/fresh-5m', { headers });
    expect([status, body['error'], body['errorCode'], body['statusCode']]).toEqual([
      ...[403, 'insufficient_user_authentication', 'fresh_required', 403],
    ]);
    expect(received['www-authenticate']).toContain('error="insufficient_user_authentication"');
  });
});

describeOnBoth('the user of a token', userFixture, (api) => {
  const token = (name: string) => api.auth.issueAccessToken(name);

  it('J43 is what the hook finds', async () => {
    const { status, body } = await api.get('/user', await token('alice'));
    expect([status, body]).toEqual([
      200,
      { user: { id: 'alice', name: { first: 'ALICE' } }, first: 'ALICE', none: null },
    ]);
  });

  it('J43 that is not found refuses the token, and the answer does not name it', async () => {
    for (const path of ['/user', '/protected', '/optional-user']) {
      const answer = await api.get(path, await token('ghost'));
      expectRefusal(answer, 'user_not_found');
      expect(JSON.stringify(answer)).not.toContain('ghost');
      expectRefusal(await api.get(path, await token('undefined')), 'user_not_found');
    }
  });

  it('J43 is not asked for while the token is bad', async () => {
    asked.length = 0;
    await api.get('/user', await api.expiredToken());
    await api.get('/user', 'x.y.z');
    await api.get('/user', await api.auth.issueRefreshToken('alice'));
    await api.get('/fresh', await token('alice'));
    expect(asked).toEqual([]);
  });

  it('J45 that cannot be looked up is an outage, and tells nothing of its cause', async () => {
    const answer = await api.send('GET', '/user', { headers: bearer(await token('broken')), mayFail: true });
    expectRefusal(answer, 'store_unavailable');
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('J43 can be refused by the hook in its own words', async () => {
    const { status, body } = await api.get('/user', await token('blocked'));
    expect([status, body['message']]).toEqual([403, 'blocked']);
  });
});

const rephrased = {
  hooks: { ...userHooks, verify: ({ sub }: Token) => sub !== 'rejected' },
  errors: {
    handlers: {
      userNotFound: () => ({ status: 404, body: { who: 'nobody' } }),
      tokenRevoked: ({ token }: { token?: Token }) => ({ status: 404, body: { jti: token?.jti } }),
      tokenRejected: ({ token }: { token?: Token }) => ({ status: 400, body: { rejected: token?.sub } }),
    },
  },
};
describeOnBoth('handlers of the application', { options: rephrased, controllers: [UserController] }, (api) => {
  it('J43 J44 J46 answer for an unknown user, a revoked and a rejected token', async () => {
    expect(await api.get('/user', await api.auth.issueAccessToken('ghost'))).toMatchObject({
      ...{ status: 404, body: { who: 'nobody' } },
    });
    const revoked = await api.auth.issueAccessToken('alice');
    await api.auth.revoke(revoked);
    expect(await api.get('/user', revoked)).toMatchObject({ status: 404, body: { jti: decoded(revoked)['jti'] } });
    for (const path of ['/user', '/optional']) {
      expect(await api.get(path, await api.auth.issueAccessToken('rejected'))).toMatchObject({
        ...{ status: 400, body: { rejected: 'rejected' } },
      });
    }
  });
});

describeOnBoth('a revoked token', {}, (api) => {
  it('J44 is refused by its jti, and other tokens are not', async () => {
    const [one, other] = [await api.auth.issueAccessToken('alice'), await api.auth.issueAccessToken('alice')];
    expectSubject(await api.get('/protected', one), 'alice');
    await api.auth.revoke(one);
    for (const path of ['/protected', '/any', '/optional']) expectRefusal(await api.get(path, one), 'token_revoked');
    expectSubject(await api.get('/protected', other), 'alice');
  });

  it('J44 is accepted by a route that does not ask', async () => {
    const token = await api.auth.issueAccessToken('alice');
    await api.auth.revoke(token);
    expectSubject(await api.get('/unrevoked', token), 'alice');
    expectRefusal(await api.get('/unrevoked', await api.expiredToken()), 'token_expired');
  });

  it('J44 can be a refresh token', async () => {
    const [one, other] = [await api.auth.issueRefreshToken('alice'), await api.auth.issueRefreshToken('alice')];
    await api.auth.revoke(one);
    expectRefusal(await api.get('/refresh-only', one), 'token_revoked');
    expectRefusal(await api.get('/any', one), 'token_revoked');
    await expect(api.auth.refresh(one)).rejects.toMatchObject({ code: 'token_revoked' });
    expectSubject(await api.get('/refresh-only', other), 'alice');
  });

  it('J44 takes its whole family with it, or goes alone', async () => {
    const [first, second] = [await api.auth.issueTokens('alice'), await api.auth.issueTokens('alice')];
    await api.auth.revoke(first.access_token);
    expectRefusal(await api.get('/protected', first.access_token), 'token_revoked');
    expectRefusal(await api.get('/refresh-only', first.refresh_token), 'token_revoked');
    await api.auth.revoke(second.access_token, { family: false });
    expectRefusal(await api.get('/protected', second.access_token), 'token_revoked');
    expectSubject(await api.get('/refresh-only', second.refresh_token), 'alice');
  });

  it('J44 is refused once it has expired for that reason alone', async () => {
    const token = await api.auth.issueAccessToken('alice');
    await api.auth.revoke(token);
    api.clock.advance(3_600);
    expectRefusal(await api.get('/protected', token), 'token_expired');
  });
});

const denied = new Set<unknown>();
const answers: Record<string, unknown> = { undefined, null: null, zero: 0, text: 'false', yes: true };
const denyHooks = {
  async isRevoked({ jti, sub }: Token) {
    asked.push(sub);
    if (sub === 'broken') throw new Error('no connection to redis://user:hunter2@host');
    if (sub === 'teapot') throw new HttpException('teapot', 418);
    return (sub in answers ? answers[sub] : denied.has(jti)) as boolean;
  },
};
describeOnBoth("the application's own deny-list", { options: { hooks: denyHooks } }, (api) => {
  it('J44 is asked beside ours', async () => {
    const [one, other] = [await api.auth.issueAccessToken('alice'), await api.auth.issueAccessToken('alice')];
    denied.add(decoded(one)['jti']);
    expectRefusal(await api.get('/protected', one), 'token_revoked');
    expectSubject(await api.get('/protected', other), 'alice');
    expectSubject(await api.get('/unrevoked', one), 'alice');
    await api.auth.revoke(other);
    expectRefusal(await api.get('/protected', other), 'token_revoked');
  });

  it.each(Object.keys(answers))('J45 lets nobody through but by a plain no: %s', async (name) => {
    expectRefusal(await api.get('/protected', await api.auth.issueAccessToken(name)), 'token_revoked');
  });

  it('J45 that fails is an outage on every kind of route, never a yes', async () => {
    const headers = bearer(await api.auth.issueAccessToken('broken'));
    for (const path of ['/protected', '/optional', '/lenient', '/any']) {
      const answer = await api.send('GET', path, { headers, mayFail: true });
      expectRefusal(answer, 'store_unavailable');
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(JSON.stringify(answer)).not.toContain('hunter2');
    }
    expect((await api.get('/protected', await api.auth.issueAccessToken('teapot'))).status).toBe(418);
  });

  it('J45 is not asked about a token that has expired or is of another type', async () => {
    asked.length = 0;
    await api.get('/protected', await api.expiredToken());
    await api.get('/protected', await api.auth.issueRefreshToken('alice'));
    expect(asked).toEqual([]);
  });
});

@Controller()
class StoreController {
  @RequireToken({ revocation: 'store' })
  @Get('ask-store')
  ask(@CurrentToken() token: Token) {
    return describeToken(token);
  }
}

/** A memory store that other processes seem to share, and that can go away. */
const store = { isDown: false };
const unreliableStores: AuthStores = {
  name: 'unreliable',
  durable: true,
  create(instances) {
    const { revocations } = memoryStores().create(instances);
    return {
      revocations: new Proxy(revocations!, {
        get(target, name) {
          if (name === 'shared') return true;
          const member = Reflect.get(target, name) as (...values: unknown[]) => unknown;
          return async (...values: unknown[]) => {
            if (store.isDown) throw new Error('connection refused: postgres://user:hunter2@host');
            return member.apply(target, values);
          };
        },
      }),
    };
  },
};

const storeFixture = { options: { stores: unreliableStores }, controllers: [StoreController] };
describeOnBoth('a store that goes away', storeFixture, (api) => {
  const monotonic = performance.now;
  afterEach(() => {
    store.isDown = false;
    performance.now = monotonic;
  });

  it("J45 answers 503 where the route says revocation: 'store', and elsewhere the mirror answers", async () => {
    const [good, bad] = [await api.auth.issueAccessToken('alice'), await api.auth.issueAccessToken('alice')];
    await api.auth.revoke(bad);
    expectSubject(await api.get('/ask-store', good), 'alice');
    expectRefusal(await api.get('/ask-store', bad), 'token_revoked');

    store.isDown = true;
    const answer = await api.send('GET', '/ask-store', { headers: bearer(good), mayFail: true });
    expectRefusal(answer, 'store_unavailable');
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expectSubject(await api.get('/protected', good), 'alice');
    expectRefusal(await api.get('/protected', bad), 'token_revoked');
  });

  it('J45 answers 503 everywhere once the mirror is too old to be believed, and 401 to a forged token still', async () => {
    const headers = bearer(await api.auth.issueAccessToken('alice'));
    store.isDown = true;
    const now = performance.now();
    performance.now = () => now + 60_000;
    for (const path of ['/protected', '/optional', '/ask-store']) {
      expectRefusal(await api.send('GET', path, { headers, mayFail: true }), 'store_unavailable');
    }
    expectSubject(await api.send('GET', '/unrevoked', { headers }), 'alice');
    expectRefusal(await api.get('/protected', 'x.y.z'), 'token_invalid');
    expectAnonymous(await api.get('/optional'));
  });

  it('J45 lets no revocation and no refresh seem to succeed', async () => {
    const { access_token: token, refresh_token: refreshToken } = await api.auth.issueTokens('alice');
    store.isDown = true;
    await expect(api.auth.revoke(token)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(api.auth.revokeAll('alice')).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(api.auth.refresh(refreshToken!)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(api.auth.isValid(token, { revocation: 'store' })).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

const verified: { sub: string; handler: string | undefined }[] = [];
const verdicts: Record<string, unknown> = { alice: true, no: false, undefined, one: 1, text: 'true', null: null };
const verifyHooks = {
  async verify({ sub }: Token, context: ExecutionContext | undefined) {
    verified.push({ sub, handler: context?.getHandler().name });
    if (sub === 'broken') throw new Error('hunter2');
    return verdicts[sub] as boolean;
  },
};

@Controller()
class VerifyController {
  @RequireToken({ verify: ({ claims }) => claims['plan'] === 'pro' })
  @Get('pro')
  pro() {
    return {};
  }

  @RequireToken({
    override: { admin: true },
    claims: { plan: 'pro' },
    verify: ({ claims }) => claims['banned'] !== true,
  })
  @Get('unless-banned')
  unlessBanned() {
    return {};
  }
}

describeOnBoth('the verify hook', { options: { hooks: verifyHooks }, controllers: [VerifyController] }, (api) => {
  const token = (name: string) => api.auth.issueAccessToken(name, { fresh: true });

  it.each(['no', 'undefined', 'one', 'text', 'null'])(
    'J46 refuses with 403 by anything but a plain yes: %s',
    async (name) => {
      for (const path of ['/protected', '/fresh', '/optional', '/any']) {
        expectRefusal(await api.get(path, await token(name)), 'token_rejected');
      }
    },
  );

  it('J46 is asked with token and context, after everything else', async () => {
    verified.length = 0;
    expectSubject(await api.get('/protected', await token('alice')), 'alice');
    expect(verified).toEqual([{ sub: 'alice', handler: 'read' }]);
    verified.length = 0;
    await api.get('/protected', await api.expiredToken());
    await api.get('/protected', 'x.y.z');
    await api.get('/refresh-only', await token('alice'));
    await api.get('/optional');
    await api.get('/unless-banned', await token('alice'));
    expect(verified).toEqual([]);
  });

  it('J46 that fails is an outage, never a yes', async () => {
    const answer = await api.send('GET', '/protected', { headers: bearer(await token('broken')), mayFail: true });
    expectRefusal(answer, 'store_unavailable');
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it("J46 stands beside the route's own", async () => {
    const plan = (name: string, claims: Record<string, string | boolean>) =>
      api.auth.issueAccessToken(name, { claims });
    expect((await api.get('/pro', await plan('alice', { plan: 'pro' }))).status).toBe(200);
    expectRefusal(await api.get('/pro', await plan('alice', { plan: 'free' })), 'token_rejected');
    expectRefusal(await api.get('/pro', await plan('no', { plan: 'pro' })), 'token_rejected');
  });

  it('J46 is asked behind an override too', async () => {
    const claims = (more: Record<string, boolean>) => api.auth.issueAccessToken('alice', { claims: more });
    expect((await api.get('/unless-banned', await claims({ admin: true }))).status).toBe(200);
    expectRefusal(await api.get('/unless-banned', await claims({ admin: true, banned: true })), 'token_rejected');
  });
});
