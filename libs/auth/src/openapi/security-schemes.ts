import { sessionCookieOf, type TokenPlaces } from '../resource/extract-token.js';
import { kindOf } from '../resource/token-kind.js';
import type { TokenRequirement } from '../resource/token-requirement.js';
import type { TokenLocation } from '../resource/token-location.js';

/** A security scheme object of OpenAPI, as far as tokens need it. */
export type SecurityScheme =
  | { type: 'http'; scheme: string; bearerFormat: 'JWT'; description?: string }
  | { type: 'apiKey'; in: 'header' | 'cookie' | 'query'; name: string; description?: string };

/** Where a route looks for its token. */
export function locationsOf(requirement: TokenRequirement, places: TokenPlaces): readonly TokenLocation[] {
  return requirement.locations ?? places.locations;
}

/** The name and the scheme of each place a route takes its token from. OpenAPI has none for a member of the body. */
export function schemesOf(requirement: TokenRequirement, places: TokenPlaces): [name: string, SecurityScheme][] {
  const configured = locationsOf(requirement, places).flatMap((location) =>
    location === 'body' ? [] : [makers[location](requirement, places)],
  );
  const name = sessionCookieOf(requirement, places);
  return name === undefined ? configured : [...configured, ['session_cookie', { type: 'apiKey', in: 'cookie', name }]];
}

type Maker = (requirement: TokenRequirement, places: TokenPlaces) => [name: string, SecurityScheme];

const makers: Record<Exclude<TokenLocation, 'body'>, Maker> = {
  header: (_requirement, { header: { name, scheme } }) => {
    if (scheme !== null && /^authorization$/i.test(name))
      return ['bearer', { type: 'http', scheme: scheme.toLowerCase(), bearerFormat: 'JWT' }];
    const description = scheme === null ? 'The token alone' : `${scheme}, a space, and the token`;
    return ['token_header', { type: 'apiKey', in: 'header', name, description }];
  },
  cookie: (requirement, { cookieNames }) => {
    const kind = kindOf(requirement);
    const name = requirement.cookie ?? cookieNames[kind];
    const key = requirement.cookie === undefined ? `${kind}_cookie` : `cookie_${name.replace(/[^\w.-]/g, '_')}`;
    return [key, { type: 'apiKey', in: 'cookie', name }];
  },
  query: (_requirement, { query }) => ['token_query', { type: 'apiKey', in: 'query', name: query.name }],
};

/**
 * Add a scheme to the document's, and tell the name it has there. One of the application's own that says the same is
 * used; one that says something else keeps its name.
 */
export function addScheme(schemes: Record<string, object>, name: string, scheme: SecurityScheme): string {
  const known = schemes[name];
  if (known !== undefined && !isSame(known, scheme)) return addScheme(schemes, `latchkey_${name}`, scheme);
  schemes[name] ??= scheme;
  return name;
}

function isSame(known: object, scheme: object): boolean {
  const [one, other] = [known, scheme] as Record<string, unknown>[];
  return ['type', 'in', 'name', 'scheme'].every(
    (member) => String(one![member]).toLowerCase() === String(other![member]).toLowerCase(),
  );
}
