import { Logger, type Provider } from '@nestjs/common';
import { APP_FILTER, ApplicationConfig, ModuleRef } from '@nestjs/core';
import { Clock, SystemClock } from './auth.clock.js';
import { AUTH_SETTINGS, ROUTES_PATH, STORES, make, routesPath, type Stores } from './auth.composition.js';
import { AuthConfigError } from './auth.errors.js';
import { AUTH_EVENTS, type AuthEventListener } from './auth.events.js';
import { AuthHealth } from './auth.health.js';
import { AUTH_HOOKS, type AuthHooks } from './auth.hooks.js';
import { keyProviders } from './auth.key-providers.js';
import { resolveOptions } from './auth.options.js';
import { resourceProviders } from './auth.resource-providers.js';
import { RouteCheck } from './auth.route-check.js';
import { AuthService } from './auth.service.js';
import { sessionProviders } from './auth.session-providers.js';
import type { AuthSettings } from './auth.settings.js';
import { AuthErrorFilter } from './http/auth-error.filter.js';
import { HttpOAuthTransport } from './http/oauth.transport.js';
import { SessionAnswers } from './http/session-answers.js';
import { KeyRing } from './jwt/key-ring.js';
import { OAUTH_EDGE, type OAuthEdge } from './oauth/oauth-edge.js';
import { OAUTH_HOOKS } from './oauth/oauth-hooks.js';
import { OAuthTransport } from './oauth/oauth-transport.js';
import { ActivityChecker } from './resource/check-active.js';
import { SessionChecker } from './resource/check-session.js';
import { Refusals } from './resource/refusals.js';
import { REQUEST_HOOKS } from './resource/request-hooks.js';
import { GUARD_SETTINGS, RequireTokenGuard } from './resource/require-token.guard.js';
import { Transport } from './resource/transport.js';
import { TokenVerifier } from './resource/verify-token.js';
import { ISSUE_HOOKS } from './session/issue-hooks.js';
import { SessionService } from './session/session.service.js';
import { TokenService } from './session/token.service.js';
import { NoSessionStore } from './stores/no-session.store.js';
import { OAuthFlowStore } from './stores/oauth-flow.store.js';
import { OAuthGrantStore } from './stores/oauth-grant.store.js';
import { OAuthLinkStore } from './stores/oauth-link.store.js';
import { RevocationList } from './stores/revocation-list.js';

/** Everything the module is made of, from the options up. */
export const providersOf = (optionsToken: string | symbol): Provider[] => [
  make(AUTH_SETTINGS, [optionsToken, OAUTH_EDGE, ROUTES_PATH], resolveOptions),
  { provide: Clock, useClass: SystemClock },
  make(KeyRing, [AUTH_SETTINGS], ({ keys }: AuthSettings) => keys),

  make(AUTH_HOOKS, [AUTH_SETTINGS, ModuleRef], ({ hooks }: AuthSettings, modules: ModuleRef) =>
    typeof hooks === 'function' ? modules.create(hooks) : hooks,
  ),
  { provide: REQUEST_HOOKS, useExisting: AUTH_HOOKS },
  { provide: ISSUE_HOOKS, useExisting: AUTH_HOOKS },
  { provide: OAUTH_HOOKS, useExisting: AUTH_HOOKS },
  make(AUTH_EVENTS, [AUTH_HOOKS], listener),

  make(STORES, [AUTH_SETTINGS, ModuleRef], ({ stores }: AuthSettings, modules: ModuleRef): Stores => {
    const made = stores.create(modules as never);
    // the deny-list is what ends the access tokens of a session
    if (made.sessions !== undefined && made.revocations === undefined)
      throw new AuthConfigError('stores', 'keeps sessions but no revocations: create() must give both');
    const { revocations, sessions = new NoSessionStore(), signingKeys, oauthFlows, oauthLinks, oauthGrants } = made;
    return { revocations, sessions, signingKeys, oauthFlows, oauthLinks, oauthGrants };
  }),
  make(
    RevocationList,
    [AUTH_SETTINGS, STORES, Clock],
    ({ revocation }: AuthSettings, { revocations }: Stores, clock: Clock) => {
      const logger = new Logger(RevocationList.name);
      return new RevocationList(revocations, revocation, clock, () =>
        logger.error('the revocations could not be read from the store'),
      );
    },
  ),

  ...keyProviders,
  ...sessionProviders,
  ...resourceProviders,

  make(OAuthFlowStore, [STORES, OAUTH_EDGE], ({ oauthFlows }: Stores, oauth: OAuthEdge | null) => {
    if (oauth !== null && oauthFlows === undefined)
      throw new AuthConfigError('stores', 'remembers no log-ins: each could be answered twice, use typeormStores()');
    return oauthFlows ?? null;
  }),
  make(OAuthLinkStore, [STORES, OAUTH_EDGE], ({ oauthLinks }: Stores, oauth: OAuthEdge | null) => {
    if (oauth !== null && oauthLinks === undefined)
      throw new AuthConfigError('stores', 'gives no oauthLinks: nothing would tell whose an identity is');
    return oauthLinks ?? null;
  }),
  make(OAuthGrantStore, [STORES], ({ oauthGrants }: Stores) => oauthGrants ?? null),
  make(
    OAuthTransport,
    [AUTH_SETTINGS, SessionAnswers, ApplicationConfig],
    (
      { publicOrigin = '', secureCookies: secure }: AuthSettings,
      answers: SessionAnswers,
      application: ApplicationConfig,
    ) => {
      const path = (route: string) => routesPath(application, route);
      return new HttpOAuthTransport({ publicOrigin, secure, routesPath: path, answers });
    },
  ),

  AuthService,
  AuthHealth,
  RouteCheck,
  { provide: APP_FILTER, useClass: AuthErrorFilter },
];

/** What modules need to guard routes, and what edges build on. */
export const exported = [
  ...[AuthService, AuthHealth, RequireTokenGuard, AUTH_SETTINGS, AUTH_HOOKS, REQUEST_HOOKS, GUARD_SETTINGS],
  ...[AUTH_EVENTS, Refusals, Clock, KeyRing, Transport, TokenVerifier, ActivityChecker, TokenService, RevocationList],
  ...[SessionService, SessionChecker],
];

/** Events reach the application's listener; what it throws changes nothing. */
function listener(hooks: AuthHooks): AuthEventListener {
  const logger = new Logger('AuthEvents');
  return (name, payload) => {
    // the type says void, which an async function passes for too: its rejection would end the process
    new Promise<unknown>((resolve) => resolve(hooks.onEvent?.(name, payload))).catch((error: unknown) =>
      logger.error(`hooks.onEvent threw ${error instanceof Error ? error.name : typeof error} at ${name}`),
    );
  };
}
