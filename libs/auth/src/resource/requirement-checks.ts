import { parseDuration } from '../auth.durations.js';
import { AuthConfigError } from '../auth.errors.js';
import type { Scope } from '../jwt/scope.js';
import { ClaimValidator } from '../jwt/claim-validator.js';
import { AnyOf, RequestValue, type ClaimRequirement } from './request-value.js';
import type { ClaimRequirements, RequireTokenOptions } from './require-token.options.js';
import { tokenLocations } from './token-location.js';

/** Every option, checked by the compiler to be all of them. */
const optionNames = Object.keys({
  type: true,
  locations: true,
  cookie: true,
  optional: true,
  fresh: true,
  scope: true,
  claims: true,
  sub: true,
  override: true,
  audience: true,
  issuer: true,
  session: true,
  revocation: true,
  csrf: true,
  allowExpired: true,
  verify: true,
} satisfies Record<keyof RequireTokenOptions, true>);

/** @throws AuthConfigError naming the option: an empty, unknown or misspelt requirement never passes for none. */
export function checkOptions(options: RequireTokenOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) fail('', 'takes an object');
  for (const [name, value] of Object.entries(options)) {
    if (!optionNames.includes(name)) fail(name, `is no option: there are ${optionNames.join(', ')}`);
    // an option that a typo in a constant leaves undefined must not weaken the route
    if (value === undefined) fail(name, 'is undefined: leave it out, or give a value');
  }
  checkSimple(options);
  const { scope, claims, sub, override, session } = options;
  if (session !== undefined) checkSession(session, options.type);
  if (scope !== undefined) checkScope(scope);
  if (claims !== undefined) checkClaims('claims', claims);
  if (sub !== undefined) checkValue('sub', sub);
  if (sub !== undefined && claims !== undefined && Object.hasOwn(claims, 'sub'))
    fail('sub', 'is given here and in claims: keep one');
  if (override !== undefined) {
    const alternatives = [override].flat();
    if (alternatives.length === 0) fail('override', 'is empty: leave it out, or name claims');
    for (const alternative of alternatives) checkClaims('override', alternative as ClaimRequirements);
    // alone it would let every token in, and reads as if it asked for something
    if ([sub, claims, scope].every((asked) => asked === undefined))
      fail('override', 'stands in for sub, claims or scope, and none of them is asked: write `claims`');
  }
}

function checkSimple({
  type,
  locations,
  cookie,
  optional,
  fresh,
  audience,
  issuer,
  revocation,
  ...rest
}: RequireTokenOptions): void {
  for (const [name, value] of Object.entries({ type, cookie, issuer })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) fail(name, 'must be a non-empty text');
  }
  if (locations !== undefined && (!Array.isArray(locations) || locations.length === 0))
    fail('locations', 'must be a non-empty list');
  for (const location of locations ?? []) {
    if (!tokenLocations.includes(location)) fail('locations', `must be of ${tokenLocations.join(', ')}`);
  }
  if (new Set(locations).size < (locations?.length ?? 0)) fail('locations', 'names a place twice');
  if (optional !== undefined && typeof optional !== 'boolean' && optional !== 'lenient')
    fail('optional', "must be true, false or 'lenient'");
  if (fresh !== undefined && typeof fresh !== 'boolean' && !((parseDuration(fresh) ?? 0) > 0))
    fail('fresh', "must be true or a duration such as '5m'");
  if (revocation !== undefined && typeof revocation !== 'boolean' && revocation !== 'store')
    fail('revocation', "must be true, false or 'store'");
  const names = audience === undefined ? ['any'] : [audience].flat();
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === ''))
    fail('audience', 'must be a non-empty text or list');
  for (const name of ['csrf', 'allowExpired'] as const) {
    if (rest[name] !== undefined && typeof rest[name] !== 'boolean') fail(name, 'must be true or false');
  }
  if (rest.verify !== undefined && typeof rest.verify !== 'function') fail('verify', 'must be a function');
}

function checkSession(session: unknown, type: string | undefined): void {
  if (type !== undefined && type !== 'access') fail('session', 'is of access tokens: leave `type` out');
  if (session === true) return;
  if (typeof session !== 'object' || session === null) fail('session', 'must be true, or { claims: […] }');
  const { claims, ...others } = session as { claims?: unknown };
  for (const name of Object.keys(others)) fail(`session.${name}`, 'is no option: there is claims');
  if (!Array.isArray(claims) || claims.length === 0) fail('session.claims', 'must be a non-empty list');
  if (!claims.every((validator) => validator instanceof ClaimValidator))
    fail('session.claims', "takes what defineClaim() gives, for example roles.includes('admin')");
}

function checkScope(scope: Scope): void {
  if (isNames(scope)) {
    checkNames('scope', scope);
    return;
  }
  checkClaims('scope', scope as ClaimRequirements);
  for (const [name, value] of Object.entries(scope)) {
    if (value === false) fail(`scope.${name}`, 'is false, and a false member never grants: ask for a claim instead');
  }
}

function isNames(scope: unknown): scope is string | readonly unknown[] {
  return typeof scope === 'string' || Array.isArray(scope);
}

function checkNames(path: string, scope: string | readonly unknown[]): void {
  const names = typeof scope === 'string' ? scope.split(' ') : scope;
  const good = names.length > 0 && names.every((name) => typeof name === 'string' && /^[^\s"\\]+$/.test(name));
  if (!good) fail(path, 'must be one or more names, with single spaces between them');
}

function checkClaims(path: string, claims: ClaimRequirements): void {
  const isOther = Array.isArray(claims) || claims instanceof RequestValue || claims instanceof AnyOf;
  if (typeof claims !== 'object' || claims === null || isOther) fail(path, 'must be an object of claims');
  if (Object.keys(claims).length === 0) fail(path, 'is empty: leave it out, or name what is required');
  for (const [name, value] of Object.entries(claims)) {
    // the names of a scope are compared as a set: one without names would hold for every token
    if (name === 'scope' && isNames(value)) checkNames(`${path}.scope`, value);
    else checkValue(`${path}.${name}`, value);
  }
}

function checkValue(path: string, value: ClaimRequirement | undefined): void {
  const isJson = ['string', 'number', 'boolean', 'object'].includes(typeof value) && !Number.isNaN(value);
  if (value === undefined || !isJson) fail(path, 'must be a JSON value, param(), query(), body() or anyOf()');
  if (typeof value !== 'object' || value === null || value instanceof RequestValue) return;
  const members = value instanceof AnyOf ? value.values : value;
  const entries = Object.entries(members as object) as [string, ClaimRequirement][];
  if (entries.length === 0) fail(path, 'is empty: leave it out, or name what is required');
  for (const [name, member] of entries) checkValue(`${path}.${name}`, member);
}

function fail(name: string, problem: string): never {
  throw new AuthConfigError(`@RequireToken(${name === '' ? '' : `{ ${name} }`})`, problem);
}
