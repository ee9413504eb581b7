import { Random } from '../../../../test/fuzz/random.js';
import type { AuthError } from '../auth.errors.js';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import type { ActiveToken } from './check-active.js';
import { checkClaims } from './check-claims.js';
import { anyOf, body, param, query, type RequestValue } from './request-value.js';
import type { Token } from './token.js';
import type { RequireTokenOptions } from './require-token.options.js';
import { compileRequirement } from './token-requirement.js';
import type { TokenMessage } from './transport.js';

function tokenWith(claims: object): ActiveToken {
  const revocable = { jti: 'j', sid: undefined, sub: 'ada', iat: 0 };
  const token = { raw: 'raw', header: { alg: 'HS256' }, claims: claims as JwtClaims, subject: 'ada', type: 'access' };
  return { ...token, revocable, audience: [] } as unknown as ActiveToken;
}

/** A request whose params, query and body are as given. */
function requestWith(values: Record<string, string | undefined>): TokenMessage {
  return { value: ({ source, name }: RequestValue) => values[`${source}.${name}`] } as unknown as TokenMessage;
}

function check(claims: object, options: RequireTokenOptions, values: Record<string, string> = {}): Token {
  return checkClaims(tokenWith(claims), compileRequirement(options), requestWith(values), 'header', undefined) as Token;
}

/** 200, or the error. */
function outcome(claims: object, options: RequireTokenOptions, values: Record<string, string> = {}): 200 | AuthError {
  try {
    check(claims, options, values);
    return 200;
  } catch (error) {
    return error as AuthError;
  }
}

const refused = expect.objectContaining({ code: 'insufficient_scope', statusCode: 403 });

/** Claims as they come out of a token: JSON.parse makes `__proto__` a member of its own. */
const parsed = (json: string) => JSON.parse(json) as object;

describe('claims that must be held', () => {
  it.each<[string, object, RequireTokenOptions, 200 | 403]>([
    ['J52 true', { admin: true }, { claims: { admin: true } }, 200],
    ['J52 false', { admin: false }, { claims: { admin: true } }, 403],
    ['J52 1 for true', { admin: 1 }, { claims: { admin: true } }, 403],
    ['J52 "true" for true', { admin: 'true' }, { claims: { admin: true } }, 403],
    ['J52 an object for true', { admin: {} }, { claims: { admin: true } }, 403],
    ['J52 nothing for true', {}, { claims: { admin: true } }, 403],
    ['true for 1', { level: true }, { claims: { level: 1 } }, 403],
    ['"1" for 1', { level: '1' }, { claims: { level: 1 } }, 403],
    ['1 for "1"', { level: 1 }, { claims: { level: '1' } }, 403],
    ['null for null', { gone: null }, { claims: { gone: null } }, 200],
    ['nothing for null', {}, { claims: { gone: null } }, 403],
    ['an empty text for ""', { a: '' }, { claims: { a: '' } }, 200],
    ['another case', { plan: 'Pro' }, { claims: { plan: 'pro' } }, 403],
    ['a text that holds it', { plan: 'professional' }, { claims: { plan: 'pro' } }, 403],

    ['J56 both', { a: { x: 1 }, admin: true }, { claims: { a: { x: 1 }, admin: true } }, 200],
    ['J56 both, in another order', { admin: true, a: { x: 1 } }, { claims: { a: { x: 1 }, admin: true } }, 200],
    ['J56 the last one missing', { a: { x: 1 } }, { claims: { a: { x: 1 }, admin: true } }, 403],
    ['J56 the last one missing, in another order', { a: { x: 1 } }, { claims: { admin: true, a: { x: 1 } } }, 403],
    ['J56 a leaf missing', { a: {}, admin: true }, { claims: { a: { x: 1 }, admin: true } }, 403],
    ['J56 a branch missing', { admin: true }, { claims: { a: { x: 1 }, admin: true } }, 403],
    ['J56 a branch of another shape', { a: [{ x: 1 }], admin: true }, { claims: { a: { x: 1 }, admin: true } }, 403],
    ['J56 extra members', { a: { x: 1, y: 2 }, admin: true, b: 3 }, { claims: { a: { x: 1 }, admin: true } }, 200],

    ['J57 a superset', { l: ['l3', 'l2', 'l1'] }, { claims: { l: ['l1', 'l2'] } }, 200],
    ['J57 one missing', { l: ['l1', 'l3'] }, { claims: { l: ['l1', 'l2'] } }, 403],
    ['J57 a scalar for a list', { l: 'l1' }, { claims: { l: ['l1'] } }, 403],
    ['J57 a text that holds them', { l: 'l1 l2' }, { claims: { l: ['l1', 'l2'] } }, 403],
    ['J57 an object for a list', { l: { 0: 'l1', length: 1 } }, { claims: { l: ['l1'] } }, 403],
    ['J57 objects in a list', { l: [{ id: 2 }, { id: 1, x: 0 }] }, { claims: { l: [{ id: 1 }] } }, 200],
    ['J57 another object in a list', { l: [{ id: 2 }] }, { claims: { l: [{ id: 1 }] } }, 403],
    ['J57 members spread over objects', { l: [{ a: 1 }, { b: 1 }] }, { claims: { l: [{ a: 1, b: 1 }] } }, 403],
    ['one of a list for a scalar', { roles: ['user', 'admin'] }, { claims: { roles: 'admin' } }, 200],
    ['none of a list for a scalar', { roles: ['user', 'administrator'] }, { claims: { roles: 'admin' } }, 403],
    ['a nested list for a list', { l: [['l1']] }, { claims: { l: ['l1'] } }, 403],
    ['a nested list for a scalar', { roles: [['admin']] }, { claims: { roles: 'admin' } }, 403],

    ['J58 absent for false', {}, { claims: { banned: false } }, 403],
    ['J58 false for false', { banned: false }, { claims: { banned: false } }, 200],
    ['J58 0 for false', { banned: 0 }, { claims: { banned: false } }, 403],
    ['J58 null for false', { banned: null }, { claims: { banned: false } }, 403],
    ['J58 "" for false', { banned: '' }, { claims: { banned: false } }, 403],

    ['anyOf: the second', { plan: 'team' }, { claims: { plan: anyOf('pro', 'team') } }, 200],
    ['anyOf: none', { plan: 'free' }, { claims: { plan: anyOf('pro', 'team') } }, 403],
    ['anyOf: absent', {}, { claims: { plan: anyOf('pro', null) } }, 403],
    ['anyOf: an object', { org: { id: 7, x: 1 } }, { claims: { org: anyOf({ id: 6 }, { id: 7 }) } }, 200],

    ['J54 sub', { sub: 'root' }, { sub: 'root' }, 200],
    ['J54 another sub', { sub: 'rooty' }, { sub: 'root' }, 403],
    ['a sub in a list', { sub: ['root'] }, { sub: ['root'] }, 200],
  ])('%s', (_name, claims, options, status) => {
    expect(outcome(claims, options)).toEqual(status === 200 ? 200 : refused);
  });

  it.each<[string, object, RequireTokenOptions]>([
    ['a member of a prototype', {}, { claims: { constructor: Object as never } } as RequireTokenOptions],
    ['a method of a prototype', {}, { claims: { toString: 'x' } }],
    ['__proto__ in the token', parsed('{"__proto__":{"admin":true}}'), { claims: { admin: true } }],
    ['__proto__ further down', parsed('{"a":{"__proto__":{"admin":true}}}'), { claims: { a: { admin: true } } }],
    ['constructor in the token', parsed('{"constructor":{"prototype":{"admin":true}}}'), { claims: { admin: true } }],
    ['an inherited claim', Object.create({ admin: true }) as object, { claims: { admin: true } }],
    [
      'an inherited claim further down',
      { a: Object.create({ admin: true }) as object },
      { claims: { a: { admin: true } } },
    ],
    ['an inherited scope', { scope: Object.create({ admin: true }) as object }, { scope: { admin: true } }],
    ['the scope __proto__', parsed('{"scope":{"__proto__":{"admin":true}}}'), { scope: 'admin' }],
    ['the length of a list', { a: ['x'] }, { claims: { a: { length: 1 } } }],
    ['the length of a text', { a: 'x' }, { claims: { a: { length: 1 } } }],
  ])('CA-11 %s gives nothing', (_name, claims, options) => {
    // a requirement that is refused at boot is as good
    expect(() => check(claims, options)).toThrow();
  });

  it('CA-11 __proto__ as a name of its own can be asked for', () => {
    const wanted = parsed('{"__proto__":{"admin":true}}') as never;
    expect(outcome(parsed('{"__proto__":{"admin":true}}'), { claims: wanted })).toBe(200);
    expect(outcome({ admin: true }, { claims: wanted })).toEqual(refused);
    expect(outcome({}, { claims: wanted })).toEqual(refused);
  });
});

describe('values of the request', () => {
  it.each<[string, object, RequireTokenOptions, Record<string, string>, 200 | 403]>([
    ['the same', { sub: 'ada' }, { sub: param('username') }, { 'param.username': 'ada' }, 200],
    ['another', { sub: 'ada' }, { sub: param('username') }, { 'param.username': 'grace' }, 403],
    ['absent', { sub: 'ada' }, { sub: param('username') }, {}, 403],
    ['absent, and the claim too', {}, { sub: param('username') }, {}, 403],
    ['the text undefined for an absent claim', {}, { sub: param('username') }, { 'param.username': 'undefined' }, 403],
    ['the text null for null', { sub: null }, { sub: param('username') }, { 'param.username': 'null' }, 403],
    ['the text true for true', { ok: true }, { claims: { ok: query('ok') } }, { 'query.ok': 'true' }, 403],
    ['an empty text', { sub: '' }, { sub: param('username') }, { 'param.username': '' }, 200],
    ['a list that holds it', { sub: ['ada'] }, { sub: param('username') }, { 'param.username': 'ada' }, 403],
    ['an object of the same text', { sub: { a: 1 } }, { sub: param('u') }, { 'param.u': '[object Object]' }, 403],
    ['another source', { sub: 'ada' }, { sub: param('u') }, { 'query.u': 'ada', 'body.u': 'ada' }, 403],

    ['J60 "5" for a text', { sub: '5' }, { sub: param('id') }, { 'param.id': '5' }, 200],
    ['J60 "5" for a number', { id: 5 }, { claims: { id: param('id') } }, { 'param.id': '5' }, 200],
    ['J60 "05" for a number', { id: 5 }, { claims: { id: param('id') } }, { 'param.id': '05' }, 403],
    ['J60 "5.0" for a number', { id: 5 }, { claims: { id: param('id') } }, { 'param.id': '5.0' }, 403],
    ['J60 " 5" for a number', { id: 5 }, { claims: { id: param('id') } }, { 'param.id': ' 5' }, 403],
    ['J60 "0x5" for a number', { id: 5 }, { claims: { id: param('id') } }, { 'param.id': '0x5' }, 403],
    ['J60 "05" for "5"', { sub: '5' }, { sub: param('id') }, { 'param.id': '05' }, 403],

    [
      'J59 two claims of one param',
      { a: '1', b: '1' },
      { claims: { a: param('x'), b: param('x') } },
      { 'param.x': '1' },
      200,
    ],
    [
      'J59 the first differs',
      { a: '2', b: '1' },
      { claims: { a: param('x'), b: param('x') } },
      { 'param.x': '1' },
      403,
    ],
    [
      'J59 the second differs',
      { a: '1', b: '2' },
      { claims: { a: param('x'), b: param('x') } },
      { 'param.x': '1' },
      403,
    ],
    ['J59 a literal named as a param', { a: 'x' }, { claims: { a: 'x' } }, { 'param.x': '1' }, 200],
    ['J59 and its value', { a: '1' }, { claims: { a: 'x' } }, { 'param.x': '1' }, 403],

    ['below an object', { org: { id: '7' } }, { claims: { org: { id: body('org') } } }, { 'body.org': '7' }, 200],
    ['in a scope', { scope: { team: '7' } }, { scope: { team: param('team') as never } }, { 'param.team': '7' }, 200],
    [
      'in a scope, another',
      { scope: { team: '7' } },
      { scope: { team: param('t') as never } },
      { 'param.t': '8' },
      403,
    ],
    ['in anyOf', { team: '7' }, { claims: { team: anyOf('0', param('team')) } }, { 'param.team': '7' }, 200],
    ['in a list', { teams: ['1', '7'] }, { claims: { teams: [param('team')] } }, { 'param.team': '7' }, 200],
  ])('%s', (_name, claims, options, values, status) => {
    expect(outcome(claims, options, values)).toEqual(status === 200 ? 200 : refused);
  });

  it('outside a request there are none: nothing matches', () => {
    const ask = () =>
      checkClaims(tokenWith({ sub: 'ada' }), compileRequirement({ sub: param('u') }), undefined, undefined, undefined);
    expect(ask).toThrow(refused);
  });
});

describe('scope', () => {
  const readWrite: [string, unknown][] = [
    ['a text', 'read write'],
    ['a list', ['read', 'write']],
    ['an object', { read: true, write: true }],
  ];

  it.each(
    readWrite.flatMap(([held, scope]) => readWrite.map(([wanted, asked]) => [held, wanted, scope, asked] as const)),
  )('J55 %s grants what is asked for as %s', (_held, _wanted, scope, asked) => {
    expect(outcome({ scope }, { scope: asked as string })).toBe(200);
  });

  it.each<[string, unknown, RequireTokenOptions['scope'], 200 | 403]>([
    ['CA-12 a part of a name', 'readadmin', 'admin', 403],
    ['CA-12 a name that begins so', 'administrator', 'admin', 403],
    ['CA-12 another case', 'Admin', 'admin', 403],
    ['CA-12 a comma list', 'read,admin', 'admin', 403],
    ['CA-12 a tab between names', 'read\tadmin', 'admin', 403],
    ['CA-12 a line feed behind the name', 'admin\n', 'admin', 403],
    ['CA-12 a name in a list entry', ['read admin'], 'admin', 403],
    ['CA-12 a nested list', [['admin']], 'admin', 403],
    ['CA-12 more spaces', '  read   admin ', 'admin', 200],
    ['CA-12 one of two', 'read', 'read write', 403],
    ['CA-12 more than asked for', 'read write admin', ['write'], 200],
    ['J55 a false member', { admin: false }, { admin: true }, 403],
    ['J55 a false member for a text', { admin: false }, 'admin', 403],
    ['J55 1 for true', { admin: 1 }, 'admin', 403],
    ['J55 the text true', { admin: 'true' }, { admin: true }, 403],
    ['an object in a member', { admin: { x: true } }, 'admin', 403],
    ['a deep scope', { files: { read: true, write: false } }, { files: { read: true } }, 200],
    ['a deep scope, refused', { files: { read: false } }, { files: { read: true } }, 403],
    ['a deep scope of a text', 'files', { files: { read: true } }, 403],
    ['a number of an object', { level: 3 }, { level: 3 }, 200],
    ['a number of a text', 'level', { level: 3 }, 403],
    ['a missing scope', undefined, 'read', 403],
    ['a null scope', null, 'read', 403],
    ['a null scope for an object', null, { read: true }, 403],
    ['a scope that is true', true, 'read', 403],
    ['a scope that is a number', 1, { read: true }, 403],
    ['an empty text', '', 'read', 403],
  ])('%s', (_name, held, wanted, status) => {
    const claims = held === undefined ? {} : { scope: held };
    expect(outcome(claims, { scope: wanted! })).toEqual(status === 200 ? 200 : refused);
    // the same words in an override and in claims
    expect(outcome(claims, { sub: 'nobody', override: { scope: wanted as never } })).toEqual(
      status === 200 ? 200 : refused,
    );
    expect(outcome(claims, { claims: { scope: wanted as never } })).toEqual(status === 200 ? 200 : refused);
  });

  it('names in the challenge what the route asks for, and not what the token has', () => {
    expect(outcome({ scope: 'secret-project' }, { scope: ['read', 'write'] })).toMatchObject({ scope: 'read write' });
    expect(outcome({ sub: 'x' }, { sub: 'ada' })).toMatchObject({ scope: undefined });
  });
});

describe('override', () => {
  const both = { sub: param('username'), scope: { write: true }, override: { admin: true } } as const;

  it.each<[string, object, 200 | 403, boolean]>([
    ['J53 sub without scope', { sub: 'ada' }, 403, false],
    ['J53 sub and scope', { sub: 'ada', scope: 'write' }, 200, false],
    ['J53 another sub with the override', { sub: 'grace', admin: true }, 200, true],
    ['J50 both', { sub: 'ada', scope: 'write', admin: true }, 200, true],
    ['J50 neither', { sub: 'grace' }, 403, false],
    ['J52 admin: false', { sub: 'grace', admin: false }, 403, false],
    ['J52 admin: 1', { sub: 'grace', admin: 1 }, 403, false],
    ['J52 admin: "true"', { sub: 'grace', admin: 'true' }, 403, false],
    ['J52 admin: {}', { sub: 'grace', admin: {} }, 403, false],
  ])('%s', (_name, claims, status, overridden) => {
    const values = { 'param.username': 'ada' };
    expect(outcome(claims, both, values)).toEqual(status === 200 ? 200 : refused);
    if (status === 200) expect(check(claims, both, values).overridden).toBe(overridden);
  });

  it('of several alternatives one suffices, whole', () => {
    const options: RequireTokenOptions = { sub: 'nobody', override: [{ sub: 'root' }, { admin: true, level: 2 }] };
    expect(outcome({ sub: 'root' }, options)).toBe(200);
    expect(outcome({ admin: true, level: 2 }, options)).toBe(200);
    expect(outcome({ admin: true }, options)).toEqual(refused);
  });
});

describe('the verify function', () => {
  const ask = (answers: unknown[]) => {
    const [hook, verify] = answers.map((answer) => async () => answer as boolean);
    return checkClaims(tokenWith({}), compileRequirement({ verify: verify! }), undefined, 'header', hook);
  };

  it.each([false, undefined, null, 0, 1, 'true', {}, 'yes'])('J46 %p is no yes', async (answer) => {
    await expect(ask([true, answer])).rejects.toMatchObject({ code: 'token_rejected', statusCode: 403 });
    await expect(ask([answer, true])).rejects.toMatchObject({ code: 'token_rejected' });
  });

  it('true lets the token through', async () => {
    await expect(ask([true, true])).resolves.toMatchObject({ location: 'header' });
  });

  it('is not asked when the claims do not suffice', () => {
    let asked = false;
    const verify = () => (asked = true);
    expect(() =>
      checkClaims(tokenWith({}), compileRequirement({ sub: 'ada', verify }), undefined, 'header', verify),
    ).toThrow(refused);
    expect(asked).toBe(false);
  });
});

/** A requirement of random shape in which every name and every leaf of a list stands once, so that nothing stands in for it. */
class Shapes {
  #count = 0;

  constructor(private readonly random: Random) {}

  object(depth: number): Record<string, JsonValue> {
    const size = 1 + this.random.below(3);
    return Object.fromEntries(Array.from({ length: size }, () => [this.#name(), this.#value(depth)]));
  }

  #name(): string {
    return `n${this.#count++}`;
  }

  #value(depth: number): JsonValue {
    if (depth > 0 && this.random.oneIn(2)) {
      if (this.random.oneIn(2)) return this.object(depth - 1);
      return Array.from({ length: 1 + this.random.below(3) }, () =>
        this.random.oneIn(3) ? this.object(depth - 1) : this.#leafOfList(),
      );
    }
    return this.random.pick<JsonValue>([true, false, null, 0, 1, '', 'text', -1.5]);
  }

  #leafOfList(): JsonValue {
    return this.random.oneIn(2) ? this.#name() : 1_000 + this.#count++;
  }

  /** What holds all of `wanted`, and more. */
  holding(wanted: JsonValue): JsonValue {
    if (Array.isArray(wanted)) {
      const members = wanted.map((member) => this.holding(member as JsonValue));
      if (this.random.oneIn(2)) members.splice(this.random.below(members.length + 1), 0, 'extra');
      return members;
    }
    if (typeof wanted !== 'object' || wanted === null) return wanted;
    const entries = Object.entries(wanted).map(([name, value]) => [name, this.holding(value)] as const);
    if (this.random.oneIn(2)) entries.unshift([this.#name(), 'extra']);
    return Object.fromEntries(this.random.oneIn(2) ? entries.toReversed() : entries);
  }
}

type Path = readonly (string | number)[];

/** Where the leaves are that `wanted` asks for, by the names of objects; lists are entered at every member. */
function leavesOf(held: JsonValue, wanted: JsonValue, path: Path = []): Path[] {
  if (Array.isArray(wanted)) {
    const list = held as JsonValue[];
    return wanted.flatMap((member: JsonValue) => {
      const at = list.findIndex((candidate) => namesOf(candidate) >= 0 && covers(candidate, member));
      return leavesOf(list[at]!, member, [...path, at]);
    });
  }
  if (typeof wanted !== 'object' || wanted === null) return [path];
  return Object.entries(wanted).flatMap(([name, value]) =>
    leavesOf((held as Record<string, JsonValue>)[name]!, value as JsonValue, [...path, name]),
  );
}

const namesOf = (value: JsonValue) => (typeof value === 'object' && value !== null ? Object.keys(value).length : 0);

/** Does the member of a list stem from the wanted one? All names and leaves are unique, so one name tells. */
function covers(candidate: JsonValue, member: JsonValue): boolean {
  if (typeof member !== 'object' || member === null) return candidate === member;
  return typeof candidate === 'object' && candidate !== null && Object.hasOwn(candidate, Object.keys(member)[0]!);
}

function without(held: JsonValue, [step, ...rest]: Path): JsonValue {
  const copy = structuredClone(held) as Record<string | number, JsonValue>;
  if (rest.length > 0) copy[step!] = without(copy[step!]!, rest);
  else if (Array.isArray(copy)) copy.splice(step as number, 1);
  else delete copy[step!];
  return copy as JsonValue;
}

function changed(held: JsonValue, [step, ...rest]: Path, to: (old: JsonValue) => JsonValue): JsonValue {
  const copy = structuredClone(held) as Record<string | number, JsonValue>;
  copy[step!] = rest.length > 0 ? changed(copy[step!]!, rest, to) : to(copy[step!]!);
  return copy as JsonValue;
}

/** Values that careless comparisons take for the old one. */
function lookalikes(old: JsonValue): JsonValue[] {
  const others: JsonValue[] = [
    true,
    false,
    null,
    0,
    1,
    '',
    String(old),
    Number(old) || 0,
    [],
    {},
    { value: old },
    [[old]],
  ];
  return others.filter((other) => other !== old);
}

describe('J56 random requirements (seed 56)', () => {
  const random = new Random(56);
  const shapes = new Shapes(random);

  it('are met by what holds every leaf, and by nothing that lacks one or has another in its place', () => {
    const mistakes: unknown[] = [];
    let leaves = 0;
    for (let round = 0; round < 400; round++) {
      const wanted = shapes.object(3);
      const options = { claims: wanted } as RequireTokenOptions;
      const held = shapes.holding(wanted);
      if (outcome(held as object, options) !== 200) mistakes.push({ wanted, held });

      for (const path of leavesOf(held, wanted)) {
        leaves += 1;
        const lacking = without(held, path);
        if (outcome(lacking as object, options) === 200) mistakes.push({ wanted, lacking });
        const other = changed(held, path, (old) => random.pick(lookalikes(old)));
        if (outcome(other as object, options) === 200) mistakes.push({ wanted, other });
      }
    }
    expect(mistakes).toEqual([]);
    expect(leaves).toBeGreaterThan(1_000);
  });
});
