import { AuthConfigError } from '../auth.errors.js';
import type { JsonValue, JwtClaims } from './claims.js';
import { ClaimValidator } from './claim-validator.js';
import { defineClaim } from './session-claim.js';
import type { SessionClaimOptions } from './session-claim.options.js';

const now = 1_800_000_000_000;
const roles = defineClaim<string[]>({ key: 'roles', fetch: () => [] });
const plan = defineClaim<string>({ key: 'plan', fetch: () => 'pro', maxAge: '5m' });
const seats = defineClaim<number>({ key: 'seats', fetch: () => 3 });
const verified = defineClaim<boolean>({ key: 'verified', fetch: () => true });

/** Claims of a token with values that were fetched now, or so many milliseconds ago. */
const claims = (values: Record<string, JsonValue>, age = 0): JwtClaims =>
  Object.fromEntries(Object.entries(values).map(([key, v]) => [key, { v, t: now - age }]));

describe('S39 a validator', () => {
  it.each<[what: string, validator: ClaimValidator, good: JsonValue[], bad: JsonValue[]]>([
    ['hasValue', plan.hasValue('pro'), ['pro'], ['Pro', 'pro ', 'free', '', ['pro'], { v: 'pro' }, 1, true]],
    ['hasValue of a number', seats.hasValue(3), [3], [4, '3', [3], 0, true]],
    ['isTrue', verified.isTrue(), [true], [false, 'true', 1, [], {}, [true]]],
    ['isFalse', verified.isFalse(), [false], [true, 'false', 0, '', []]],
    [
      'includes',
      roles.includes('admin'),
      [['admin'], ['a', 'admin']],
      [[], ['Admin'], 'admin', { 0: 'admin' }, [['admin']]],
    ],
    ['excludes', roles.excludes('guest'), [[], ['admin']], [['guest'], ['a', 'guest'], 'admin', {}, true, 0]],
    [
      'includesAll',
      roles.includesAll(['a', 'b']),
      [
        ['a', 'b'],
        ['b', 'c', 'a'],
      ],
      [['a'], [], 'ab', ['ab'], {}],
    ],
    ['includesAny', roles.includesAny(['a', 'b']), [['a'], ['c', 'b']], [[], ['c'], 'a', {}]],
  ])('%s', (_what, validator, good, bad) => {
    const { key } = validator.claim;
    for (const value of good)
      expect([value, validator.problemOf(claims({ [key]: value }))]).toEqual([value, undefined]);
    for (const value of bad) {
      const problem = validator.problemOf(claims({ [key]: value }));
      expect(problem).toMatchObject({ message: 'wrong value', actualValue: value });
    }
  });

  it.each<[what: string, validator: ClaimValidator, expected: object]>([
    ['hasValue', plan.hasValue('pro'), { expectedValue: 'pro' }],
    ['isTrue', verified.isTrue(), { expectedValue: true }],
    ['isFalse', verified.isFalse(), { expectedValue: false }],
    ['includes', roles.includes('a'), { expectedToInclude: 'a' }],
    ['excludes', roles.excludes('a'), { expectedToNotInclude: 'a' }],
    ['includesAll', roles.includesAll(['a']), { expectedToInclude: ['a'] }],
    ['includesAny', roles.includesAny(['a']), { expectedToIncludeAtLeastOneOf: ['a'] }],
  ])('%s holds for nothing where there is no value, and says what it wanted', (_what, validator, expected) => {
    const { key } = validator.claim;
    for (const none of [
      {},
      claims({ [key]: null }),
      { [key]: 'pro' },
      { [key]: ['a'] },
      { [key]: true },
    ] as JwtClaims[])
      expect(validator.problemOf(none)).toEqual({ message: 'value does not exist', ...expected });
  });

  it('takes no value from a prototype', () => {
    const named = defineClaim<string>({ key: 'constructor', fetch: () => 'x' });
    expect(named.hasValue('x').isStale({}, now)).toBe(true);
    expect(named.valueIn({})).toBeUndefined();
  });

  it.each<[what: string, validator: ClaimValidator, age: number, isStale: boolean]>([
    ['as old as its token, where nothing is said', roles.includes('a'), 1e12, false],
    ['at the age of the claim', plan.hasValue('pro'), 300_000, false],
    ['a millisecond beyond it', plan.hasValue('pro'), 300_001, true],
    ['at the age of the validator, which is asked first', plan.hasValue('pro', { maxAge: 10 }), 10_000, false],
    ['a millisecond beyond that', plan.hasValue('pro', { maxAge: 10 }), 10_001, true],
    ['fetched by a clock that is ahead', plan.hasValue('pro'), -60_000, false],
    ['of this very millisecond, where it may have no age', plan.hasValue('pro', { maxAge: 0 }), 0, false],
    ['of the millisecond before', plan.hasValue('pro', { maxAge: 0 }), 1, true],
  ])('is stale or not: %s', (_what, validator, age, isStale) => {
    const { key } = validator.claim;
    expect(validator.isStale(claims({ [key]: 'pro' }, age), now)).toBe(isStale);
    // a value that is known to be none is as old as any other
    expect(validator.isStale(claims({ [key]: null }, age), now)).toBe(isStale);
  });

  it.each<JwtClaims>([
    {},
    { plan: 'pro' },
    { plan: null },
    { plan: { v: 'pro' } },
    { plan: { v: 'pro', t: 'x' } },
    { plan: { t: now } },
  ])('is stale where the token has no fetched value: %j', (held) =>
    expect(plan.hasValue('pro').isStale(held, now)).toBe(true),
  );

  it.each<[what: string, make: () => unknown]>([
    ['an undefined constant', () => roles.includes(undefined as never)],
    ['null', () => plan.hasValue(null as never)],
    ['an object', () => plan.hasValue({} as never)],
    ['NaN', () => seats.hasValue(Number.NaN)],
    ['no member at all', () => roles.includesAll([])],
    ['no member of any', () => roles.includesAny([])],
    ['a text for a list', () => roles.includesAll('admin' as never)],
    ['a list with an undefined constant', () => roles.includesAny(['a', undefined as never])],
    ['an age that is none', () => roles.includes('a', { maxAge: '5 minutes' as never })],
    ['a misspelt option', () => roles.includes('a', { maxage: 5 } as never)],
    ['a misspelt option of isTrue', () => verified.isTrue({ age: 5 } as never)],
  ])('stops the boot at %s', (_what, make) => expect(make).toThrow(AuthConfigError));
});

describe('defineClaim', () => {
  const fetch = () => 'x';
  it.each<[what: string, options: unknown]>([
    ['no key', { fetch }],
    ['an empty key', { key: '', fetch }],
    ['a key with a space', { key: 'my roles', fetch }],
    ['no fetch', { key: 'roles' }],
    ['a value for fetch', { key: 'roles', fetch: 'admin' }],
    ['an age that is none', { key: 'roles', fetch, maxAge: -1 }],
    ['a misspelt option', { key: 'roles', fetch, maxage: 5 }],
  ])('stops the boot at %s', (_what, options) =>
    expect(() => defineClaim(options as SessionClaimOptions<string>)).toThrow(AuthConfigError),
  );

  it('reads its value from claims', () => {
    expect(roles.valueIn(claims({ roles: ['admin'] }))).toEqual(['admin']);
    expect(verified.valueIn(claims({ verified: false }))).toBe(false);
    expect(roles.valueIn(claims({ roles: null }))).toBeUndefined();
  });
});
