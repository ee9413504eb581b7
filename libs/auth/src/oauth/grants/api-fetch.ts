import { AuthError } from '../../auth.errors.js';
import type { ApiRequest } from './api-request.js';
import { codeOf } from '../outbound-fetch.js';

/** How a request is made, beside what is authorized. */
export type ApiInit = Omit<RequestInit, 'method' | 'headers' | 'body'>;

export interface ApiLimit {
  /** Milliseconds. */
  readonly timeout: number;
  /** Until when: the headers, where somebody else reads the body at leisure, or the end. */
  readonly until: 'headers' | 'end';
}

/** What the body of an answer fails with that came to no end in time. */
export class LateAnswer extends Error {}

/**
 * Send a request to the API of a provider. Redirects are followed; `fetch` sends no Authorization header to another origin
 * (Fetch §4.4), so that a download elsewhere works, and gets no token.
 *
 * @throws AuthError `oauth_provider_unavailable`, `oauth_provider_timeout`; and what the caller's own signal was aborted with.
 */
export async function apiFetch(
  { url, method, headers, body }: ApiRequest,
  init: ApiInit,
  { timeout, until }: ApiLimit,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new LateAnswer()), timeout).unref();
  const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal;
  try {
    const response = await fetch(url, {
      ...(isOneWay(body) && { duplex: 'half' }),
      ...init,
      method,
      headers,
      signal,
      ...(body !== undefined && { body }),
    } as RequestInit);
    if (until === 'headers') clearTimeout(timer);
    return response;
  } catch (error) {
    clearTimeout(timer);
    if (init.signal?.aborted) throw error;
    if (late.signal.aborted) throw lateError();
    // what cannot be sent at all is the caller's: a header that is none, a method that may have no body
    if (isOfCaller(error)) throw error;
    // the original is not kept: it can quote the request
    throw new AuthError('oauth_provider_unavailable', { reason: `api: no connection: ${codeOf(error)}` });
  }
}

/** `fetch` says why a connection failed in `cause`, and nothing there of an argument that is wrong. */
function isOfCaller(error: unknown): boolean {
  const { name, cause } = error as Error;
  return name === 'TypeError' && cause === undefined;
}

export function lateError(): AuthError {
  return new AuthError('oauth_provider_timeout', { reason: 'api: no answer within oauth.timeout' });
}

/** Can the body be sent once only? */
export function isOneWay(body: ApiRequest['body']): boolean {
  if (body === null || typeof body !== 'object') return false;
  return body instanceof ReadableStream || (Symbol.asyncIterator in body && !(body instanceof Blob));
}
