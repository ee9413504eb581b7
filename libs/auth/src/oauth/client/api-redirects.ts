import { AuthError } from '../../auth.errors.js';
import { isOneWay, type ApiRequest } from './api-request.js';
import { discard } from '../outbound-fetch.js';

/** One more, and the API is believed to send us in circles. */
const mostRedirects = 5;
const redirects = [301, 302, 303, 307, 308];
/** What is sent to one origin alone, and what speaks of a body (Fetch §4.4). */
const ofOrigin = ['authorization', 'proxy-authorization', 'cookie', 'host'];
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];

export interface RedirectLimit {
  /** May a redirect lead there? */
  readonly mayBeAsked: (url: string) => boolean;
  /** Names of headers that are for the provider, and for no other origin. */
  readonly ownHeaders: readonly string[];
}

/**
 * Send a request, and follow where its answers lead, with the method that RFC 9110 §15.4 and Fetch §4.4 say, and without
 * Authorization, and what else is for the provider alone, to another origin.
 *
 * `fetch` would follow anywhere: whoever speaks for the API could let this server ask addresses that only it can reach.
 *
 * @returns the last request with its answer: whether it had the token stands there.
 * @throws AuthError `oauth_provider_failed`; and whatever `send` throws.
 */
export async function followRedirects(
  first: ApiRequest,
  send: (request: ApiRequest) => Promise<Response>,
  { mayBeAsked, ownHeaders }: RedirectLimit,
): Promise<{ readonly request: ApiRequest; readonly response: Response }> {
  let request = first;
  for (let followed = 0; ; followed++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const response = await send(request);
    const location = redirects.includes(response.status) ? response.headers.get('location') : null;
    if (location === null) return { request, response: followed === 0 ? response : asRedirected(response) };
    // oxlint-disable-next-line no-await-in-loop
    await discard(response);
    if (followed === mostRedirects) throw refused(`it redirects more than ${mostRedirects} times`);
    request = redirected(request, response.status, location, ownHeaders);
    if (!mayBeAsked(request.url)) throw refused('it redirects to what is no https address');
  }
}

function asRedirected(response: Response): Response {
  return Object.defineProperty(response, 'redirected', { value: true });
}

function redirected(request: ApiRequest, status: number, location: string, ownHeaders: readonly string[]): ApiRequest {
  const url = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined;
  // a name and a password in it fetch would take for a mistake of the caller
  if (url === undefined || url.username !== '' || url.password !== '') throw refused('it redirects to no address');
  if (status !== 303 && isOneWay(request.body)) throw refused('it redirects a request whose body was a stream');
  const headers = new Headers(request.headers);
  const isElsewhere = url.origin !== new URL(request.url).origin;
  if (isElsewhere) for (const name of ofOrigin) headers.delete(name);
  if (isElsewhere) for (const name of ownHeaders) headers.delete(name);
  if (!becomesGet(request.method.toUpperCase(), status)) return { ...request, url: url.href, headers };
  for (const name of ofBody) headers.delete(name);
  return { method: 'GET', url: url.href, headers };
}

function becomesGet(method: string, status: number): boolean {
  return status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
}

function refused(reason: string): AuthError {
  return new AuthError('oauth_provider_failed', { reason: `api: ${reason}` });
}
