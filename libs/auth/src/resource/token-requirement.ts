import type { ExecutionContext } from '@nestjs/common';

import { AuthConfigError } from '../auth.errors.js';
import { parseDuration, type Duration } from '../auth.durations.js';
import { scopeText, type Scope } from '../jwt/scope.js';

import { AnyOf, RequestValue, type ClaimRequirement } from './request-value.js';
import { tokenLocations, type TokenLocation } from './token-location.js';
import type { Token } from './token.js';

/** Claims a token must hold, by name. */
export type ClaimRequirements = { readonly [claim: string]: ClaimRequirement };

/** What a route asks of a token: the options of `@RequireToken()`. Everything given must hold. */
export interface RequireTokenOptions {
  /** `'access'` (default), `'refresh'`, a type of the application, or `'any'`. */
  type?: string;
  /** Where this route looks for the token, in order. Default: `transport.locations` of the module. */
  locations?: readonly TokenLocation[];
  /** The name of the cookie on this route. Default: `cookies.access.name` or `cookies.refresh.name`. */
  cookie?: string;
  /** Let requests without a token through, anonymously; `'lenient'` those with an expired one too. A bad token is refused. Default false. */
  optional?: boolean | 'lenient';
  /** Issued at an authentication (`fresh: true`), or the authentication is at most this old (`fresh: '5m'`). */
  fresh?: boolean | Duration;
  /** Scope the token must grant: all names of a text or a list, all members of an object. */
  scope?: Scope;
  /** Claims the token must hold. */
  claims?: ClaimRequirements;
  /** Short for `claims: { sub }`. */
  sub?: ClaimRequirement;
  /** Claims that, when held, stand in for `sub`, `claims` and `scope`; of a list one suffices. A bad token stays bad. */
  override?: ClaimRequirements | readonly ClaimRequirements[];
  /** One of these must be in `aud`, instead of the module's. */
  audience?: string | readonly string[];
  /** Only tokens of this issuer, which the module must know. */
  issuer?: string;
  /** `true` (default): by this process's mirror. `'store'`: ask the store now. `false`: do not ask. */
  revocation?: boolean | 'store';
  /** Ask for the anti-CSRF proof of a cookie token. Default true. */
  csrf?: boolean;
  /** Let expired tokens through; signature, type and revocation are still checked. Default false. */
  allowExpired?: boolean;
  /** The application's own word on a token that passed everything else; false is 403. */
  verify?: (token: Token, context: ExecutionContext | undefined) => boolean | Promise<boolean>;
}

/** The options of one route, checked and completed once, when its class is defined. */
export interface TokenRequirement extends Omit<RequireTokenOptions, 'sub' | 'override' | 'fresh' | 'audience'> {
  readonly type: string;
  readonly claims: ClaimRequirements | undefined;
  readonly override: readonly ClaimRequirements[];
  /** Greatest age of the authentication in seconds; true: the token must be fresh itself. */
  readonly fresh: number | true | undefined;
  readonly audience: readonly string[] | undefined;
  readonly revocation: boolean | 'store';
  readonly csrf: boolean;
  readonly optional: boolean | 'lenient';
  /** What the challenge names (RFC 6750 §3). */
  readonly scopeText: string | undefined;
}

const optionNames: readonly (keyof RequireTokenOptions)[] = [
  ...(['type', 'locations', 'cookie', 'optional', 'fresh', 'scope', 'claims', 'sub', 'override', 'audience'] as const),
  ...(['issuer', 'revocation', 'csrf', 'allowExpired', 'verify'] as const),
];

/**
 * Check the options of a route and complete them.
 *
 * @throws AuthConfigError naming the option, when the class is defined: an empty or misspelt requirement never passes for none.
 */
export function compileRequirement(options: RequireTokenOptions = {}): TokenRequirement {
  checkOptions(options);
  const { sub, claims, override, fresh, audience, scope } = options;
  if (sub !== undefined && claims !== undefined && Object.hasOwn(claims, 'sub'))
    fail('sub', 'is given here and in claims: keep one');
  return {
    ...options,
    type: options.type ?? 'access',
    claims: sub === undefined ? claims : { sub, ...claims },
    override: override === undefined ? [] : ([override].flat() as readonly ClaimRequirements[]),
    fresh: fresh === undefined || fresh === false ? undefined : fresh === true ? true : parseDuration(fresh),
    audience: audience === undefined ? undefined : [audience].flat(),
    revocation: options.revocation ?? true,
    csrf: options.csrf ?? true,
    optional: options.optional ?? false,
    // an expired token then counts as absent, which the guard sees to
    allowExpired: options.allowExpired === true || options.optional === 'lenient',
    scopeText: scope === undefined ? undefined : scopeText(scope) || undefined,
  };
}

function checkOptions(options: RequireTokenOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) fail('', 'takes an object');
  for (const [name, value] of Object.entries(options)) {
    if (!optionNames.includes(name as keyof RequireTokenOptions))
      fail(name, `is no option: there are ${optionNames.join(', ')}`);
    // an option that a typo in a constant leaves undefined must not weaken the route
    if (value === undefined) fail(name, 'is undefined: leave it out, or give a value');
  }
  checkSimple(options);
  const { scope, claims, sub, override } = options;
  if (scope !== undefined) checkScope(scope);
  if (claims !== undefined) checkClaims('claims', claims);
  if (sub !== undefined) checkValue('sub', sub);
  if (override !== undefined) {
    const alternatives = [override].flat();
    if (alternatives.length === 0) fail('override', 'is empty: leave it out, or name claims');
    for (const alternative of alternatives) checkClaims('override', alternative as ClaimRequirements);
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

/** Every value of a requirement that comes from the request, for the check at boot that the route has it. */
export function requestValues(requirement: TokenRequirement): RequestValue[] {
  const found: RequestValue[] = [];
  const visit = (value: unknown): void => {
    if (value instanceof RequestValue) found.push(value);
    else if (value instanceof AnyOf) value.values.forEach(visit);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit([requirement.claims, requirement.override, requirement.scope]);
  return found;
}
