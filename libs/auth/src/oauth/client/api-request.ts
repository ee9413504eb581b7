/** A request to the API of a provider, before it is sent. */
export interface ApiRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Headers;
  readonly body?: RequestInit['body'] | undefined;
}

/** What a grant lets us make requests with. */
export interface ApiTokens {
  readonly accessToken: string;
  /** Of OAuth 1 alone. */
  readonly tokenSecret?: string | undefined;
}

/**
 * The same request with the proof that it is made for the owner of the tokens: a new one each time, so authorize again what is
 * sent again.
 *
 * Does not look at where the request goes: whoever calls it has seen that the provider lives there.
 */
export type AuthorizeRequest = (request: ApiRequest, tokens: ApiTokens) => ApiRequest;

/** The token in the header Authorization, behind a word of the provider's. */
export function withScheme(scheme: string): AuthorizeRequest {
  return (request, { accessToken }) => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `${scheme} ${accessToken}`);
    return { ...request, headers };
  };
}

/** RFC 6750 §2.1. */
export const bearer = withScheme('Bearer');

/** Can the body be sent once only? */
export function isOneWay(body: ApiRequest['body']): boolean {
  if (body === null || typeof body !== 'object') return false;
  return body instanceof ReadableStream || (Symbol.asyncIterator in body && !(body instanceof Blob));
}
