import { scopeNames, scopeText } from './scope.js';

describe('scope', () => {
  it.each<[string, unknown, string[]]>([
    ['a text', 'read write', ['read', 'write']],
    ['a text with more spaces', '  read   write ', ['read', 'write']],
    ['a text with other white space, which is part of a name', 'read\twrite\nadmin', ['read\twrite\nadmin']],
    ['an empty text', '', []],
    ['a list', ['read', 'write'], ['read', 'write']],
    ['a list with other things', ['read', 1, null, ['write'], { admin: true }, true], ['read']],
    ['an object', { read: true, write: true }, ['read', 'write']],
    ['an object whose members are not true', { a: false, b: 1, c: 'true', d: null, e: {}, f: [true], g: true }, ['g']],
    ['nothing', undefined, []],
    ['null', null, []],
    ['a number', 7, []],
    ['true', true, []],
    ['names of prototypes', { constructor: true, ...JSON.parse('{"__proto__":true}') }, ['constructor', '__proto__']],
  ])('CA-12 names of %s', (_name, scope, names) => {
    expect(scopeNames(scope)).toEqual(names);
  });

  it('CA-11 inherits no name', () => {
    expect(scopeNames(Object.create({ admin: true }))).toEqual([]);
  });

  it('TR-07 writes only names that a header can hold (RFC 6750 §3)', () => {
    const odd = ['read', 'a"b', 'a\\b', 'a\r\nSet-Cookie: x', 'ümlaut', '', 'a b', 'x:y/z.*'];
    expect(scopeText(odd)).toBe('read x:y/z.*');
    expect(scopeText({ write: true, admin: false })).toBe('write');
    expect(scopeText(undefined)).toBe('');
  });
});
