import { parseDuration, type Duration } from '../auth.durations.js';
import { AuthConfigError } from '../auth.errors.js';
import type { JsonValue, JwtClaims } from './claims.js';

/** The session that a claim is fetched for. */
export interface ClaimOwner {
  readonly id: string;
  readonly subject: string;
  /** Null where the application has no tenants. */
  readonly tenant: string | null;
}

/** Finds a provider of the application: `find(UsersService)`. */
export type ProviderFinder = <T>(type: abstract new (...parts: never[]) => T) => T;

export interface SessionClaimOptions<Value extends JsonValue> {
  /** Its name among the claims of the access token. */
  key: string;
  /**
   * What the session has today: asked at the log-in, at each refresh, and where a route finds the value missing or too old.
   * Undefined counts as null, which no validator accepts. What it throws is an outage: 503.
   */
  fetch(session: ClaimOwner, find: ProviderFinder): Value | null | undefined | Promise<Value | null | undefined>;
  /** How old the value may be where a route asks for it. Default: as old as its token. */
  maxAge?: Duration;
}

/** A fetched value as the token holds it; SuperTokens' client packages read this very form. */
export type ClaimValue = {
  readonly v: JsonValue;
  /** When it was asked for, in epoch milliseconds. */
  readonly t: number;
};

/** Why a claim does not hold, as SuperTokens says it. */
export type ClaimReason = { readonly message: string } & Readonly<Record<string, JsonValue>>;

type Primitive = string | number | boolean;
type Member<Value> = Value extends readonly (infer One)[] ? One & Primitive : never;
type AgeOptions = Pick<SessionClaimOptions<JsonValue>, 'maxAge'>;

/** What a route asks of one claim: made by the methods of {@link SessionClaim}. */
export class ClaimValidator {
  constructor(
    readonly claim: SessionClaim,
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

/** A claim whose value the application fetches, and what routes may ask of it: `roles.includes('admin')`. */
export class SessionClaim<Value extends JsonValue = JsonValue> {
  readonly key: string;
  readonly fetch: SessionClaimOptions<Value>['fetch'];
  private readonly maxAge: number;

  /** @throws AuthConfigError */
  constructor({ key, fetch, maxAge, ...others }: SessionClaimOptions<Value>) {
    if (typeof key !== 'string' || !/^[\w.:-]{1,64}$/.test(key)) throw wrong('key', "must be a name such as 'roles'");
    if (typeof fetch !== 'function') throw wrong('fetch', 'must be a function');
    for (const name of Object.keys(others)) throw wrong(name, 'is no option: there are key, fetch, maxAge');
    this.key = key;
    this.fetch = fetch;
    this.maxAge = maxAge === undefined ? Infinity : milliseconds('maxAge', maxAge);
  }

  /** The value as a token holds it; undefined when there is none, or null. */
  valueIn(claims: JwtClaims): Value | undefined {
    return (valueOf(claims, this.key)?.v ?? undefined) as Value | undefined;
  }

  hasValue(value: Value & Primitive, age?: AgeOptions): ClaimValidator {
    checkPrimitives('hasValue', [value]);
    return this.validator((held) => held === value, { expectedValue: value }, age);
  }

  isTrue(age?: AgeOptions): ClaimValidator {
    return this.validator((held) => held === true, { expectedValue: true }, age);
  }

  isFalse(age?: AgeOptions): ClaimValidator {
    return this.validator((held) => held === false, { expectedValue: false }, age);
  }

  includes(member: Member<Value>, age?: AgeOptions): ClaimValidator {
    checkPrimitives('includes', [member]);
    return this.ofMembers((held) => held.includes(member), { expectedToInclude: member }, age);
  }

  excludes(member: Member<Value>, age?: AgeOptions): ClaimValidator {
    checkPrimitives('excludes', [member]);
    return this.ofMembers((held) => !held.includes(member), { expectedToNotInclude: member }, age);
  }

  includesAll(members: readonly Member<Value>[], age?: AgeOptions): ClaimValidator {
    checkPrimitives('includesAll', members);
    return this.ofMembers((held) => members.every((one) => held.includes(one)), { expectedToInclude: members }, age);
  }

  includesAny(members: readonly Member<Value>[], age?: AgeOptions): ClaimValidator {
    checkPrimitives('includesAny', members);
    const expected = { expectedToIncludeAtLeastOneOf: members };
    return this.ofMembers((held) => members.some((one) => held.includes(one)), expected, age);
  }

  /** What is no list has no members, and lacks none either: it is refused both ways. */
  private ofMembers(
    accepts: (held: readonly JsonValue[]) => boolean,
    expected: Readonly<Record<string, JsonValue>>,
    age: AgeOptions | undefined,
  ): ClaimValidator {
    return this.validator((held) => Array.isArray(held) && accepts(held), expected, age);
  }

  private validator(
    accepts: (held: JsonValue) => boolean,
    expected: Readonly<Record<string, JsonValue>>,
    { maxAge, ...others }: AgeOptions = {},
  ): ClaimValidator {
    for (const name of Object.keys(others)) throw wrong(name, 'is no option of a validator: there is maxAge');
    const age = maxAge === undefined ? this.maxAge : milliseconds('maxAge', maxAge);
    return new ClaimValidator(this as unknown as SessionClaim, age, accepts, expected);
  }
}

/**
 * A claim of sessions: `const roles = defineClaim<string[]>({ key: 'roles', fetch: ({ subject }, find) =>
 * find(UsersService).rolesOf(subject) })`. Name it in `session.claims`, ask for it in `@RequireToken({ session: { claims } })`.
 *
 * @throws AuthConfigError
 */
export function defineClaim<Value extends JsonValue>(options: SessionClaimOptions<Value>): SessionClaim<Value> {
  return new SessionClaim(options);
}

/** A claim of that name in another form is the application's own, and holds no fetched value. */
function valueOf(claims: JwtClaims, key: string): ClaimValue | undefined {
  const held = (Object.hasOwn(claims, key) ? claims[key] : undefined) as Partial<ClaimValue> | null | undefined;
  if (typeof held !== 'object' || held === null || !Object.hasOwn(held, 'v')) return undefined;
  return typeof held.t === 'number' ? (held as ClaimValue) : undefined;
}

function milliseconds(name: string, duration: Duration): number {
  const seconds = parseDuration(duration);
  if (seconds === undefined) throw wrong(name, "must be a duration such as '5m'");
  return seconds * 1000;
}

/** Objects are no good: an order of members that JSON does not promise would decide. */
function checkPrimitives(validator: string, values: readonly unknown[]): void {
  const isGood = (value: unknown) =>
    typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value as number);
  if (!Array.isArray(values) || values.length === 0 || !values.every(isGood))
    throw wrong(`${validator}()`, 'takes texts, numbers or booleans, one at least');
}

function wrong(option: string, problem: string): AuthConfigError {
  return new AuthConfigError(`defineClaim().${option}`, problem);
}
