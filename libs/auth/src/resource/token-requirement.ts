import { parseDuration } from '../auth.durations.js';
import { scopeText } from '../jwt/scope.js';
import type { ClaimValidator } from '../jwt/claim-validator.js';
import { AnyOf, RequestValue } from './request-value.js';
import type { ClaimRequirements, RequireTokenOptions } from './require-token.options.js';
import { checkOptions } from './requirement-checks.js';

/** Only tokens of sessions, whose claims hold. */
export interface SessionRequirement {
  readonly claims: readonly ClaimValidator[];
}

/** The options of one route, checked and completed once, when its class is defined. */
export interface TokenRequirement extends Omit<
  RequireTokenOptions,
  'sub' | 'override' | 'fresh' | 'audience' | 'session'
> {
  readonly type: string;
  readonly claims: ClaimRequirements | undefined;
  readonly override: readonly ClaimRequirements[];
  /** Greatest age of the authentication in seconds; true: the token must be fresh itself. */
  readonly fresh: number | true | undefined;
  readonly audience: readonly string[] | undefined;
  readonly session: SessionRequirement | undefined;
  readonly revocation: boolean | 'store';
  readonly csrf: boolean;
  readonly optional: boolean | 'lenient';
  /** What the challenge names (RFC 6750 §3). */
  readonly scopeText: string | undefined;
}

/**
 * Check the options of a route and complete them.
 *
 * @throws AuthConfigError naming the option, when the class is defined: an empty or misspelt requirement never passes for none.
 */
export function compileRequirement(options: RequireTokenOptions = {}): TokenRequirement {
  checkOptions(options);
  const { sub, claims, override, fresh, audience, scope } = options;
  return {
    ...options,
    type: options.type ?? 'access',
    claims: sub === undefined ? claims : { sub, ...claims },
    override: override === undefined ? [] : ([override].flat() as readonly ClaimRequirements[]),
    fresh: fresh === undefined || fresh === false ? undefined : fresh === true ? true : parseDuration(fresh),
    audience: audience === undefined ? undefined : [audience].flat(),
    session: options.session === true ? { claims: [] } : options.session,
    revocation: options.revocation ?? true,
    csrf: options.csrf ?? true,
    optional: options.optional ?? false,
    // an expired token then counts as absent, which the guard sees to
    allowExpired: options.allowExpired === true || options.optional === 'lenient',
    scopeText: scope === undefined ? undefined : scopeText(scope) || undefined,
  };
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
