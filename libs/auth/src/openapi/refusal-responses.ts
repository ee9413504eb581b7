import type { TokenPlaces } from '../resource/extract-token.js';
import type { RequestHooks } from '../resource/request-hooks.js';
import type { TokenRequirement } from '../resource/token-requirement.js';
import { locationsOf } from './security-schemes.js';

/** A response object of OpenAPI, as far as refusals need it. */
export interface RefusalResponse {
  readonly description: string;
  readonly headers?: object;
}

/**
 * The refusals a route can answer with, by status (RFC 6750 §3.1, RFC 9470 §3). 403 is named only where it can happen.
 *
 * `errors.status` and `errors.handlers` of the module are not looked at: a route that answers otherwise must say so itself,
 * with `@ApiResponse()`.
 */
export function refusalsOf(
  requirement: TokenRequirement,
  places: TokenPlaces,
  hooks: RequestHooks,
): Record<'401' | '403', RefusalResponse | undefined> {
  const scheme = places.header.scheme ?? 'Bearer';
  return { 401: unauthorized(requirement, scheme), 403: forbidden(requirement, places, hooks, scheme) };
}

function unauthorized({ optional, fresh }: TokenRequirement, scheme: string): RefusalResponse {
  const challenges = [
    ...(optional === false ? [`\`${scheme}\` when no token came`] : []),
    `\`${scheme} error="invalid_token"\` for one that is not accepted`,
    ...(fresh === undefined
      ? []
      : [
          `\`${scheme} error="insufficient_user_authentication"${typeof fresh === 'number' ? `, max_age=${fresh}` : ''}\``,
        ]),
  ];
  return challenge('Unauthorized', challenges);
}

function forbidden(
  requirement: TokenRequirement,
  places: TokenPlaces,
  hooks: RequestHooks,
  scheme: string,
): RefusalResponse | undefined {
  const { claims, scope, scopeText, verify, csrf, session } = requirement;
  const asked = [claims, scope, verify, hooks.verify].some((one) => one !== undefined);
  const isInsufficient = asked || (session?.claims.length ?? 0) > 0;
  const needsProof = csrf && locationsOf(requirement, places).includes('cookie');
  const byCookie = needsProof ? ['no challenge for a cookie without its anti-CSRF proof (`csrf_failed`)'] : [];
  if (!isInsufficient) return needsProof ? { description: `Forbidden: ${byCookie[0]}` } : undefined;
  const named = scopeText === undefined ? '' : `, scope="${scopeText}"`;
  return challenge('Forbidden', [`\`${scheme} error="insufficient_scope"${named}\``, ...byCookie]);
}

function challenge(status: string, challenges: readonly string[]): RefusalResponse {
  return {
    description: `${status}. WWW-Authenticate: ${challenges.join('; ')}`,
    headers: { 'WWW-Authenticate': { description: 'The challenge (RFC 6750 §3)', schema: { type: 'string' } } },
  };
}
