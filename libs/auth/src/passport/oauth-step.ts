/** What a route of ours does; any other asks the request. */
export type OAuthStep = 'start' | 'complete';

/** The metadata of our two handlers. */
export const OAUTH_STEP = Symbol.for('nest-latchkey:oauth-step');
