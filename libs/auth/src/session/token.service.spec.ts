import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Random } from '../../../../test/fuzz/random.js';
import { Clock } from '../auth.clock.js';
import { AuthConfigError } from '../auth.errors.js';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import { JwtOptions } from '../jwt/jwt.options.js';
import { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey } from '../jwt/keys.js';
import { parseJwt, verifyJwt } from '../jwt/verify.js';
import { MemoryRevocationStore } from '../stores/memory-revocation.store.js';
import { RevocationList } from '../stores/revocation-list.js';
import { RevocationOptions } from '../stores/revocation.options.js';
import type { IssueHooks } from './issue-hooks.js';
import { TokenIssuer, type IssueOptions } from './token-issuer.js';
import { TokenService } from './token.service.js';

const issuer = 'https://api.example.com';
const second = 1_800_000_000;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

class TestClock extends Clock {
  milliseconds = second * 1000;
  now(): number {
    return this.milliseconds;
  }
}

interface Setup {
  readonly tokens: TokenService;
  readonly clock: TestClock;
  readonly revocations: RevocationList;
  readonly store: MemoryRevocationStore;
  readonly events: { name: string; payload: object }[];
  /** Issue an access token and read it. */
  issue(options?: IssueOptions, user?: unknown): Promise<{ header: object; claims: JwtClaims }>;
}

const secret = createJwtKey('o', { algorithm: 'HS256', key: randomBytes(32) });

function setUp(options: Partial<JwtOptions> = {}, hooks: IssueHooks = {}, keys = new KeyRing([secret])): Setup {
  const clock = new TestClock();
  const store = new MemoryRevocationStore();
  const revocations = new RevocationList(store, new RevocationOptions(), clock);
  const events: { name: string; payload: object }[] = [];
  const jwt = Object.assign(new JwtOptions(), { issuer }, options);
  const tokens = new TokenService({
    ...{ options: jwt, clock, revocations },
    tokens: new TokenIssuer({ options: jwt, keys, clock, hooks, revocations, withCsrf: false }),
    emit: (name, payload) => events.push({ name, payload }),
  });
  const issue = async (issueOptions?: IssueOptions, user: unknown = 'ada') =>
    read(await tokens.issueAccessToken(user, issueOptions));
  return { tokens, clock, revocations, store, events, issue };
}

function read(text: string) {
  const { header, claims } = verifyJwt(parseJwt(text), secret);
  return { header, claims };
}

const isDead = ({ revocations }: Setup, { jti, sid, sub, iat }: JwtClaims) =>
  revocations.isRevoked({ jti, sid, sub: sub!, iat });

describe('TokenService: what a token holds', () => {
  it('an access token: the claims of RFC 9068 §2.2, and the type in header and claim', async () => {
    const { header, claims } = await setUp().issue();
    expect(header).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    expect(claims).toEqual({
      ...{ iss: issuer, sub: 'ada', aud: issuer, iat: second, nbf: second, exp: second + 900, type: 'access' },
      jti: expect.stringMatching(uuid),
      sid: expect.stringMatching(uuid),
    });
  });

  it('a refresh token: another typ, a family of its own, no scope', async () => {
    const { tokens } = setUp();
    const { header, claims } = read(await tokens.issueRefreshToken('ada'));
    expect(header).toMatchObject({ typ: 'rt+jwt' });
    expect(claims).toMatchObject({ type: 'refresh', exp: second + 2_592_000, sid: expect.stringMatching(uuid) });
    expect(claims['scope']).toBeUndefined();
  });

  it('a pair: one family; scope and claims in the access token, kept in the grant of the refresh token (J61)', async () => {
    const { tokens } = setUp();
    const answer = await tokens.issueTokens('ada', { scope: { read: true, admin: false }, claims: { plan: 'pro' } });
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'read' });
    const [access, refresh] = [read(answer.access_token).claims, read(answer.refresh_token!).claims];
    expect(access).toMatchObject({ scope: { read: true, admin: false }, plan: 'pro', sid: refresh.sid });
    expect(refresh['scope'] ?? refresh['plan']).toBeUndefined();
    expect(refresh['grant']).toEqual({ scope: { read: true, admin: false }, claims: { plan: 'pro' } });
    expect(access['grant']).toBeUndefined();
  });

  it('J61 a jti that never comes twice', async () => {
    const { issue } = setUp();
    const seen = new Set<string>();
    for (let round = 0; round < 1_000; round++) seen.add((await issue()).claims.jti!);
    expect(seen.size).toBe(1_000);
  });

  it('whole seconds, rounded down, whatever the clock says', async () => {
    const { clock, issue } = setUp();
    clock.milliseconds += 999.9;
    expect((await issue()).claims).toMatchObject({ iat: second, nbf: second, exp: second + 900 });
  });

  it.each<[string, Partial<JwtOptions>, IssueOptions, object]>([
    ['no nbf when that is switched off', { notBefore: false }, {}, { nbf: undefined }],
    ['the audience of the module', { audience: ['a', 'b'] }, {}, { aud: ['a', 'b'] }],
    ['the audience of the call', { audience: 'a' }, { audience: 'b' }, { aud: 'b' }],
    ['the subject by another name', { subjectClaim: 'user' }, {}, { user: 'ada', sub: undefined }],
    ['the type by another name', { typeClaim: 'use' }, {}, { use: 'access', type: undefined }],
    ['a type of the application', {}, { type: 'password_reset' }, { type: 'password_reset' }],
    ['freshness', {}, { fresh: true }, { fresh: true, auth_time: second }],
    ['freshness with an end', {}, { fresh: '5m' }, { fresh: second + 300, auth_time: second }],
    ['a scope as text', { scopeFormat: 'string' }, { scope: { read: true, no: false, x: 1 } }, { scope: 'read' }],
    ['a scope as it was given', {}, { scope: ['read', 'write'] }, { scope: ['read', 'write'] }],
  ])('%s', async (_name, options, issueOptions, expected) => {
    const { claims } = await setUp(options).issue(issueOptions);
    for (const [name, value] of Object.entries(expected)) expect([name, claims[name]]).toEqual([name, value]);
  });

  it.each([
    ['password_reset', 'JWT'],
    ['access', 'at+jwt'],
  ])('CA-06 type %s has the typ %s', async (type, typ) => {
    expect((await setUp().issue({ type })).header).toMatchObject({ typ });
  });
});

describe('TokenService: reserved claims (CA-15)', () => {
  const reserved = [
    'iss',
    'sub',
    'aud',
    'exp',
    'nbf',
    'iat',
    'orig_iat',
    'jti',
    'sid',
    'auth_time',
    'scope',
    'fresh',
    'csrf',
    'grant',
    'prt',
    'type',
  ];

  it.each(reserved)('refuses %s among the claims of a call, and names it', async (name) => {
    for (const value of ['root', 0, null, undefined]) {
      const asked = setUp().issue({ claims: { [name]: value as JsonValue } });
      await expect(asked).rejects.toMatchObject({
        code: 'reserved_claim',
        reason: expect.stringContaining(`claims.${name} `),
      });
    }
  });

  it.each(reserved)('refuses %s from hooks.claims', async (name) => {
    const { tokens } = setUp({}, { claims: async () => ({ [name]: 'root' }) });
    await expect(tokens.issueAccessToken('ada')).rejects.toMatchObject({ code: 'reserved_claim' });
    await expect(tokens.issueRefreshToken('ada')).rejects.toMatchObject({ code: 'reserved_claim' });
    await expect(tokens.issueTokens('ada')).rejects.toMatchObject({ code: 'reserved_claim' });
  });

  it('refuses the claims that the options rename, and frees none of the registered ones', async () => {
    const { issue } = setUp({ subjectClaim: 'user', typeClaim: 'use' });
    for (const name of ['user', 'use', 'sub', 'iss', 'exp'])
      await expect(issue({ claims: { [name]: 'root' } })).rejects.toMatchObject({ code: 'reserved_claim' });
  });

  it.each(['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u'])(
    'refuses %s in the header',
    async (name) => {
      await expect(setUp().issue({ header: { [name]: 'x' } })).rejects.toMatchObject({ code: 'reserved_claim' });
      const { tokens } = setUp({}, { header: () => ({ [name]: 'x' }) });
      await expect(tokens.issueAccessToken('ada')).rejects.toMatchObject({ code: 'reserved_claim' });
    },
  );

  it('takes names that only look like reserved ones', async () => {
    const claims = { Sub: 1, exp_: 2, 'https://example.com/exp': 3, constructor: 4, toString: 5 };
    expect((await setUp().issue({ claims })).claims).toMatchObject(claims);
  });

  it('CA-11 writes __proto__ as a claim and changes no prototype', async () => {
    const claims = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, JsonValue>;
    const { claims: issued } = await setUp().issue({ claims });
    expect(Object.hasOwn(issued, '__proto__')).toBe(true);
    expect(issued['admin']).toBeUndefined();
    expect(issued.sub).toBe('ada');
  });

  it('a claim of the call wins over one of the hook', async () => {
    const { issue } = setUp({}, { claims: () => ({ plan: 'free', level: 1 }) });
    expect((await issue({ claims: { plan: 'pro' } })).claims).toMatchObject({ plan: 'pro', level: 1 });
  });

  it.each<[string, unknown]>([
    ['a Date', new Date(0)],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['a Map', new Map()],
    [
      'an instance of a class',
      new (class {
        readonly id = 1;
      })(),
    ],
    ['a Date further down', { list: [{ at: new Date(0) }] }],
  ])('refuses %s as claim, header and scope: JSON would change it', async (_name, value) => {
    const wrong = { code: 'invalid_argument' };
    await expect(setUp().issue({ claims: { x: value as JsonValue } })).rejects.toMatchObject(wrong);
    await expect(setUp().issue({ header: { x: value as JsonValue } })).rejects.toMatchObject(wrong);
    await expect(setUp().issue({ scope: { x: value as JsonValue } })).rejects.toMatchObject(wrong);
  });

  // parseJwt() refuses such a token: whoever logs in gets one that never works
  it.each<[string, Record<string, JsonValue>]>([
    ['longer than 16,384 characters', { filler: 'x'.repeat(20_000) }],
    ['nested too deeply', { deep: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) as JsonValue }],
  ])('refuses to issue a token that is %s', async (_name, claims) => {
    await expect(setUp().tokens.issueAccessToken('ada', { claims })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });
});

describe('TokenService: subject and type', () => {
  it.each<[string, unknown]>([
    ['nobody', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { id: 'ada' }],
    ['a list', ['ada']],
    ['true', true],
  ])('CA-08 refuses %s as subject', async (_name, user) => {
    await expect(setUp().tokens.issueAccessToken(user)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(setUp().tokens.issueTokens(user)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('asks hooks.subject for anything but a text, and refuses what is none', async () => {
    const hooks = { subject: async (user: unknown) => (user as { id: string }).id };
    expect((await setUp({}, hooks).issue({}, { id: 'ada' })).claims.sub).toBe('ada');
    for (const id of ['', 7, undefined, null])
      await expect(setUp({}, hooks).issue({}, { id })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('takes other JSON as subject only when requireStringSubject is off', async () => {
    const { issue } = setUp({ requireStringSubject: false });
    expect((await issue({}, 7)).claims.sub).toBe(7);
    expect((await issue({}, { id: 7 })).claims.sub).toEqual({ id: 7 });
    for (const user of ['', null, Number.NaN, new Date(0)])
      await expect(issue({}, user)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it.each(['', ' ', 'a b', '../access', 'a\n', 'x'.repeat(65), 'ünique', 7, ['access'], {}])(
    'CA-06 refuses the type %p',
    async (type) => {
      await expect(setUp().issue({ type: type as string })).rejects.toMatchObject({ code: 'invalid_argument' });
    },
  );

  it.each([0, '0s', -5, '5', 'soon', 1.5, Number.NaN, null, 'true', {}])('refuses fresh: %p', async (fresh) => {
    await expect(setUp().issue({ fresh: fresh as true })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('TokenService: lifetimes (CA-03)', () => {
  const options = { accessTokenLifetime: '10m', refreshTokenLifetime: '1h' } as const;

  it.each<[IssueOptions['expiresIn'], number]>([
    [undefined, 600],
    [1, 1],
    ['30s', 30],
    [600, 600],
    ['1h', 3_600],
  ])('expiresIn %p gives %i seconds', async (expiresIn, length) => {
    const setup = setUp(options);
    const { claims } = await setup.issue(expiresIn === undefined ? {} : { expiresIn });
    expect(claims.exp! - claims.iat!).toBe(length);
    expect(setup.tokens.response('t', undefined, expiresIn).expires_in).toBe(length);
  });

  it.each([
    0,
    '0s',
    -1,
    0.5,
    3_601,
    '61m',
    '2h',
    900_000,
    1e308,
    Infinity,
    Number.NaN,
    '',
    '10',
    '10 m',
    'never',
    null,
    true,
    {},
    [600],
  ])('refuses expiresIn %p', async (expiresIn) => {
    const asked = setUp(options).issue({ expiresIn: expiresIn as number });
    await expect(asked).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it("leaves exp out only where 'never' is configured for that type", async () => {
    const endless = setUp({ accessTokenLifetime: 'never', refreshTokenLifetime: '1h' });
    expect((await endless.issue()).claims.exp).toBeUndefined();
    expect((await endless.issue({ expiresIn: 'never' })).claims.exp).toBeUndefined();
    expect((await endless.issue({ expiresIn: '5m' })).claims.exp).toBe(second + 300);
    expect(endless.tokens.response('t', undefined)).not.toHaveProperty('expires_in');
    await expect(endless.tokens.issueRefreshToken('ada', { expiresIn: 'never' })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it('never lets exp lie further from iat than the longer of the two lifetimes', async () => {
    const random = new Random(3);
    const setup = setUp(options);
    for (let round = 0; round < 300; round++) {
      if (random.oneIn(5)) await setup.tokens.revokeAll('ada');
      if (random.oneIn(3)) setup.clock.milliseconds += random.below(2_000);
      const { iat, exp } = (await setup.issue({ expiresIn: 1 + random.below(3_600) })).claims;
      expect(exp! - iat!).toBeLessThanOrEqual(3_600);
      expect(exp!).toBeLessThanOrEqual(Math.floor(setup.clock.now() / 1000) + 3_600);
    }
  });

  it('an access token that is made anew lives at most as long as it is told, and is no fresher', async () => {
    const setup = setUp(options);
    const first = await setup.issue({ fresh: true, scope: 'read', claims: { plan: 'pro' }, audience: 'other' });
    setup.clock.milliseconds += 60_000;
    const again = read(await setup.tokens.reissueAccessToken(first.claims, 'ada', 90)).claims;
    expect(again).toMatchObject({ sub: 'ada', scope: 'read', plan: 'pro', aud: 'other', exp: second + 60 + 90 });
    expect(again).toMatchObject({ auth_time: second, iat: second + 60 });
    expect(again['fresh']).toBeUndefined();
    expect(again.jti).not.toBe(first.claims.jti);
  });
});

describe('TokenService: keys', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it('a ring that only verifies issues nothing, and says what to set', async () => {
    const ring = new KeyRing([createJwtKey('o', { algorithm: 'ES256', key: publicKey })]);
    await expect(setUp({}, {}, ring).tokens.issueAccessToken('ada')).rejects.toThrow(AuthConfigError);
  });

  it('hooks.signingKey signs instead of the ring, asked with subject and type', async () => {
    const asked: object[] = [];
    const { tokens } = setUp(
      {},
      { signingKey: (about) => (asked.push(about), { algorithm: 'ES256', kid: 'hooked', key: privateKey }) },
    );
    const parsed = parseJwt(await tokens.issueAccessToken('ada'));
    expect(parsed.header).toEqual({ alg: 'ES256', kid: 'hooked', typ: 'at+jwt' });
    verifyJwt(parsed, createJwtKey('o', { algorithm: 'ES256', key: publicKey }));
    expect(asked).toEqual([{ subject: 'ada', type: 'access' }]);
  });

  it('CF-02 hooks.signingKey must not give a public key, nor a weak one', async () => {
    const give = (key: Awaited<ReturnType<NonNullable<IssueHooks['signingKey']>>>) =>
      setUp({}, { signingKey: () => key }).tokens.issueAccessToken('ada');
    await expect(give({ algorithm: 'ES256', key: publicKey })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(give({ algorithm: 'HS256', key: 'short' })).rejects.toMatchObject({ option: 'hooks.signingKey' });
  });
});

describe('TokenService: revocation', () => {
  it('ends a family by default, one token when asked to, and says whether it was the first', async () => {
    const setup = setUp();
    const { access_token, refresh_token } = await setup.tokens.issueTokens('ada');
    const [access, refresh] = [read(access_token).claims, read(refresh_token!).claims];

    await expect(setup.tokens.revoke(access, { family: false })).resolves.toBe(true);
    expect([isDead(setup, access), isDead(setup, refresh)]).toEqual([true, false]);
    await expect(setup.tokens.revoke(access)).resolves.toBe(true);
    expect([isDead(setup, access), isDead(setup, refresh)]).toEqual([true, true]);
    await expect(setup.tokens.revoke(refresh)).resolves.toBe(false);
    expect(setup.events.map(({ name }) => name)).toEqual(['revoked', 'revoked']);
  });

  it('refuses claims that name nothing', async () => {
    const setup = setUp();
    await expect(setup.tokens.revoke({ iss: issuer, sub: 'ada' })).rejects.toMatchObject({ code: 'invalid_argument' });
    for (const subject of ['', undefined, null, 7])
      await expect(setup.tokens.revokeAll(subject as string)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('RV-06 keeps a revocation longer than any token that was issued before it lives', async () => {
    const setup = setUp({ accessTokenLifetime: '1h', refreshTokenLifetime: '1d' });
    const { claims } = await setup.issue({ expiresIn: '1d' });
    await setup.tokens.revoke(claims);
    await setup.tokens.revokeAll('ada');
    const greatestTolerance = 60;
    const rows = await setup.store.find({ sid: claims.sid!, sub: 'ada' });
    expect(rows).toHaveLength(2);
    for (const { expiresAt } of rows) expect(expiresAt).toBeGreaterThan((claims.exp! + greatestTolerance) * 1000);
  });

  it('RV-06 keeps a revocation for ever where tokens live for ever', async () => {
    const setup = setUp({ accessTokenLifetime: 'never' });
    await setup.tokens.revoke((await setup.issue()).claims);
    const [kept] = await setup.store.list({ since: 0, now: 8.6e15, limit: 1 });
    expect(kept).toBeDefined();
  });

  it('RV-09 revokeAll in the second of a log-in: what was issued before is dead, what comes after lives', async () => {
    const setup = setUp();
    const before = (await setup.issue()).claims;
    await setup.tokens.revokeAll('ada');
    const after = (await setup.issue()).claims;
    expect([isDead(setup, before), isDead(setup, after)]).toEqual([true, false]);
    expect(after.nbf).toBe(second);
  });

  it('RV-09 revokeAll twice in one second: what was issued between is dead too', async () => {
    const setup = setUp();
    await setup.tokens.revokeAll('ada');
    const between = (await setup.issue()).claims;
    expect(isDead(setup, between)).toBe(false);
    await setup.tokens.revokeAll('ada');
    expect(isDead(setup, between)).toBe(true);
    expect(isDead(setup, (await setup.issue()).claims)).toBe(false);
  });

  it('RV-09 hits nobody else', async () => {
    const setup = setUp();
    const grace = (await setup.issue({}, 'grace')).claims;
    await setup.tokens.revokeAll('ada');
    expect(isDead(setup, grace)).toBe(false);
    expect((await setup.issue({}, 'grace')).claims.iat).toBe(second);
  });

  it('RV-09 in any order of log-ins, revocations and passing time (seed 9): the last revocation decides', async () => {
    const random = new Random(9);
    const setup = setUp();
    const issued: { claims: JwtClaims; subject: string; at: number }[] = [];
    const cut = new Map<string, number>();
    for (let step = 0; step < 2_000; step++) {
      const subject = random.pick(['ada', 'grace']);
      const choice = random.below(10);
      if (choice < 5) issued.push({ claims: (await setup.issue({}, subject)).claims, subject, at: step });
      else if (choice < 7) {
        await setup.tokens.revokeAll(subject);
        cut.set(subject, step);
      } else setup.clock.milliseconds += random.below(700);
    }
    const wrong = issued.filter(({ claims, subject, at }) => isDead(setup, claims) !== at < (cut.get(subject) ?? -1));
    expect(wrong).toEqual([]);
    expect(issued.length).toBeGreaterThan(500);
  });

  it('FT-07 the clock is set back after revokeAll: the next log-in lives, and the old tokens stay dead', async () => {
    const setup = setUp();
    const before = (await setup.issue()).claims;
    await setup.tokens.revokeAll('ada');
    setup.clock.milliseconds -= 3_600_000;
    const after = (await setup.issue()).claims;
    expect([isDead(setup, before), isDead(setup, after)]).toEqual([true, false]);
  });

  it('a token made from another one dies with what revokes its ancestor', async () => {
    const setup = setUp();
    const first = (await setup.issue()).claims;
    const { subject, originalIssuedAt } = setup.tokens.lineageOf(first);
    expect({ subject, originalIssuedAt }).toEqual({ subject: 'ada', originalIssuedAt: second });
    setup.clock.milliseconds += 5_000;
    const child = read(await setup.tokens.reissueAccessToken(first, 'ada', 900)).claims;
    setup.clock.milliseconds += 5_000;
    const grandchild = read(await setup.tokens.reissueAccessToken(child, 'ada', 900)).claims;
    expect([child['orig_iat'], grandchild['orig_iat']]).toEqual([second, second]);
  });
});
