/** Where everything is, below the provider's origin. Those of OAuth 1 are named as RFC 5849's older words name them. */
export const endpoints = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorization: '/authorize',
  par: '/par',
  token: '/token',
  userinfo: '/userinfo',
  revocation: '/revoke',
  /** Everything below it: who asks, and what was asked. `/api/me` is the profile of plain OAuth 2. */
  api: '/api',
  'oauth1.requestToken': '/oauth1/request_token',
  'oauth1.authorization': '/oauth1/authorize',
  'oauth1.accessToken': '/oauth1/access_token',
  /** As `api`, for signed requests. */
  'oauth1.api': '/oauth1/api',
  /** Where the page with the buttons goes. */
  interaction: '/interaction',
} as const;

export type LoopbackEndpoint = keyof typeof endpoints;

/** These have paths of their own below them. */
const folders = new Set<LoopbackEndpoint>(['api', 'oauth1.api', 'interaction']);

export function endpointOf(path: string): LoopbackEndpoint | undefined {
  const names = Object.keys(endpoints) as LoopbackEndpoint[];
  return names.find(
    (name) => path === endpoints[name] || (folders.has(name) && path.startsWith(`${endpoints[name]}/`)),
  );
}
