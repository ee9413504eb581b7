import { AuthConfigError } from '../auth.errors.js';
import { ReturnTo } from './return-to.js';

const origin = 'https://app.example.com';
const returnTo = new ReturnTo({ default: '/home', allow: ['https://spa.example.com'] }, origin);

describe('ReturnTo', () => {
  it.each([
    '/',
    '/a',
    '/a?b=c#d',
    '/a/b/../c',
    '/caf%C3%A9',
    '/a?next=https://evil.example',
    '/a?next=%2F%2Fevil.example',
    '/@evil.example',
    'https://spa.example.com',
    'https://spa.example.com/a?b#c',
    'https://app.example.com/a',
    `/${'a'.repeat(511)}`,
  ])('O14 OC-08 keeps %s', (asked) => {
    expect(returnTo.choose(asked)).toBe(asked);
  });

  it.each<unknown>([
    undefined,
    null,
    5,
    ['/a'],
    { toString: () => '/a' },
    '',
    'a',
    './a',
    '?a',
    '#a',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '\t//evil.example',
    '/\n/evil.example',
    ' //evil.example',
    '/%0d%0aSet-Cookie:%20a=b',
    '/a%00',
    '/a?b="c"',
    '/%2f/evil.example',
    '/%2Fevil.example',
    '/%5cevil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    'https://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'https:///evil.example',
    'https:\\\\evil.example',
    'https://spa.example.com.evil.example',
    'https://spa.example.com@evil.example',
    'https://evil.example@spa.example.com',
    'https://spa.example.com:444/',
    'https://spa.example.com\\@evil.example',
    'http://spa.example.com',
    'HTTPS://spa.example.com/',
    'https://spa.exаmple.com', // a Cyrillic а
    'https://ｓpa.example.com',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'blob:https://spa.example.com/x',
    'https://[',
    `/${'a'.repeat(512)}`,
  ])('O14 OC-08 takes the default for %j', (asked) => {
    expect(returnTo.choose(asked)).toBe('/home');
  });

  it('allows its own default on another origin', () => {
    const options = { default: 'https://spa.example.com/done', allow: ['https://spa.example.com'] };
    expect(new ReturnTo(options, origin).choose('//x')).toBe('https://spa.example.com/done');
  });

  it.each<[string, { default: string; allow: string[] }, string]>([
    ['a default elsewhere', { default: 'https://evil.example', allow: [] }, 'oauth.returnTo.default'],
    ['a default that is no path', { default: 'home', allow: [] }, 'oauth.returnTo.default'],
    ['an origin with a path', { default: '/', allow: ['https://spa.example.com/'] }, 'oauth.returnTo.allow'],
    ['every origin', { default: '/', allow: ['*'] }, 'oauth.returnTo.allow'],
    ['a script', { default: '/', allow: ['javascript:'] }, 'oauth.returnTo.allow'],
    ['a path', { default: '/', allow: ['/app/*'] }, 'oauth.returnTo.allow'],
  ])('O64 refuses %s', (_what, options, option) => {
    const make = () => new ReturnTo(options, origin);
    expect(make).toThrow(AuthConfigError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });
});
