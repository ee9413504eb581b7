import { AuthError } from '../../auth.errors.js';
import type { OAuthProvider } from '../provider.js';

/**
 * Where a request to the API of a provider goes: a path is joined to `apiBaseUrl` as `new URL(path, apiBaseUrl)` does it.
 *
 * | apiBaseUrl                     | path                            |                                    |
 * | ------------------------------ | ------------------------------- | ---------------------------------- |
 * | `https://api.example.com/v2/`  | `user`                          | `https://api.example.com/v2/user`  |
 * | `https://api.example.com/v2`   | `user`                          | `https://api.example.com/user`     |
 * | `https://api.example.com/v2/`  | `/user`                         | `https://api.example.com/user`     |
 * | `https://api.example.com/v2/`  | `../user`                       | `https://api.example.com/user`     |
 * | `https://api.example.com/v2/`  | `?page=2`                       | `https://api.example.com/v2/?page=2` |
 * | `https://api.example.com/v2/`  | `https://api.example.com/v3/me` | as it is                           |
 * | `https://api.example.com/v2/`  | `https://evil.example/`, `//evil.example/` | refused                 |
 *
 * Tokens go to the origin of `apiBaseUrl` and to `apiOrigins`, and nowhere else.
 *
 * @throws AuthError `oauth_url_refused`, before anything is sent.
 */
export function apiUrl({ name, apiBaseUrl, apiOrigins }: OAuthProvider, path: string | URL): URL {
  if (typeof path !== 'string' && !(path instanceof URL)) throw refused('the address must be a text or a URL');
  const url = parsed(path, apiBaseUrl);
  if (url === undefined)
    throw refused(apiBaseUrl === undefined ? `${name} has no apiBaseUrl: set one, or give whole URLs` : 'it is no URL');
  if (!isApiOf(apiOrigins, url)) throw refused(`its origin is none of ${name}: add it to apiOrigins`);
  return url;
}

/** No `URL.canParse()` before: reading each address twice is seen in what a request costs. */
function parsed(path: string | URL, base: string | undefined): URL | undefined {
  try {
    return new URL(path, base);
  } catch {
    return undefined;
  }
}

/** Not by `origin`, which `blob:` borrows of the URL behind it. A name and a password would be sent in place of the token. */
function isApiOf(origins: readonly string[], { protocol, host, username, password }: URL): boolean {
  return origins.includes(`${protocol}//${host}`) && username === '' && password === '';
}

function refused(reason: string): AuthError {
  return new AuthError('oauth_url_refused', { reason: `nothing was sent: ${reason}` });
}
