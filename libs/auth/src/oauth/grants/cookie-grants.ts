/** What `cookieGrants()` gives to `oauth.grants`. */
export class CookieGrants {
  readonly name = 'cookies';
}

/**
 * Keep grants in the user's browser, encrypted, as Flask-Dance does: in cookies that end with the browser. Nothing of them is
 * stored here; so there are none outside of requests, and of several processes each may refresh one at the same time. For
 * providers whose tokens are small: what does not fit into a cookie is refused.
 */
export function cookieGrants(): CookieGrants {
  return new CookieGrants();
}
