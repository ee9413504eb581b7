/** The words of SuperTokens' wire protocol, as its browser client `supertokens-website` 20 sends and reads them (FDI 1.16 to 4.1). */

/** Headers of a request. */
export const requestHeaders = {
  /** How the client wants its tokens: `cookie` or `header`. */
  mode: 'st-auth-mode',
  /** Its presence alone proves that no form of another site sent the request. */
  rid: 'rid',
  antiCsrf: 'anti-csrf',
} as const;

/** All headers that the client sends, for the CORS of an application. */
export const allRequestHeaders = [
  requestHeaders.rid,
  'fdi-version',
  requestHeaders.antiCsrf,
  'authorization',
  requestHeaders.mode,
  'content-type',
];

/** Headers of an answer. */
export const responseHeaders = {
  /** Who is logged in, until when, with which claims; or {@link noSession}. */
  front: 'front-token',
  access: 'st-access-token',
  refresh: 'st-refresh-token',
  antiCsrf: 'anti-csrf',
} as const;

/** The `front-token` of an answer after which there is no session any more. */
export const noSession = 'remove';

export const sessionCookies = { access: 'sAccessToken', refresh: 'sRefreshToken' } as const;

/** Messages of refusals. The client acts on the status; people and servers of SuperTokens read these. */
export const messages = {
  unauthorised: 'unauthorised',
  tryRefresh: 'try refresh token',
  reuse: 'token theft detected',
} as const;
