import { AuthError } from '../auth.errors.js';
import { deepestValue, reservedClaims, type JsonValue, type JwtClaims } from '../jwt/claims.js';
import type { JwtOptions } from '../jwt/jwt.options.js';

const reservedHeader = ['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u'];

/** The application's own claims of a token: all but the reserved ones. */
export function ownClaims(claims: JwtClaims, { subjectClaim, typeClaim }: JwtOptions): Record<string, JsonValue> {
  const isOwn = ([name]: [string, unknown]) =>
    !reservedClaims.includes(name) && name !== subjectClaim && name !== typeClaim;
  return Object.fromEntries(Object.entries(claims).filter(isOwn)) as Record<string, JsonValue>;
}

/** @throws AuthError `reserved_claim` naming it: extra claims never override what a token is (RFC 8725 §3.12). */
export function checkClaimNames(claims: object, { subjectClaim, typeClaim }: JwtOptions): void {
  for (const name of Object.keys(claims)) {
    if (reservedClaims.includes(name) || name === subjectClaim || name === typeClaim) {
      throw new AuthError('reserved_claim', {
        reason: `claims.${name} is written by Latchkey: use the option of that name, or another claim`,
      });
    }
  }
  checkJson('claims', claims);
}

/** @throws AuthError `reserved_claim` */
export function checkHeaderNames(header: object): void {
  for (const name of Object.keys(header)) {
    if (reservedHeader.includes(name))
      throw new AuthError('reserved_claim', { reason: `header.${name} is written by Latchkey` });
  }
  checkJson('header', header);
}

/** As {@link checkJson}, for an object. */
export function checkJsonObject(path: string, value: unknown): void {
  checkJson(path, value);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AuthError('invalid_argument', { reason: `${path} must be an object` });
}

/** @throws AuthError `invalid_argument` for what JSON would drop or change (a Date, a function, NaN, a class) or no verifier reads. */
export function checkJson(path: string, value: unknown, depth = 0): asserts value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!isPlain || depth >= deepestValue) {
    throw new AuthError('invalid_argument', {
      reason: `${path} is ${isPlain ? 'nested too deeply' : 'no JSON value'}`,
    });
  }
  for (const [name, member] of Object.entries(value as object)) checkJson(`${path}.${name}`, member, depth + 1);
}
