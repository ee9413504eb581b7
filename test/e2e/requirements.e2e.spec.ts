import { Body, Controller, Delete, Get, Post } from '@nestjs/common';
import {
  anyOf,
  body,
  CurrentToken,
  param,
  query,
  RequireToken,
  type RequireTokenOptions,
  type Token,
} from 'nest-latchkey';
import {
  bearer,
  decoded,
  describeOnBoth,
  describeToken,
  expectRefusal,
  sign,
  type Answer,
  type Api,
} from './fixture.js';

/** One line of a table: what the token carries besides `sub: bob`, and what is answered. */
type Line = readonly [id: string, claims: Record<string, unknown>, status: 200 | 403];

const sub = param('username');

@Controller()
class RequirementsController {
  @RequireToken({ sub, override: { admin: true } })
  @Get('u/:username')
  own(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ sub, override: { scope: { admin: true } } })
  @Get('scoped/:username')
  scoped(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ sub, override: [{ scope: null }, { scope: { team: sub } }] })
  @Get('odd/:username')
  odd() {
    return {};
  }

  @RequireToken({ sub, scope: { write: true }, override: { admin: true } })
  @Get('both/:username')
  both(@CurrentToken('overridden') overridden: boolean) {
    return { overridden };
  }

  @RequireToken({ sub, override: [{ sub: 'root' }, { role: 'support', level: 2 }, { sub: 'al', team: sub }] })
  @Get('several/:username')
  several(@CurrentToken('overridden') overridden: boolean) {
    return { overridden };
  }

  @RequireToken({ scope: { admin: true } })
  @Get('admin')
  admin() {
    return {};
  }

  @RequireToken({ scope: 'read write' })
  @Get('read-write')
  readWrite() {
    return {};
  }

  @RequireToken({ scope: ['read', 'write'] })
  @Get('read-write-list')
  readWriteList() {
    return {};
  }

  @RequireToken({ scope: { a: { x: 1 }, admin: true } })
  @Get('deep')
  deep() {
    return {};
  }

  @RequireToken({ scope: { admin: true, a: { x: 1 } } })
  @Get('deep-reversed')
  deepReversed() {
    return {};
  }

  @RequireToken({ claims: { of: { a: { x: 1 }, b: { y: { z: 2 } }, admin: true } } })
  @Get('deep-claims')
  deepClaims() {
    return {};
  }

  @RequireToken({ claims: { levels: ['l1', 'l2'] } })
  @Get('list')
  list() {
    return {};
  }

  @RequireToken({ claims: { grants: [{ on: 'a', may: 'read' }] } })
  @Get('list-of-objects')
  listOfObjects() {
    return {};
  }

  @RequireToken({ claims: { role: 'admin' } })
  @Get('scalar')
  scalar() {
    return {};
  }

  @RequireToken({ claims: { plan: anyOf('pro', 'team'), level: anyOf(1, null) } })
  @Get('any-of')
  anyOf() {
    return {};
  }

  @RequireToken({ claims: { banned: false } })
  @Get('banned')
  banned() {
    return {};
  }

  @RequireToken({ claims: { empty: null } })
  @Get('null')
  null() {
    return {};
  }

  @RequireToken({ claims: { sub: param('one'), owner: param('one') } })
  @Get('twice/:one')
  twice() {
    return {};
  }

  @RequireToken({ claims: { role: 'admin' } })
  @Get('literal/:admin')
  literal() {
    return {};
  }

  @RequireToken({ sub: 'username' })
  @Get('literal-sub/:username')
  literalSub() {
    return {};
  }

  @RequireToken({ sub: param('id') })
  @Get('id/:id')
  id() {
    return {};
  }

  @RequireToken({ claims: { account: param('id') } })
  @Get('account/:id')
  account() {
    return {};
  }

  @RequireToken({ sub: query('user') })
  @Get('by-query')
  byQuery() {
    return {};
  }

  @RequireToken({ sub: body('user') })
  @Post('by-body')
  byBody(@Body() _body: unknown) {
    return {};
  }

  @RequireToken({ type: 'any', scope: { admin: true } })
  @Get('any-admin')
  anyAdmin() {
    return {};
  }

  @RequireToken({
    scope: { admin: true },
    claims: { plan: 'pro' },
    sub,
    verify: () => true,
  } satisfies RequireTokenOptions)
  @Delete('all/:username')
  all() {
    return {};
  }

  @RequireToken()
  @Get('token/info')
  info(@CurrentToken() { type, sub: subject, scope, claims, raw }: Token) {
    return { type, subject, scope, claims, raw };
  }
}

@RequireToken({ scope: { admin: true } })
@Controller('class')
class GuardedController {
  @Get()
  plain() {
    return {};
  }

  @RequireToken({ claims: { plan: 'pro' } })
  @Get('own')
  own() {
    return {};
  }
}

function expectStatus(answer: Answer, status: 200 | 403): void {
  if (status === 200) expect(answer.status).toBe(200);
  else expectRefusal(answer, 'insufficient_scope');
}

const controllers = [RequirementsController, GuardedController];
describeOnBoth('what a route requires', { controllers }, (api) => {
  /** Asks as bob, with the claims given. */
  const ask = (path: string, claims: Record<string, unknown> = {}) =>
    api.get(path, api.token({ sub: 'bob', ...claims }));

  it('J47 of a subject, is the one in the path: 403 for another, not 401', async () => {
    const own = await ask('/u/bob');
    expect([own.status, own.body['sub'], own.body['overridden']]).toEqual([200, 'bob', false]);
    expectRefusal(await ask('/u/al'), 'insufficient_scope');
    expectRefusal(await ask('/u/bobby'), 'insufficient_scope');
    expectRefusal(await ask('/u/BOB'), 'insufficient_scope');
    expectStatus(await ask('/u/%62ob'), 200);
    expectRefusal(await api.get('/u/bob'), 'token_missing');
  });

  it.each(['', '__proto__', 'constructor', '%00', '%2e', 'bob%20', '%F0%9F%99%82'])(
    'J47 does not take the path segment %j for the subject',
    async (segment) => {
      const { status } = await ask(`/u/${segment}`);
      expect([403, 404]).toContain(status);
    },
  );

  it('J48 J49 J50 can be overridden by a top-level claim, which the token then tells', async () => {
    const overridden = await ask('/u/al', { admin: true });
    expect([overridden.status, overridden.body['sub'], overridden.body['overridden']]).toEqual([200, 'bob', true]);
    expectStatus(await ask('/u/al', { scope: { admin: true } }), 403);
    expectStatus(await ask('/u/al', { scope: 'admin' }), 403);

    const scoped = await ask('/scoped/al', { scope: { admin: true } });
    expect([scoped.status, scoped.body['overridden']]).toEqual([200, true]);
    expectStatus(await ask('/scoped/al', { scope: 'read admin' }), 200);
    expectStatus(await ask('/scoped/al', { admin: true }), 403);
    expectStatus(await ask('/scoped/al', { scope: { admin: false } }), 403);

    expectStatus(await ask('/u/bob', { admin: true }), 200);
    expectStatus(await ask('/u/al'), 403);
  });

  it('J51 is never overridden by a token that is expired, revoked, of another type, or forged', async () => {
    const admin = { admin: true };
    const now = api.clock.seconds;
    const expired = api.token({ ...admin, exp: now - 60, iat: now - 120, nbf: now - 120 });
    expectRefusal(await api.get('/u/al', expired), 'token_expired');
    const revoked = await api.auth.issueAccessToken('bob', { claims: admin });
    expectStatus(await api.get('/u/al', revoked), 200);
    await api.auth.revoke(revoked);
    expectRefusal(await api.get('/u/al', revoked), 'token_revoked');
    const refresh = await api.auth.issueRefreshToken('bob', { claims: admin });
    expectRefusal(await api.get('/u/al', refresh), 'wrong_token_type');
    const forged = sign({ alg: 'HS256', typ: 'at+jwt' }, decoded(api.token(admin)), 'x'.repeat(64));
    expectRefusal(await api.get('/u/al', forged), 'token_invalid');
    expectRefusal(await api.get('/u/al'), 'token_missing');
  });

  it.each([false, 1, 'true', 'admin', null, [], {}, { admin: true }, [false], ['true'], 0, ''])(
    'J52 is not overridden by admin: %j',
    async (admin) => {
      expectStatus(await ask('/u/al', { admin }), 403);
    },
  );

  it.each([
    ['J53', '/both/bob', {}, 403],
    ['J53', '/both/bob', { scope: { write: true } }, 200],
    ['J53', '/both/al', { scope: { write: true } }, 403],
    ['J53', '/both/al', { admin: true }, 200],
    ['J50', '/both/bob', { admin: true, scope: { write: true } }, 200],
    ['J54', '/several/al', { sub: 'root' }, 200],
    ['J54', '/several/bob', {}, 200],
    ['J54', '/several/al', {}, 403],
    ['J54', '/several/al', { role: 'support', level: 2 }, 200],
    ['J54', '/several/al', { role: 'support' }, 403],
    ['J54', '/several/al', { role: 'support', level: '2' }, 403],
    ['J54', '/several/blue', { sub: 'al', team: 'blue' }, 200],
    ['J54', '/several/red', { sub: 'al', team: 'blue' }, 403],
  ] as const)('%s of %s is met by %j: %s', async (_id, path, claims, status) => {
    expectStatus(await ask(path, claims), status);
  });

  it.each([
    [{}, 403],
    [{ scope: 'read' }, 403],
    [{ scope: ['al'] }, 403],
    [{ scope: { team: 'bob' } }, 403],
    [{ scope: { team: true } }, 403],
    [{ scope: 'team' }, 403],
    [{ scope: null }, 200],
    [{ scope: { team: 'al' } }, 200],
  ] as const)('J54 of a scope that is null or holds a parameter is met by %j: %s', async (claims, status) => {
    expectStatus(await ask('/odd/al', claims), status);
  });

  it('J53 names the scope in the challenge', async () => {
    expect((await ask('/both/bob')).headers['www-authenticate']).toMatch(/, scope="write"$/);
  });

  const scopes: [id: string, scope: unknown, status: 200 | 403][] = [
    ...([{ admin: true }, { admin: true, read: false }, 'admin', 'read admin', 'admin read', ['admin']] as const).map(
      (scope): [string, unknown, 200] => ['J55', scope, 200],
    ),
    ...([{ admin: false }, { admin: 1 }, { admin: 'true' }, { Admin: true }, {}, null, 5, true, '', []] as const).map(
      (scope): [string, unknown, 403] => ['J55', scope, 403],
    ),
    ...(
      [
        'readadmin',
        'adminread',
        'admin2',
        'admi',
        'Admin',
        'ADMIN',
        'read,admin',
        'read\tadmin',
        'read\nadmin',
      ] as const
    ).map((scope): [string, unknown, 403] => ['CA-12', scope, 403]),
    ...(['admin\u00a0read', 'admin;read', '"admin"', 'admin:read', 'ädmin', 'a dmin'] as const).map(
      (scope): [string, unknown, 403] => ['CA-12', scope, 403],
    ),
    ...(
      [
        ['read admin'],
        [['admin']],
        [{ admin: true }],
        ['readadmin'],
        { scope: 'admin' },
        [true],
        { 0: 'admin' },
      ] as const
    ).map((scope): [string, unknown, 403] => ['CA-12', scope, 403]),
    ['J55', undefined, 403],
  ];
  it.each(scopes)('%s of the scope admin is met by %j: %s', async (_id, scope, status) => {
    const answer = await ask('/admin', { scope });
    expectStatus(answer, status);
    if (status === 403) expect(answer.headers['www-authenticate']).toMatch(/, scope="admin"$/);
  });

  it('J55 of a scope is not met by a claim of that name', async () => {
    expectStatus(await ask('/admin', { admin: true, 'scope.admin': true, roles: ['admin'] }), 403);
  });

  it.each([
    ['read write', 200],
    ['write read', 200],
    ['read  write', 200],
    [['write', 'read', 'x'], 200],
    [{ read: true, write: true }, 200],
    ['read', 403],
    ['write', 403],
    ['readwrite', 403],
    ['read,write', 403],
    [{ read: true, write: false }, 403],
    [{ 'read write': true }, 403],
    [['read write'], 403],
    [undefined, 403],
  ] as const)('J55 CA-12 of several scopes is met by %j: %s', async (scope, status) => {
    for (const path of ['/read-write', '/read-write-list']) {
      const answer = await ask(path, { scope });
      expectStatus(answer, status);
      if (status === 403) expect(answer.headers['www-authenticate']).toMatch(/, scope="read write"$/);
    }
  });

  it.each([
    [{ a: { x: 1 }, admin: true }, 200],
    [{ admin: true, a: { x: 1 } }, 200],
    [{ a: { x: 1, y: 2 }, admin: true, more: {} }, 200],
    [{ a: { x: 1 } }, 403],
    [{ admin: true }, 403],
    [{ admin: true, a: {} }, 403],
    [{ admin: true, a: { y: 1 } }, 403],
    [{ admin: true, a: { x: '1' } }, 403],
    [{ admin: true, a: { x: true } }, 403],
    [{ admin: true, a: { x: 2 } }, 403],
    [{ admin: true, a: [1] }, 403],
    [{ admin: true, a: 1 }, 403],
    [{ admin: true, a: null }, 403],
    [{ admin: true, a: 'x' }, 403],
    ['a admin', 403],
    [['a', 'admin'], 403],
    [undefined, 403],
  ] as const)('J56 of a deep scope is met by %j, in both orders: %s', async (scope, status) => {
    for (const path of ['/deep', '/deep-reversed']) expectStatus(await ask(path, { scope }), status);
  });

  it('J56 of deep claims is met by no token that lacks any one leaf', async () => {
    const whole = { a: { x: 1 }, b: { y: { z: 2 } }, admin: true };
    expectStatus(await ask('/deep-claims', { of: whole }), 200);
    expectStatus(await ask('/deep-claims', { of: { ...whole, more: 1, a: { x: 1, w: 3 } } }), 200);
    for (const leaf of [['a'], ['a', 'x'], ['b'], ['b', 'y'], ['b', 'y', 'z'], ['admin']]) {
      for (const value of [undefined, null, 'other', [], {}]) {
        expectStatus(await ask('/deep-claims', { of: replaced(whole, leaf, value) }), 403);
      }
    }
  });

  it.each([
    [['l1', 'l2'], 200],
    [['l3', 'l2', 'l1'], 200],
    [['l1'], 403],
    [['l2', 'l3'], 403],
    [[], 403],
    ['l1', 403],
    ['l1 l2', 403],
    [{ 0: 'l1', 1: 'l2' }, 403],
    [{ l1: true, l2: true }, 403],
    [[['l1', 'l2']], 403],
    [[{ l1: 1 }, { l2: 2 }], 403],
    [[null, 1], 403],
    [5, 403],
    [undefined, 403],
  ] as const)('J57 of a list is met by %j: %s', async (levels, status) => {
    expectStatus(await ask('/list', { levels }), status);
  });

  it.each([
    [[{ on: 'a', may: 'read' }], 200],
    [[{ on: 'b' }, { on: 'a', may: 'read', since: 1 }], 200],
    [[{ on: 'a' }, { may: 'read' }], 403],
    [[{ on: 'a', may: 'write' }], 403],
    [{ on: 'a', may: 'read' }, 403],
    [['a', 'read'], 403],
    [[[]], 403],
    [[null], 403],
    ['a', 403],
  ] as const)('J57 of a list of objects is met by %j: %s', async (grants, status) => {
    expectStatus(await ask('/list-of-objects', { grants }), status);
  });

  it.each([
    ['admin', 200],
    [['user', 'admin'], 200],
    ['user admin', 403],
    ['Admin', 403],
    [['Admin'], 403],
    [[['admin']], 403],
    [{ admin: true }, 403],
    [undefined, 403],
  ] as const)('J57 of one value is met by %j: %s', async (role, status) => {
    expectStatus(await ask('/scalar', { role }), status);
  });

  it.each([
    ['pro', 1, 200],
    ['team', null, 200],
    ['free', 1, 403],
    ['pro', undefined, 403],
    ['pro', '1', 403],
    ['pro', true, 403],
    [undefined, 1, 403],
  ] as const)('J57 of anyOf is met by plan %j and level %j: %s', async (plan, level, status) => {
    expectStatus(await ask('/any-of', { plan, level }), status);
  });

  it.each([
    [undefined, 403],
    [false, 200],
    [0, 403],
    [null, 403],
    ['false', 403],
    ['', 403],
    [true, 403],
    [{}, 403],
  ] as const)('J58 of banned: false is met by %j: %s', async (banned, status) => {
    expectStatus(await ask('/banned', { banned }), status);
  });

  it('J58 of null is met by null, and by nothing absent', async () => {
    expectStatus(await ask('/null', { empty: null }), 200);
    for (const empty of [undefined, false, 0, '', {}]) expectStatus(await ask('/null', { empty }), 403);
  });

  it('J59 of two claims bound to one parameter is met by both', async () => {
    expectStatus(await ask('/twice/bob', { owner: 'bob' }), 200);
    for (const owner of ['al', undefined, null, {}]) expectStatus(await ask('/twice/bob', { owner }), 403);
    expectStatus(await ask('/twice/al', { owner: 'al' }), 403);
  });

  it('J59 of a literal stays a literal, though the path has a parameter of that name', async () => {
    expectStatus(await ask('/literal/user', { role: 'user' }), 403);
    expectStatus(await ask('/literal/user', { role: 'admin' }), 200);
    expectStatus(await ask('/literal-sub/bob'), 403);
    expectStatus(await ask('/literal-sub/bob', { sub: 'username' }), 200);
  });

  it.each([
    ['/id/5', { sub: '5' }, 200],
    ['/id/05', { sub: '5' }, 403],
    ['/id/5.0', { sub: '5' }, 403],
    ['/id/5', { sub: '05' }, 403],
    ['/account/5', { account: 5 }, 200],
    ['/account/5', { account: '5' }, 200],
    ['/account/05', { account: 5 }, 403],
    ['/account/5e0', { account: 5 }, 403],
    ['/account/true', { account: true }, 403],
    ['/account/null', { account: null }, 403],
    ['/account/undefined', {}, 403],
    ['/account/5', { account: [5] }, 403],
    ['/account/5', { account: { id: 5 } }, 403],
    ['/account/%5Bobject%20Object%5D', { account: {} }, 403],
  ] as const)('J60 of the path %s is met by %j: %s', async (path, claims, status) => {
    expectStatus(await ask(path, claims), status);
  });

  it('J60 of a query parameter is met by one text, never by none or two', async () => {
    expectStatus(await ask('/by-query?user=bob'), 200);
    for (const text of [
      '',
      '?user=',
      '?user=al',
      '?user=bob&user=al',
      '?user=bob&user=bob',
      '?user[]=bob',
      '?User=bob',
    ]) {
      expectStatus(await ask(`/by-query${text}`), 403);
    }
  });

  it('J60 of a member of the body is met by a text or a number, never by more', async () => {
    const send = (sent: object, claims: Record<string, unknown> = {}) =>
      api.send('POST', '/by-body', { headers: bearer(api.token({ sub: 'bob', ...claims })), body: sent });
    expect((await send({ user: 'bob' })).status).toBe(201);
    expect((await send({ user: 5 }, { sub: '5' })).status).toBe(201);
    for (const sent of [
      {},
      { user: 'al' },
      { user: ['bob'] },
      { user: { bob: 1 } },
      { user: null },
      ['bob'],
      { user: true },
    ]) {
      expectStatus(await send(sent), 403);
    }
  });

  const everything = { scope: { admin: true }, plan: 'pro' };
  const lines: Line[] = [
    ['all', everything, 200],
    ['another subject', { ...everything, sub: 'al' }, 403],
    ['no scope', { plan: 'pro' }, 403],
    ['no plan', { scope: 'admin' }, 403],
  ];
  it.each(lines)('J47 of subject, claims and scope at once is met by all: %s', async (_name, claims, status) => {
    const token = api.token({ sub: 'bob', ...claims });
    expectStatus(await api.send('DELETE', '/all/bob', { headers: bearer(token) }), status);
  });

  it('J47 of a class holds for each handler, unless the handler says its own', async () => {
    expectStatus(await ask('/class', { scope: 'admin' }), 200);
    expectStatus(await ask('/class', { plan: 'pro' }), 403);
    expectStatus(await ask('/class/own', { plan: 'pro' }), 200);
    expectStatus(await ask('/class/own', { scope: 'admin' }), 403);
    expectRefusal(await api.get('/class'), 'token_missing');
    expectRefusal(await api.get('/class/own'), 'token_missing');
  });

  describe('the refresh token', () => {
    it('J61 carries no scope and no claims of the application', async () => {
      const options = { scope: { admin: true }, claims: { plan: 'pro' } };
      const { refresh_token: ofPair } = await api.auth.issueTokens('bob', options);
      for (const token of [ofPair!, await api.auth.issueRefreshToken('bob')]) {
        expect(decoded(token)).not.toHaveProperty('scope');
        expect(decoded(token)).not.toHaveProperty('plan');
        expectStatus(await api.get('/any-admin', token), 403);
      }
    });

    it('J61 gives the access token its scope and claims back', async () => {
      const options = { scope: { admin: true }, claims: { plan: 'pro' } };
      const { refresh_token: token } = await api.auth.issueTokens('bob', options);
      const refreshed = await api.auth.refresh(token!);
      expect(refreshed.scope).toBe('admin');
      expect(decoded(refreshed.access_token)).toMatchObject({ scope: { admin: true }, plan: 'pro' });
      expectStatus(await api.get('/admin', refreshed.access_token), 200);
    });

    it('J61 has a jti of its own, each of a thousand', async () => {
      const tokens = await Promise.all(Array.from({ length: 1_000 }, () => api.auth.issueRefreshToken('bob')));
      const names = tokens.map((token) => decoded(token));
      expect(new Set(names.map(({ jti }) => jti)).size).toBe(1_000);
      expect(new Set(names.map(({ sid }) => sid)).size).toBe(1_000);
      expect(names.every(({ jti }) => typeof jti === 'string' && jti.length >= 22)).toBe(true);
    });
  });

  it('J62 tells type, subject, scope, claims and text exactly as they were sent', async () => {
    const sent = await api.auth.issueAccessToken('bob', {
      scope: { admin: true, read: false },
      claims: { plan: 'pro', list: [1, null, { a: 'ü' }] },
    });
    const answer = await info(api, sent);
    expect(answer).toEqual({
      type: 'access',
      subject: 'bob',
      scope: { admin: true, read: false },
      claims: decoded(sent),
      raw: sent,
    });
    expect((await info(api, api.token({ scope: 'read admin' })))['scope']).toBe('read admin');
    expect(await info(api, api.token())).not.toHaveProperty('scope');
  });
});

async function info(api: Api, token: string): Promise<Record<string, any>> {
  const { status, body: answer } = await api.get('/token/info', token);
  expect(status).toBe(200);
  return answer;
}

/** A copy of `value` whose member at `path` is another; `undefined` takes it out. */
function replaced(value: object, [name, ...rest]: readonly string[], by: unknown): object {
  const member = (value as Record<string, object>)[name!]!;
  return { ...value, [name!]: rest.length === 0 ? by : replaced(member, rest, by) };
}

describeOnBoth("scopeFormat: 'string'", { options: { jwt: { scopeFormat: 'string' } }, controllers }, (api) => {
  it('J55 writes the true members of an object as text, which meets the same requirement', async () => {
    const token = await api.auth.issueAccessToken('bob', { scope: { admin: true, read: true, write: false } });
    expect(decoded(token)['scope']).toBe('admin read');
    expectStatus(await api.get('/admin', token), 200);
    expectStatus(await api.get('/read-write', token), 403);
    const none = await api.auth.issueAccessToken('bob', { scope: { admin: false } });
    expectStatus(await api.get('/admin', none), 403);
  });
});
