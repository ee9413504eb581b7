export { jwtStrategy } from './jwt-strategy.provider.js';
export { oauthLogin, type OAuthLoginFactory, type OAuthLoginOptions } from './oauth-login.js';
export { OAuthService, type OAuthOutcome } from '../oauth/oauth.service.js';
export { OAuthLogin, type OAuthIdentity, type OAuthTokens } from '../oauth/identity.js';
