import { AuthError } from '../auth.errors.js';

/** A JSON value, as a claim holds it. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** The claims set of a token (RFC 7519 §4). Frozen when it comes from a verified token. */
export interface JwtClaims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** Seconds since the epoch, as `nbf`, `iat` and `auth_time`. */
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly auth_time?: number;
  readonly jti?: string;
  /** The session, or family of refresh tokens, that the token belongs to. */
  readonly sid?: string;
  readonly [name: string]: JsonValue | undefined;
}

/** Claims that only Latchkey writes (RFC 7519 §4.1 and our own); `scope` and `fresh` have options of their own. */
export const reservedClaims: readonly string[] = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'],
  ...['orig_iat', 'sid', 'auth_time', 'scope', 'fresh', 'csrf', 'grant', 'prt', 'rti', 'rtp', 'tid'],
];

/** The protected header of a token (RFC 7515 §4.1). */
export interface JwtHeader {
  readonly alg: string;
  readonly typ?: string;
  readonly kid?: string;
  readonly [name: string]: JsonValue | undefined;
}

/** Numbers of seconds that a date can hold; a token that lives longer than this is refused. */
const greatestNumericDate = 8_640_000_000_000;

/** What is wrong with the shape of the registered claims (RFC 7519 §4.1), or nothing. Looks at no clock. */
export function claimsProblem(claims: JwtClaims): string | undefined {
  for (const name of ['exp', 'nbf', 'iat', 'auth_time'] as const) {
    if (claims[name] !== undefined && !isNumericDate(claims[name])) return `${name} is not a NumericDate`;
  }
  for (const name of ['iss', 'jti', 'sid'] as const) {
    if (claims[name] !== undefined && typeof claims[name] !== 'string') return `${name} is not a string`;
  }
  return claims.aud === undefined || isAudience(claims.aud)
    ? undefined
    : 'aud is neither a string nor a list of strings';
}

function isNumericDate(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= greatestNumericDate;
}

function isAudience(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((member) => typeof member === 'string'));
}

/** Nothing a token means is nested deeper; what is would end the stack of whoever walks it. */
export const deepestValue = 64;

/** Freeze a JSON value to the bottom. @throws AuthError `token_invalid` when that is too deep. */
export function deepFreeze<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepestValue) throw new AuthError('token_invalid', { reason: 'a value is nested too deeply' });
  for (const name in value) {
    const member = value[name];
    if (typeof member === 'object') deepFreeze(member, depth + 1);
  }
  return Object.freeze(value);
}
