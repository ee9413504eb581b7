/** The whole of a user name: what a URL path, a log and every database take without escaping; `:` is left to providers. */
export const usernamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** `<provider>:<subject>`: no spaces, which MySQL ignores at the end. */
export const providersUsernamePattern = /^[A-Za-z0-9_-]{1,32}:[\x21-\x7e]{1,200}$/;
