import { AuthError } from '../../auth.errors.js';
import { followRedirects, type RedirectLimit } from './api-redirects.js';
import { isOneWay, type ApiRequest } from './api-request.js';
import { codeOf } from '../outbound-fetch.js';

/** How a request is made, beside what is authorized. */
export type ApiInit = Omit<RequestInit, 'method' | 'headers' | 'body'>;

export interface ApiLimit extends RedirectLimit {
  /** Milliseconds. */
  readonly timeout: number;
  /** Until when: the headers, where somebody else reads the body at leisure, or the end. */
  readonly until: 'headers' | 'end';
}

export interface ApiAnswer {
  readonly response: Response;
  /** Was the request that it answers sent with the token? It was not, after a redirect to another origin. */
  readonly hadToken: boolean;
}

/** What the body of an answer fails with that came to no end in time. */
export class LateAnswer extends Error {}

/**
 * Send a request to the API of a provider. Redirects are followed, to https alone and without the token to another origin, so
 * that a download elsewhere works; `init.redirect` says otherwise.
 *
 * @throws AuthError `oauth_provider_unavailable`, `oauth_provider_timeout`, `oauth_provider_failed` for a redirect that is not
 *   followed; and what the caller's own signal was aborted with.
 */
export async function apiFetch(
  request: ApiRequest,
  init: ApiInit,
  { timeout, until, ...redirects }: ApiLimit,
): Promise<ApiAnswer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new LateAnswer()), timeout).unref();
  const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal;
  try {
    const answer = await sent(request, { ...init, signal }, redirects);
    if (until === 'headers') clearTimeout(timer);
    return answer;
  } catch (error) {
    clearTimeout(timer);
    if (init.signal?.aborted) throw error;
    if (late.signal.aborted) throw lateError();
    // what cannot be sent at all is the caller's: a header that is none, a method that may have no body
    if (error instanceof AuthError || isOfCaller(error)) throw error;
    // the original is not kept: it can quote the request
    throw new AuthError('oauth_provider_unavailable', { reason: `api: no connection: ${codeOf(error)}` });
  }
}

async function sent(first: ApiRequest, init: ApiInit, redirects: RedirectLimit): Promise<ApiAnswer> {
  if (init.redirect !== undefined) {
    const response = await sendOne(first, init);
    return { response, hadToken: !response.redirected || isSameOrigin(response.url, first.url) };
  }
  const send = (request: ApiRequest) => sendOne(request, { ...init, redirect: 'manual' });
  const { request, response } = await followRedirects(first, send, redirects);
  return { response, hadToken: proofIn(request) === proofIn(first) };
}

function sendOne({ url, method, headers, body }: ApiRequest, init: ApiInit): Promise<Response> {
  return fetch(url, {
    ...(isOneWay(body) && { duplex: 'half' }),
    ...init,
    method,
    headers,
    ...(body !== undefined && { body }),
  } as RequestInit);
}

function proofIn({ headers }: ApiRequest): string | null {
  return headers.get('authorization');
}

function isSameOrigin(one: string, other: string): boolean {
  return new URL(one).origin === new URL(other).origin;
}

/** `fetch` says why a connection failed in `cause`, and nothing there of an argument that is wrong. */
function isOfCaller(error: unknown): boolean {
  const { name, cause } = error as Error;
  return name === 'TypeError' && cause === undefined;
}

export function lateError(): AuthError {
  return new AuthError('oauth_provider_timeout', { reason: 'api: no answer within oauth.timeout' });
}
