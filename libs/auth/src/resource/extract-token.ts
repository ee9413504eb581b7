import { AuthError } from '../auth.errors.js';
import { kindOf, type TokenKind } from './token-kind.js';
import type { TokenRequirement } from './token-requirement.js';
import type { TransportOptions } from './transport.options.js';
import type { TokenLocation } from './token-location.js';
import type { TokenMessage } from './transport.js';

/** A token as a request carries it. Nothing is known of it yet. */
export interface PresentedToken {
  readonly raw: string;
  readonly location: TokenLocation;
  /** It stood in the cookie of a session. */
  readonly isSession?: boolean;
}

/** The places of a module: the transport options, and the names of its two cookies. */
export interface TokenPlaces extends TransportOptions {
  /** That of `transport.header`, as a message is asked for it. */
  readonly headerName: Lowercase<string>;
  readonly cookieNames: Readonly<Record<TokenKind, string>>;
  /** The cookie of a session's access token; undefined where sessions do not travel in cookies. */
  readonly sessionCookie: string | undefined;
}

/**
 * Step 1 of 5: the token of a request, or nothing (RFC 6750 §2).
 *
 * Places are asked in order, and only an absent token makes the next one asked. Header, query and body exclude each other;
 * a cookie beside them is ignored. The cookie of a session comes last: it needs no place of its own in the options. Does not
 * decode anything.
 *
 * @throws AuthError `malformed_request` for a token that is not presented as RFC 6750 asks: two at once, spaces inside.
 */
export function extractToken(
  message: TokenMessage,
  requirement: TokenRequirement,
  places: TokenPlaces,
): PresentedToken | undefined {
  return configuredToken(message, requirement, places) ?? sessionToken(message, requirement, places);
}

function configuredToken(
  message: TokenMessage,
  requirement: TokenRequirement,
  places: TokenPlaces,
): PresentedToken | undefined {
  const locations = requirement.locations ?? places.locations;
  if (locations.length === 1) return readPlace(locations[0]!, message, requirement, places);

  let found: PresentedToken | undefined;
  for (const location of locations) {
    if (found !== undefined && (found.location === 'cookie' || location === 'cookie')) continue;
    const presented = readPlace(location, message, requirement, places);
    if (presented === undefined) continue;
    if (found !== undefined) throw malformed(`a token by ${found.location} and by ${location} (RFC 6750 §2)`);
    found = presented;
  }
  return found;
}

/** The cookie of a session's access token, where the route takes it: not where it names another one, or other places. */
export function sessionCookieOf(
  { locations, cookie, type }: TokenRequirement,
  { sessionCookie }: TokenPlaces,
): string | undefined {
  if (cookie !== undefined || type === 'refresh') return undefined;
  return locations === undefined || locations.includes('cookie') ? sessionCookie : undefined;
}

function sessionToken(
  message: TokenMessage,
  requirement: TokenRequirement,
  places: TokenPlaces,
): PresentedToken | undefined {
  const sessionCookie = sessionCookieOf(requirement, places);
  if (sessionCookie === undefined) return undefined;
  const [raw, another] = message.cookies(sessionCookie);
  if (another !== undefined) {
    // after the domain of the cookies changed, a browser sends both: the refresh ends the older one
    const phrase = { status: 401, message: 'try refresh token' };
    throw new AuthError('malformed_request', { reason: 'two session cookies of one name', phrase });
  }
  return raw === undefined || raw === '' ? undefined : { raw, location: 'cookie', isSession: true };
}

function readPlace(
  location: TokenLocation,
  message: TokenMessage,
  requirement: TokenRequirement,
  places: TokenPlaces,
): PresentedToken | undefined {
  const raw = readers[location](message, requirement, places);
  return raw === undefined ? undefined : { raw, location };
}

type Reader = (message: TokenMessage, requirement: TokenRequirement, places: TokenPlaces) => string | undefined;

const readers: Record<TokenLocation, Reader> = {
  header(message, _requirement, { header, headerName }) {
    const value = message.header(headerName);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw malformed(`${header.name} is sent more than once`);
    if (header.scheme === null) return bareToken(value);
    return header.list ? fromList(value, header.scheme) : fromCredentials(value, header.scheme);
  },

  cookie(message, requirement, { cookieNames }) {
    const name = requirement.cookie ?? cookieNames[kindOf(requirement)];
    const values = message.cookies(name);
    // two of one name: a sibling domain may have planted one, and nothing tells which
    if (values.length > 1) throw malformed('the cookie is sent more than once');
    return values[0] === '' ? undefined : values[0];
  },

  query(message, _requirement, { query }) {
    const value = message.queryValue(query.name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw malformed('the query parameter is sent more than once');
    if (!value.startsWith(query.prefix)) throw malformed('the query parameter lacks its prefix');
    return value.slice(query.prefix.length);
  },

  body(message, requirement, { body }) {
    const value = message.jsonBody(kindOf(requirement) === 'refresh' ? body.refreshField : body.accessField);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw new AuthError('token_invalid', { reason: 'the body member is no text' });
    return value;
  },
};

/** `Bearer <token>`: one credential, one space or more, nothing behind (RFC 6750 §2.1, RFC 9110 §11.4). */
function fromCredentials(value: string, scheme: string): string | undefined {
  if (!hasScheme(value, scheme)) {
    if (listHolds(value, scheme)) throw malformed('several credentials in one header');
    return undefined;
  }
  let start = scheme.length;
  // spaces alone separate: trimStart() would drop a non-breaking one too
  while (value[start] === ' ') start += 1;
  return bareToken(value.slice(start));
}

function hasScheme(value: string, scheme: string): boolean {
  if (value.length > scheme.length && value.charCodeAt(scheme.length) !== 0x20) return false;
  return value.startsWith(scheme) || value.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase();
}

function listHolds(value: string, scheme: string): boolean {
  return value.includes(',') && value.split(',').some((part) => hasScheme(part.trim(), scheme));
}

/** `transport.header.list`: of several credentials the one of the scheme, as Flask-JWT-Extended reads them. */
function fromList(value: string, scheme: string): string | undefined {
  const parts = value.split(',').map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''));
  const ours = parts.filter((part) => hasScheme(part, scheme));
  if (ours.length > 1) throw malformed('several credentials of the scheme in one header');
  return ours[0] === undefined ? undefined : fromCredentials(ours[0], scheme);
}

function bareToken(text: string): string {
  if (text === '' || text.includes(' ') || text.includes(',') || text.includes('\t'))
    throw malformed('no single token behind the scheme');
  return text;
}

function malformed(reason: string): AuthError {
  return new AuthError('malformed_request', { reason });
}
