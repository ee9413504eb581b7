/**
 * The module, its guards and decorators, the service, and what they throw.
 *
 * @module nest-latchkey
 */
// the module
export { AuthModule } from './auth.module.js';
export type { AuthModuleAsyncOptions, AuthModuleExtras, AuthOptionsFactory } from './auth.extras.js';
export { AUTH_SETTINGS } from './auth.composition.js';
export type { AuthModuleOptions } from './auth.options.js';
export type { AuthSettings } from './auth.settings.js';
export { AUTH_HOOKS, type AuthHooks } from './auth.hooks.js';

// guarding a route
export { RequireToken, Public } from './resource/require-token.decorator.js';
export type { RequireTokenOptions, ClaimRequirements } from './resource/require-token.options.js';
export { param, query, body, anyOf, type ClaimRequirement } from './resource/request-value.js';
export { CurrentToken, CurrentUser } from './resource/current-token.decorator.js';
export { CurrentSession, RequestSession } from './resource/current-session.decorator.js';
export { Token } from './resource/token.js';
export { RequireTokenGuard } from './resource/require-token.guard.js';
export type { TokenLocation } from './resource/token-location.js';

// issuing, refreshing, revoking
export { AuthService, type VerifyOptions } from './auth.service.js';
export type { HttpExchange, SessionResponse } from './http/session-answers.js';
export { Session } from './session/session.js';
export type { ClaimValidator } from './jwt/claim-validator.js';
export { defineClaim, type SessionClaim } from './jwt/session-claim.js';
export type { ClaimOwner, ProviderFinder, SessionClaimOptions } from './jwt/session-claim.options.js';
export type { CreateSessionOptions } from './session/session-starter.js';
export type { RefreshSessionOptions } from './session/session.service.js';
export type { SessionGrant } from './session/issue-hooks.js';
export type { IssueOptions } from './session/token-issuer.js';
export type { TokenResponse } from './session/token.service.js';
export type { RefreshOptions } from './session/refresh.js';
export type { CookieAttributes, CookieTokens } from './http/cookie-jar.js';
export type { JsonValue, JwtClaims, JwtHeader } from './jwt/claims.js';
export type { Scope } from './jwt/scope.js';
export type { JwtAlgorithm } from './jwt/algorithms.js';
export type { KeyMaterial } from './jwt/key-material.js';
export type { KeyOptions } from './jwt/jwt.options.js';
export type { ManagedKeysOptions } from './jwt/managed-keys.options.js';
export type { EncryptionKey } from './auth.sealer.js';
export type { NextSigningKey } from './keys/signing-keys.js';
export type { TrustedIssuerOptions } from './jwt/trusted-issuer.options.js';

// logging in with a provider; the rest is in nest-latchkey/passport
export type { OAuthEdge } from './oauth/oauth-edge.js';
export type { OAuthEmailOwner, OAuthKnownUser, OAuthUser } from './oauth/oauth-hooks.js';

// when it says no
export { AuthError, AuthConfigError, authErrorCodes, type AuthErrorCode, type ClaimError } from './auth.errors.js';
export type { ErrorAnswer, ErrorHandler, AuthErrorName } from './http/errors.options.js';
export { AuthHttpException } from './http/http.transport.js';
export type { AuthEvents, AuthEventName, AuthEventListener, OAuthPhase } from './auth.events.js';

// stores, time
export { OAuthFlowStore, type ConsumedFlow } from './stores/oauth-flow.store.js';
export {
  OAuthGrantStore,
  type OAuthGrantContent,
  type OAuthGrantKey,
  type OAuthGrantRow,
} from './stores/oauth-grant.store.js';
export { OAuthLinkStore, type OAuthLink, type OAuthLinkKey } from './stores/oauth-link.store.js';
export { memoryStores, noStores } from './stores/memory.stores.js';
export type { AuthStores, InstanceFinder, StoreCondition } from './stores/auth-stores.js';
export {
  RevocationStore,
  type RefreshUse,
  type Revocation,
  type RevocationCursor,
  type RevocationKind,
} from './stores/revocation.store.js';
export { RevocationFanOut, type RevocationFanOutListener, type RevocationHint } from './stores/revocation-fan-out.js';
export {
  SessionStore,
  type Children,
  type Descent,
  type GrantChange,
  type Promotion,
  type RefreshTokenRow,
  type RotationRows,
  type SessionEnd,
  type SessionRow,
  type SessionSelection,
} from './stores/session.store.js';
export { SigningKeyStore, type SigningKeyRow } from './stores/signing-key.store.js';
export { AuthHealth } from './auth.health.js';
export { Clock, SystemClock } from './auth.clock.js';
export type { Duration, Lifetime } from './auth.durations.js';
