import { validateSync } from 'class-validator';
import { IsDuration, longestLifetime, parseDuration, seconds } from './auth.durations.js';

describe('durations', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1, 1],
    [900, 900],
    ['0s', 0],
    ['30s', 30],
    ['15m', 900],
    ['12h', 43_200],
    ['30d', 2_592_000],
    ['007m', 420],
    ['999999999s', 999_999_999],
    [longestLifetime, 34_560_000],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('%p is %i seconds', (value, expected) => {
    expect(parseDuration(value)).toBe(expected);
    expect(seconds(value as number)).toBe(expected);
  });

  it.each<[unknown]>([
    [-1],
    [0.5],
    [1e21],
    [Number.NaN],
    [Infinity],
    [-Infinity],
    [10n],
    [''],
    ['15'],
    ['m'],
    ['-15m'],
    ['+15m'],
    ['1.5h'],
    ['15 m'],
    [' 15m'],
    ['15m '],
    ['15m\n'],
    ['15M'],
    ['15min'],
    ['1w'],
    ['1h30m'],
    ['1e3s'],
    ['0x10s'],
    ['1234567890s'],
    ['\u0661\u0665m'],
    ['never'],
    [null],
    [undefined],
    [true],
    [[15]],
    [['15m']],
    [{}],
    [new Date(0)],
    [new Number(15)],
  ])('CF-05 %p is no duration', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  it("'never' has no end, and what is no duration has no length at all", () => {
    expect(seconds('never')).toBe(Infinity);
    expect(seconds('soon' as '1s')).toBeNaN();
  });
});

describe('IsDuration', () => {
  class Lifetimes {
    @IsDuration() plain: unknown = '15m';
    @IsDuration({ never: true }) endless: unknown = '15m';
    @IsDuration({ least: 0, most: 60 }) tolerance: unknown = 5;
  }

  /** The message for a value, or undefined when it is accepted. */
  function problem(name: keyof Lifetimes, value: unknown): string | undefined {
    const [error] = validateSync(Object.assign(new Lifetimes(), { [name]: value }));
    return error && Object.values(error.constraints ?? {}).join();
  }

  it.each<[keyof Lifetimes, unknown]>([
    ['plain', 1],
    ['plain', '1s'],
    ['plain', '400d'],
    ['plain', longestLifetime],
    ['endless', 'never'],
    ['endless', '30d'],
    ['tolerance', 0],
    ['tolerance', '0s'],
    ['tolerance', '1m'],
    ['tolerance', 60],
  ])('%s accepts %p', (name, value) => {
    expect(problem(name, value)).toBeUndefined();
  });

  it.each<[keyof Lifetimes, unknown, RegExp]>([
    ['plain', 0, /from 1 to 34560000 seconds/],
    ['plain', '0m', /from 1 to 34560000 seconds/],
    ['plain', -1, /must be whole seconds or a text such as '15m'/],
    ['plain', 0.5, /must be whole seconds/],
    ['plain', Number.NaN, /must be whole seconds/],
    ['plain', '401d', /from 1 to 34560000 seconds/],
    ['plain', longestLifetime + 1, /is it in milliseconds\?/],
    ['plain', 2_592_000_000, /is it in milliseconds\?/],
    ['plain', 'never', /to 34560000 seconds \(is it/],
    ['plain', '15 minutes', /a text such as '15m'/],
    ['plain', null, /must be whole seconds/],
    ['endless', 'Never', /, or 'never' \(is it in milliseconds\?\)/],
    ['endless', Infinity, /, or 'never'/],
    ['tolerance', 61, /from 0 to 60 seconds$/],
    ['tolerance', '2m', /from 0 to 60 seconds$/],
  ])('CF-05 %s refuses %p and says what is allowed', (name, value, message) => {
    expect(problem(name, value)).toMatch(message);
  });
});
