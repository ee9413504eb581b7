import type { TokenPlaces } from '../resource/extract-token.js';
import { AnyOf, RequestValue } from '../resource/request-value.js';
import { kindOf } from '../resource/token-kind.js';
import type { SessionRequirement, TokenRequirement } from '../resource/token-requirement.js';
import { locationsOf } from './security-schemes.js';

/** What a route asks, in one line: `Requires: scope admin; or claims { admin: true }`. */
export function requirementText(requirement: TokenRequirement, places: TokenPlaces): string {
  const parts = requirementParts(requirement, places);
  return `${requirement.optional === false ? 'Requires' : 'Optional token'}: ${parts.join('; ')}`;
}

/** The same as a list, never empty. Without places nothing is said of those that the module chose. */
export function requirementParts(requirement: TokenRequirement, places?: TokenPlaces): string[] {
  const parts = [
    ...originParts(requirement),
    ...grantParts(requirement),
    ...(requirement.verify === undefined ? [] : ["the application's own check"]),
    ...(places === undefined ? [] : bodyParts(requirement, places)),
  ];
  if (requirement.type !== 'access' || parts.length === 0) parts.unshift(typeText(requirement.type));
  return parts;
}

function typeText(type: string): string {
  if (type === 'access' || type === 'refresh') return type === 'access' ? 'an access token' : 'a refresh token';
  return type === 'any' ? 'a token of any type' : `a token of the type ${type}`;
}

/** Who made it, for whom, and when. */
function originParts({ fresh, issuer, audience, allowExpired, optional, session }: TokenRequirement): string[] {
  const ofSession = session === undefined ? undefined : namesOf(session);
  return [
    ...(ofSession === undefined
      ? []
      : [`a session${ofSession.length > 0 ? `, its claims ${ofSession.join(', ')}` : ''}`]),
    ...(fresh === undefined ? [] : [fresh === true ? 'a fresh token' : `an authentication in the last ${fresh} s`]),
    ...(issuer === undefined ? [] : [`issuer ${issuer}`]),
    ...(audience === undefined ? [] : [`audience ${audience.join(' or ')}`]),
    ...(allowExpired === true && optional !== 'lenient' ? ['expired tokens will do'] : []),
  ];
}

/** The claims of the session that are asked for; what must hold of them is the application's own. */
function namesOf({ claims }: SessionRequirement): string[] {
  return [...new Set(claims.map(({ claim }) => claim.key))];
}

/** What `override` stands in for comes right before it. */
function grantParts({ claims, scope, scopeText, override }: TokenRequirement): string[] {
  const isNames = scope !== undefined && (typeof scope === 'string' || Object.values(scope).every(isName));
  return [
    ...(claims === undefined ? [] : [`claims ${text(claims)}`]),
    ...(scope === undefined ? [] : [`scope ${isNames ? scopeText : text(scope)}`]),
    ...override.map((alternative) => `or claims ${text(alternative)}`),
  ];
}

function isName(member: unknown): boolean {
  return member === true || typeof member === 'string';
}

function bodyParts(requirement: TokenRequirement, places: TokenPlaces): string[] {
  const locations = locationsOf(requirement, places);
  if (!locations.includes('body')) return [];
  const { accessField, refreshField } = places.body;
  const field = kindOf(requirement) === 'refresh' ? refreshField : accessField;
  return [`the token ${locations.length > 1 ? 'may be' : 'is'} the body's member ${field}`];
}

const sources = { param: 'path parameter', query: 'query parameter', body: 'body member' } as const;

function text(value: unknown): string {
  if (value instanceof RequestValue) return `${sources[value.source]} ${value.name}`;
  if (value instanceof AnyOf) return value.values.map(text).join(' or ');
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${name}: ${text(member)}`)
    .join(', ')} }`;
}

/** The same for machines: the members of `@RequireToken()` that the route has set, as JSON. Of locations the route's own, when there are no places. */
export function requirementObject(requirement: TokenRequirement, places?: TokenPlaces): Record<string, unknown> {
  const { type, optional, fresh, scope, claims, override, audience, issuer, allowExpired, session } = requirement;
  const locations = places === undefined ? requirement.locations : locationsOf(requirement, places);
  const members = {
    ...{ type, locations, fresh, scope, claims, audience, issuer },
    ...(session !== undefined && { session: session.claims.length === 0 || { claims: namesOf(session) } }),
    ...(optional !== false && { optional }),
    ...(allowExpired === true && { allowExpired }),
    ...(override.length > 0 && { override }),
  };
  return json(members) as Record<string, unknown>;
}

function json(value: unknown): unknown {
  if (value instanceof RequestValue)
    return { from: value.source === 'param' ? 'path' : value.source, name: value.name };
  if (value instanceof AnyOf) return { anyOf: value.values.map(json) };
  if (Array.isArray(value)) return value.map(json);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, json(member)]));
}
