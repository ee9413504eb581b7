import { parseDuration, type Duration } from '../auth.durations.js';
import { AuthConfigError } from '../auth.errors.js';
import { ClaimValidator, valueOf } from './claim-validator.js';
import type { JsonValue, JwtClaims } from './claims.js';
import type { SessionClaimOptions } from './session-claim.options.js';

type Primitive = string | number | boolean;
type Member<Value> = Value extends readonly (infer One)[] ? One & Primitive : never;
type AgeOptions = Pick<SessionClaimOptions<JsonValue>, 'maxAge'>;

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

  /** Is the value this one? @throws AuthConfigError for what is no text, number or boolean */
  hasValue(value: Value & Primitive, age?: AgeOptions): ClaimValidator {
    checkPrimitives('hasValue', [value]);
    return this.validator((held) => held === value, { expectedValue: value }, age);
  }

  /** Is the value `true` itself? */
  isTrue(age?: AgeOptions): ClaimValidator {
    return this.validator((held) => held === true, { expectedValue: true }, age);
  }

  /** Is the value `false` itself? A claim without a value is not. */
  isFalse(age?: AgeOptions): ClaimValidator {
    return this.validator((held) => held === false, { expectedValue: false }, age);
  }

  /** Is this a member of the list? @throws AuthConfigError for what is no text, number or boolean */
  includes(member: Member<Value>, age?: AgeOptions): ClaimValidator {
    checkPrimitives('includes', [member]);
    return this.ofMembers((held) => held.includes(member), { expectedToInclude: member }, age);
  }

  /** Is the value a list without this member? @throws AuthConfigError as {@link includes} */
  excludes(member: Member<Value>, age?: AgeOptions): ClaimValidator {
    checkPrimitives('excludes', [member]);
    return this.ofMembers((held) => !held.includes(member), { expectedToNotInclude: member }, age);
  }

  /** Are all of these members of the list? @throws AuthConfigError for none, and as {@link includes} */
  includesAll(members: readonly Member<Value>[], age?: AgeOptions): ClaimValidator {
    checkPrimitives('includesAll', members);
    return this.ofMembers((held) => members.every((one) => held.includes(one)), { expectedToInclude: members }, age);
  }

  /** Is one of these a member of the list? @throws AuthConfigError as {@link includesAll} */
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
    return new ClaimValidator(this, age, accepts, expected);
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
