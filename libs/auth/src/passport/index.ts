/**
 * Log-in with providers, grants and their clients, links, events; `jwtStrategy()`. Needs passport and @nestjs/passport.
 *
 * @module nest-latchkey/passport
 */
export { jwtStrategy } from './jwt-strategy.provider.js';
export { oauthLogin, type OAuthLoginFactory, type OAuthLoginOptions } from './oauth-login.js';
export { OAuthClient } from './oauth-client.decorator.js';
export { OAuthClients } from './oauth-clients.js';
export { RequireOAuth, type RequireOAuthOptions } from './require-oauth.decorator.js';
export type { AuthorizationUrl, OAuthRequestInit } from '../oauth/client/oauth-client.js';
export {
  OAuthGrants,
  type GivenGrant,
  type GrantClientOptions,
  type GrantPlace,
  type GrantSelection,
} from '../oauth/grants/oauth-grants.js';
export { OAuthGrant } from '../oauth/grants/oauth-grant.js';
export type { GrantOwner } from '../oauth/grants/grant-owner.js';
export type { RotatedGrants } from '../oauth/grants/grant-rotation.js';
export { cookieGrants, CookieGrants } from '../oauth/grants/cookie-grants.js';
export { noGrants } from '../stores/no-oauth-grant.store.js';
export { OAuthService, type OAuthOutcome, type OAuthStartOptions } from '../oauth/oauth.service.js';
export type { OAuthExchange } from '../oauth/oauth-transport.js';
export { OAuthLinks, type UnlinkOptions } from '../oauth/linking/oauth-links.js';
export { normalEmail } from '../oauth/linking/email-address.js';
export type { ProvidersFactory } from '../oauth/providers-factory.js';
export type { OAuthIdentity } from '../oauth/oauth-identity.js';
export { OAuthLogin, type OAuthTokens } from '../oauth/oauth-login.js';
export {
  OnOAuthAuthorized,
  OnOAuthBeforeLogin,
  OnOAuthError,
  OnOAuthLinked,
  OnOAuthReauthRequired,
  OnOAuthRefreshed,
  OnOAuthScopeChanged,
  OnOAuthUnlinked,
  type OAuthHandlerOptions,
} from './on-oauth.decorators.js';
export {
  OAuthAuthorizedEvent,
  OAuthBeforeLoginEvent,
  OAuthErrorEvent,
  OAuthEvent,
  type OAuthFlowInfo,
} from '../oauth/events/oauth-event.js';
export {
  OAuthResult,
  type OAuthAnswer,
  type OAuthHandlerResult,
  type OAuthResultOptions,
} from '../oauth/events/oauth-result.js';
