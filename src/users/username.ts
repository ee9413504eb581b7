/** The whole of a user name: what a URL path, a log and every database take without escaping; `:` is left to providers. */
export const usernamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
