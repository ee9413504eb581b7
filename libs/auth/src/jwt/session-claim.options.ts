import type { Duration } from '../auth.durations.js';
import type { JsonValue } from './claims.js';

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
   * Undefined counts as null, which no validator accepts. What it throws is an outage, and so is no answer within 3 seconds: 503.
   */
  fetch(session: ClaimOwner, find: ProviderFinder): Value | null | undefined | Promise<Value | null | undefined>;
  /**
   * How old the value may be where a route asks for it, in seconds, or a text such as `'5m'`; an older one is fetched anew. A validator may
   * say it anew for its route. Default: as old as its token, which lives for `jwt.accessTokenLifetime`.
   */
  maxAge?: Duration;
}

/** A claim whose value can be had, whatever routes ask of it. */
export type FetchedClaim = Readonly<Pick<SessionClaimOptions<JsonValue>, 'key' | 'fetch'>>;
