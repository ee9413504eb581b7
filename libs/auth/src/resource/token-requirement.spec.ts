import { defineClaim } from '../jwt/session-claim.js';
import { AuthConfigError } from '../auth.errors.js';
import { anyOf, body, param, query } from './request-value.js';
import type { RequireTokenOptions } from './require-token.options.js';
import { compileRequirement, requestValues } from './token-requirement.js';

describe('compileRequirement: what stops the boot', () => {
  it.each<[name: string, option: string, options: unknown, problem: RegExp]>([
    ['null', '@RequireToken()', null, /takes an object/],
    ['a text', '@RequireToken()', 'admin', /takes an object/],
    ['a misspelt option', '@RequireToken({ scopes })', { scopes: ['read'] }, /is no option: there are type, locations/],
    ['an option of another library', '@RequireToken({ roles })', { roles: ['admin'] }, /is no option/],
    ['an option that is undefined', '@RequireToken({ scope })', { scope: undefined }, /is undefined: leave it out/],
    ['undefined for a harmless option too', '@RequireToken({ csrf })', { csrf: undefined }, /is undefined/],

    ['an empty type', '@RequireToken({ type })', { type: '' }, /must be a non-empty text/],
    ['a list of types', '@RequireToken({ type })', { type: ['access'] }, /must be a non-empty text/],
    ['an empty cookie name', '@RequireToken({ cookie })', { cookie: '' }, /must be a non-empty text/],
    ['a number as issuer', '@RequireToken({ issuer })', { issuer: 1 }, /must be a non-empty text/],
    ['an issuer that is null', '@RequireToken({ issuer })', { issuer: null }, /must be a non-empty text/],

    ['no location', '@RequireToken({ locations })', { locations: [] }, /must be a non-empty list/],
    ['a location without a list', '@RequireToken({ locations })', { locations: 'header' }, /must be a non-empty list/],
    [
      'J66 an unknown location',
      '@RequireToken({ locations })',
      { locations: ['header', 'headers'] },
      /must be of header, cookie/,
    ],

    ['optional: a word', '@RequireToken({ optional })', { optional: 'yes' }, /must be true, false or 'lenient'/],
    ['optional: 1', '@RequireToken({ optional })', { optional: 1 }, /must be true, false or 'lenient'/],
    ['optional: null', '@RequireToken({ optional })', { optional: null }, /must be true, false or 'lenient'/],

    ['fresh: 0', '@RequireToken({ fresh })', { fresh: 0 }, /must be true or a duration such as '5m'/],
    ['fresh: no time', '@RequireToken({ fresh })', { fresh: '0m' }, /must be true or a duration/],
    ['fresh: negative', '@RequireToken({ fresh })', { fresh: -5 }, /must be true or a duration/],
    ['fresh: without a unit', '@RequireToken({ fresh })', { fresh: '5' }, /must be true or a duration/],
    ['fresh: a word', '@RequireToken({ fresh })', { fresh: 'true' }, /must be true or a duration/],
    ['fresh: NaN', '@RequireToken({ fresh })', { fresh: Number.NaN }, /must be true or a duration/],

    [
      'revocation: a misspelt word',
      '@RequireToken({ revocation })',
      { revocation: 'Store' },
      /must be true, false or 'store'/,
    ],
    ['revocation: 0', '@RequireToken({ revocation })', { revocation: 0 }, /must be true, false or 'store'/],
    ['csrf: a word', '@RequireToken({ csrf })', { csrf: 'false' }, /must be true or false/],
    ['csrf: 0', '@RequireToken({ csrf })', { csrf: 0 }, /must be true or false/],
    ['allowExpired: 1', '@RequireToken({ allowExpired })', { allowExpired: 1 }, /must be true or false/],
    ['verify: no function', '@RequireToken({ verify })', { verify: true }, /must be a function/],

    ['an empty audience', '@RequireToken({ audience })', { audience: '' }, /must be a non-empty text or list/],
    ['an empty list of audiences', '@RequireToken({ audience })', { audience: [] }, /must be a non-empty text or list/],
    [
      'an audience that is empty',
      '@RequireToken({ audience })',
      { audience: ['a', ''] },
      /must be a non-empty text or list/,
    ],
    [
      'an audience that is null',
      '@RequireToken({ audience })',
      { audience: [null] },
      /must be a non-empty text or list/,
    ],

    ['no session', '@RequireToken({ session })', { session: false }, /must be true, or/],
    ['a session that is a text', '@RequireToken({ session })', { session: 'true' }, /must be true, or/],
    ['a session that is null', '@RequireToken({ session })', { session: null }, /must be true, or/],
    ['a session of nothing', '@RequireToken({ session.claims })', { session: {} }, /must be a non-empty list/],
    ['no claims of it', '@RequireToken({ session.claims })', { session: { claims: [] } }, /must be a non-empty list/],
    [
      'claims of a session as of a token',
      '@RequireToken({ session.claims })',
      { session: { claims: { roles: 'admin' } } },
      /must be a non-empty list/,
    ],
    [
      'S39 an unknown validator',
      '@RequireToken({ session.claims })',
      { session: { claims: [{ claim: { key: 'roles' }, isStale: () => false, problemOf: () => undefined }] } },
      /takes what defineClaim\(\) gives/,
    ],
    [
      'a claim without its validator',
      '@RequireToken({ session.claims })',
      { session: { claims: [defineClaim({ key: 'roles', fetch: () => 'x' })] } },
      /takes what defineClaim\(\) gives/,
    ],
    [
      'a misspelt member of a session',
      '@RequireToken({ session.claim })',
      { session: { claim: [] } },
      /is no option: there is claims/,
    ],
    [
      'a session of refresh tokens',
      '@RequireToken({ session })',
      { session: true, type: 'refresh' },
      /is of access tokens/,
    ],

    ['an empty scope', '@RequireToken({ scope })', { scope: '' }, /one or more names, with single spaces/],
    ['a scope of spaces', '@RequireToken({ scope })', { scope: ' ' }, /one or more names/],
    ['two spaces in a scope', '@RequireToken({ scope })', { scope: 'read  write' }, /single spaces/],
    [
      'commas are no spaces, but a quote is none either',
      '@RequireToken({ scope })',
      { scope: 'read"' },
      /one or more names/,
    ],
    ['an empty list of scopes', '@RequireToken({ scope })', { scope: [] }, /one or more names/],
    ['a list with two names in one', '@RequireToken({ scope })', { scope: ['read write'] }, /one or more names/],
    ['a list with a number', '@RequireToken({ scope })', { scope: ['read', 1] }, /one or more names/],
    ['an empty object as scope', '@RequireToken({ scope })', { scope: {} }, /is empty: leave it out/],
    ['a scope that is false', '@RequireToken({ scope })', { scope: false }, /must be an object of claims/],
    ['a scope that is null', '@RequireToken({ scope })', { scope: null }, /must be an object of claims/],
    [
      'a false member of a scope',
      '@RequireToken({ scope.admin })',
      { scope: { admin: false } },
      /a false member never grants/,
    ],
    [
      'an undefined member of a scope',
      '@RequireToken({ scope.admin })',
      { scope: { admin: undefined } },
      /must be a JSON value/,
    ],

    ['claims that are a list', '@RequireToken({ claims })', { claims: ['admin'] }, /must be an object of claims/],
    ['claims that are null', '@RequireToken({ claims })', { claims: null }, /must be an object of claims/],
    ['claims that are a text', '@RequireToken({ claims })', { claims: 'admin' }, /must be an object of claims/],
    ['claims that are a param', '@RequireToken({ claims })', { claims: param('id') }, /must be an object of claims/],
    ['no claims', '@RequireToken({ claims })', { claims: {} }, /is empty: leave it out/],
    [
      'an undefined claim',
      '@RequireToken({ claims.a })',
      { claims: { a: undefined } },
      /must be a JSON value, param\(\)/,
    ],
    [
      'an undefined claim further down',
      '@RequireToken({ claims.a.b })',
      { claims: { a: { b: undefined } } },
      /must be a JSON value/,
    ],
    ['a function as claim', '@RequireToken({ claims.a })', { claims: { a: () => true } }, /must be a JSON value/],
    ['a symbol as claim', '@RequireToken({ claims.a })', { claims: { a: Symbol('a') } }, /must be a JSON value/],
    ['a bigint as claim', '@RequireToken({ claims.a })', { claims: { a: 1n } }, /must be a JSON value/],
    ['an empty object as claim', '@RequireToken({ claims.a })', { claims: { a: {} } }, /is empty/],
    ['an empty list as claim', '@RequireToken({ claims.a.b })', { claims: { a: { b: [] } } }, /is empty/],
    ['a Date as claim', '@RequireToken({ claims.a })', { claims: { a: new Date() } }, /is empty/],
    ['a Map as claim', '@RequireToken({ claims.a })', { claims: { a: new Map([['b', 1]]) } }, /is empty/],
    ['a regular expression as claim (CA-13)', '@RequireToken({ claims.a })', { claims: { a: /admin/g } }, /is empty/],
    ['anyOf of nothing', '@RequireToken({ claims.a })', { claims: { a: anyOf() } }, /is empty/],
    [
      'anyOf of undefined',
      '@RequireToken({ claims.a.1 })',
      { claims: { a: anyOf('x', undefined as never) } },
      /must be a JSON value/,
    ],

    [
      'sub twice',
      '@RequireToken({ sub })',
      { sub: 'a', claims: { sub: 'b' } },
      /is given here and in claims: keep one/,
    ],
    ['sub as function', '@RequireToken({ sub })', { sub: () => 'a' }, /must be a JSON value/],
    ['sub as empty object', '@RequireToken({ sub })', { sub: {} }, /is empty/],

    [
      'an override that stands in for nothing',
      '@RequireToken({ override })',
      { override: { admin: true } },
      /stands in for sub, claims or scope/,
    ],
    [
      'an override that is anyOf()',
      '@RequireToken({ override })',
      { sub: 'a', override: anyOf({ admin: true }) },
      /must be an object of claims/,
    ],
    ['claims that are anyOf()', '@RequireToken({ claims })', { claims: anyOf('admin') }, /must be an object of claims/],
    ['a location twice', '@RequireToken({ locations })', { locations: ['header', 'header'] }, /names a place twice/],
    ['a list of options', '@RequireToken()', [{ scope: 'read' }], /takes an object/],
    ['NaN as claim', '@RequireToken({ claims.a })', { claims: { a: Number.NaN } }, /must be a JSON value/],
    ['CA-13 a regular expression as claim', '@RequireToken({ claims.plan })', { claims: { plan: /^pro/ } }, /is empty/],
    ['CA-13 a regular expression as sub', '@RequireToken({ sub })', { sub: /^root$/g }, /is empty/],
    ['CA-13 a regular expression as audience', '@RequireToken({ audience })', { audience: /api/ }, /text or list/],
    [
      'an empty scope in an override',
      '@RequireToken({ override.scope })',
      { sub: 'a', override: { scope: '' } },
      /one or more names/,
    ],
    [
      'an empty list as scope in claims',
      '@RequireToken({ claims.scope })',
      { claims: { scope: [] } },
      /one or more names/,
    ],
    ['no override', '@RequireToken({ override })', { override: [] }, /is empty: leave it out, or name claims/],
    ['an empty override', '@RequireToken({ override })', { override: {} }, /is empty/],
    ['an empty override among others', '@RequireToken({ override })', { override: [{ admin: true }, {}] }, /is empty/],
    ['an override that is true', '@RequireToken({ override })', { override: true }, /must be an object of claims/],
    ['an override that is a text', '@RequireToken({ override })', { override: 'admin' }, /must be an object of claims/],
    [
      'an undefined override',
      '@RequireToken({ override.admin })',
      { override: { admin: undefined } },
      /must be a JSON value/,
    ],
  ])('refuses %s', (_name, option, options, problem) => {
    let error: unknown;
    try {
      compileRequirement(options as RequireTokenOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).option).toBe(option);
    expect((error as Error).message).toMatch(problem);
  });
});

describe('compileRequirement: what a requirement is', () => {
  it('of nothing: an access token, asked of the mirror, with the proof of a cookie', () => {
    expect(compileRequirement()).toEqual({
      type: 'access',
      claims: undefined,
      override: [],
      fresh: undefined,
      audience: undefined,
      revocation: true,
      csrf: true,
      optional: false,
      allowExpired: false,
      scopeText: undefined,
    });
    expect(compileRequirement({})).toEqual(compileRequirement());
  });

  it('joins sub and claims', () => {
    const requirement = compileRequirement({ sub: param('username'), claims: { plan: 'pro' } });
    expect(requirement.claims).toEqual({ sub: param('username'), plan: 'pro' });
  });

  it.each<[RequireTokenOptions, object]>([
    [{ fresh: false }, { fresh: undefined }],
    [{ fresh: true }, { fresh: true }],
    [{ fresh: '5m' }, { fresh: 300 }],
    [{ fresh: 90 }, { fresh: 90 }],
    [{ audience: 'a' }, { audience: ['a'] }],
    [{ audience: ['a', 'b'] }, { audience: ['a', 'b'] }],
    [{ sub: 'x', override: { admin: true } }, { override: [{ admin: true }] }],
    [{ scope: 'x', override: [{ admin: true }, { sub: 'root' }] }, { override: [{ admin: true }, { sub: 'root' }] }],
    [{ optional: 'lenient' }, { optional: 'lenient', allowExpired: true }],
    [{ optional: true }, { optional: true, allowExpired: false }],
    [{ allowExpired: true }, { allowExpired: true, optional: false }],
    [{ revocation: 'store' }, { revocation: 'store' }],
    [{ revocation: false }, { revocation: false }],
    [{ scope: 'read write' }, { scope: 'read write', scopeText: 'read write' }],
    [{ scope: ['read', 'write'] }, { scopeText: 'read write' }],
    [{ scope: { admin: true, level: 2 } }, { scopeText: 'admin' }],
    [{ scope: { level: 2 } }, { scopeText: undefined }],
    [{ claims: { banned: false, gone: null } }, { claims: { banned: false, gone: null } }],
  ])('%j', (options, expected) => {
    expect(compileRequirement(options)).toMatchObject(expected);
  });

  it('finds every value that comes from the request', () => {
    const requirement = compileRequirement({
      sub: param('a'),
      claims: { x: [{ y: query('b') }], z: anyOf('1', body('c')) },
      override: [{ admin: true }, { team: param('d') }],
    });
    expect(requestValues(requirement)).toEqual([param('a'), query('b'), body('c'), param('d')]);
  });
});
