export { jwtStrategy } from './jwt-strategy.provider.js';
export { oauthLogin, type OAuthLoginFactory, type OAuthLoginOptions } from './oauth-login.js';
export { OAuthService, type OAuthOutcome } from '../oauth/oauth.service.js';
export type { OAuthIdentity } from '../oauth/oauth-identity.js';
export { OAuthLogin, type OAuthTokens } from '../oauth/identity.js';
