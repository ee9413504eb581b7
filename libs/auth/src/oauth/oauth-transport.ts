import type { OAuthUser } from './oauth-hooks.js';

/** A request and its answer, whatever the framework calls them. */
export interface OAuthExchange {
  readonly request: object;
  readonly response: object;
}

/** A cookie of ours in the user's browser: a flow, or a grant where grants are kept in cookies. */
export interface OAuthCookie {
  /** Without the prefix that cookies have on https. */
  readonly name: string;
  readonly value: string;
  /** In seconds; undefined ends with the browser. */
  readonly maxAge: number | undefined;
  /** Must come back with a form that the provider's page posts: SameSite=None (RFC 6265bis §5.5). */
  readonly crossSite: boolean;
}

/** How a log-in reaches the browser, and comes back from it. Bound by the module: HTTP implements it. */
export abstract class OAuthTransport {
  /** The public URL of a route of ours. Never from what a request says of itself: anybody can send a Host header. */
  abstract urlOf(path: string): string;

  /** What the provider sent: the query of a GET, the form of a POST; a repeated parameter stays two. */
  abstract parameters(exchange: OAuthExchange): { method: string; values: URLSearchParams };

  /** Nobody visits with this request: it is a HEAD, or a browser loads the page before its user asks for it. */
  abstract isPrefetch(exchange: OAuthExchange): boolean;

  /**
   * Does a page of another site ask, for a picture, a script or a frame in it? Who begins log-ins there fills the browser with
   * cookies, and nobody sees it.
   */
  abstract isEmbedded(exchange: OAuthExchange): boolean;

  /**
   * The path, with its query, that somebody visits with a browser; undefined for the request of a script, and for a visit that
   * another site sent the browser on: that may not lead to where something is granted.
   */
  abstract visitedPath(exchange: OAuthExchange): string | undefined;

  /** Our cookies in the request by their names, the oldest first (RFC 6265 §5.4). */
  abstract cookies(exchange: OAuthExchange): ReadonlyMap<string, string>;

  abstract setCookie(exchange: OAuthExchange, cookie: OAuthCookie): void;

  abstract clearCookie(exchange: OAuthExchange, cookie: Pick<OAuthCookie, 'name' | 'crossSite'>): void;

  /** Keep the answer out of caches, and its URL out of Referer headers (RFC 9700 §4.2.4). */
  abstract keepPrivate(exchange: OAuthExchange): void;

  /** The exception that sends the browser there. */
  abstract redirect(exchange: OAuthExchange, location: string): Error;

  /** The exception that answers 200 with a body: an object as JSON, a text as it is, of the media type. Default `text/plain`. */
  abstract respond(exchange: OAuthExchange, body: string | object, type?: string): Error;

  /** The exception that answers 204, and nothing else. */
  abstract noContent(exchange: OAuthExchange): Error;

  /** The session of the browser, expired tokens or not; undefined when it has none, or it has ended. @throws AuthError `store_unavailable` */
  abstract sessionOf(exchange: OAuthExchange): Promise<{ readonly id: string; readonly subject: string } | undefined>;

  /** The subject that a session of this user has: what `hooks.oauthUser` answered. @throws AuthError `invalid_argument` */
  abstract subjectOf(user: unknown): Promise<string>;

  /** Start a session of the user, in cookies. That of the browser before ends. */
  abstract logIn(exchange: OAuthExchange, user: OAuthUser): Promise<void>;
}
