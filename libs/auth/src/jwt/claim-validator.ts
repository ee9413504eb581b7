import type { JsonValue, JwtClaims } from './claims.js';
import type { FetchedClaim } from './session-claim.options.js';

/** A fetched value as the token holds it; SuperTokens' client packages read this very form. */
export type ClaimValue = {
  readonly v: JsonValue;
  /** When it was asked for, in epoch milliseconds. */
  readonly t: number;
};

/** Why a claim does not hold, as SuperTokens says it. */
export type ClaimReason = { readonly message: string } & Readonly<Record<string, JsonValue>>;

/** A claim of that name in another form is the application's own, and holds no fetched value. */
export function valueOf(claims: JwtClaims, key: string): ClaimValue | undefined {
  const held = (Object.hasOwn(claims, key) ? claims[key] : undefined) as Partial<ClaimValue> | null | undefined;
  if (typeof held !== 'object' || held === null || !Object.hasOwn(held, 'v')) return undefined;
  return typeof held.t === 'number' ? (held as ClaimValue) : undefined;
}

/** What a route asks of one claim: made by the methods of {@link SessionClaim}. */
export class ClaimValidator {
  constructor(
    readonly claim: FetchedClaim,
    /** Milliseconds. */
    private readonly maxAge: number,
    private readonly accepts: (value: JsonValue) => boolean,
    /** What is told beside the actual value. */
    private readonly expected: Readonly<Record<string, JsonValue>>,
  ) {}

  /** Must the value be fetched anew before it is judged? @param now epoch milliseconds */
  isStale(claims: JwtClaims, now: number): boolean {
    const held = valueOf(claims, this.claim.key);
    return held === undefined || now - held.t > this.maxAge;
  }

  /** Undefined when the claim holds. Says nothing of its age. */
  problemOf(claims: JwtClaims): ClaimReason | undefined {
    const value = valueOf(claims, this.claim.key)?.v ?? null;
    if (value === null) return { message: 'value does not exist', ...this.expected };
    return this.accepts(value) ? undefined : { message: 'wrong value', ...this.expected, actualValue: value };
  }
}
