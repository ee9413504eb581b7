/** What `cookieGrants()` gives to `oauth.grants`. */
export class CookieGrants {
  readonly name = 'cookies';
}

/**
 * Keep grants in encrypted session cookies of the user's browser, as Flask-Dance does, and nothing on the server.
 *
 * So there is no grant outside of requests, two processes may refresh one at the same time, and tokens have to be small: a grant
 * that does not fit into a cookie is refused.
 */
export function cookieGrants(): CookieGrants {
  return new CookieGrants();
}
