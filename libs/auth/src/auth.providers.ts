import { Logger, type Provider } from '@nestjs/common';
import { APP_FILTER, ApplicationConfig, ModuleRef } from '@nestjs/core';
import { Clock, SystemClock } from './auth.clock.js';
import { AuthConfigError } from './auth.errors.js';
import { seconds } from './auth.durations.js';
import { AUTH_EVENTS, type AuthEventListener } from './auth.events.js';
import { AUTH_HOOKS, type AuthHooks } from './auth.hooks.js';
import { resolveOptions } from './auth.options.js';
import type { AuthSettings } from './auth.settings.js';
import { RouteCheck } from './auth.route-check.js';
import { AuthService } from './auth.service.js';
import { AuthErrorFilter } from './http/auth-error.filter.js';
import { CookieJar } from './http/cookie-jar.js';
import { CookieSlider } from './http/cookie-slider.js';
import { HttpTransport } from './http/http.transport.js';
import { HttpOAuthTransport } from './http/oauth.transport.js';
import { OriginProof } from './http/origin-proof.js';
import { SessionAnswers } from './http/session-answers.js';
import { SessionProof } from './http/session-proof.js';
import { sessionCookies } from './http/session-protocol.js';
import { SessionWire } from './http/session-wire.js';
import { KeyRing } from './jwt/key-ring.js';
import { longestConfigured } from './jwt/jwt.options.js';
import { TrustedIssuer } from './jwt/trusted-issuer.js';
import { OAUTH_EDGE, type OAuthEdge } from './oauth/oauth-edge.js';
import { OAUTH_HOOKS } from './oauth/oauth-hooks.js';
import { OAuthTransport } from './oauth/oauth-transport.js';
import { ActivityChecker } from './resource/check-active.js';
import { ClaimRenewal, SessionChecker } from './resource/check-session.js';
import { Refusals } from './resource/refusals.js';
import { REQUEST_HOOKS, type RequestHooks } from './resource/request-hooks.js';
import { GUARD_SETTINGS, RequireTokenGuard, type GuardSettings } from './resource/require-token.guard.js';
import { Transport } from './resource/transport.js';
import { TokenVerifier } from './resource/verify-token.js';
import { ClaimFetcher } from './session/claim-fetcher.js';
import { ISSUE_HOOKS, type IssueHooks } from './session/issue-hooks.js';
import { TokenRefresher } from './session/refresh.js';
import { allowedSkew } from './keys/key-schedule.js';
import { SessionCleanup } from './session/session-cleanup.js';
import { SessionService } from './session/session.service.js';
import { SigningKeys } from './keys/signing-keys.js';
import { TokenIssuer } from './session/token-issuer.js';
import { TokenService } from './session/token.service.js';
import { NoSessionStore } from './stores/no-session.store.js';
import { OAuthFlowStore } from './stores/oauth-flow.store.js';
import { OAuthLinkStore } from './stores/oauth-link.store.js';
import { OAuthGrantStore } from './stores/oauth-grant.store.js';
import { RevocationList } from './stores/revocation-list.js';
import type { RevocationStore } from './stores/revocation.store.js';
import type { SessionStore } from './stores/session.store.js';
import type { SigningKeyStore } from './stores/signing-key.store.js';

/** The injection token of the checked options. */
export const AUTH_SETTINGS = Symbol.for('nest-latchkey:settings');
/** The injection token of the path below which the module's own routes were made; null when it has none. */
export const ROUTES_PATH = Symbol.for('nest-latchkey:routes-path');
/** The injection token of the stores that the options chose. */
export const STORES = Symbol.for('nest-latchkey:stores');

export type Stores = {
  revocations: RevocationStore | undefined;
  sessions: SessionStore;
  signingKeys: SigningKeyStore | undefined;
  oauthFlows: OAuthFlowStore | undefined;
  oauthLinks: OAuthLinkStore | undefined;
  oauthGrants: OAuthGrantStore | undefined;
};

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

  make(SigningKeys, [AUTH_SETTINGS, STORES, Clock], managedSigningKeys),
  make(
    TokenVerifier,
    [AUTH_SETTINGS, Clock, REQUEST_HOOKS],
    ({ jwt, keys }: AuthSettings, clock: Clock, hooks: RequestHooks) => {
      const trustedIssuers = (jwt.trustedIssuers ?? []).map(
        (issuer, index) => new TrustedIssuer(issuer, `jwt.trustedIssuers[${index}]`, () => clock.now()),
      );
      return new TokenVerifier({ options: jwt, keys, trustedIssuers, clock, hooks });
    },
  ),
  make(
    ActivityChecker,
    [RevocationList, Clock, REQUEST_HOOKS, SessionService],
    (revocations: RevocationList, clock: Clock, hooks: RequestHooks, sessions: SessionService) =>
      new ActivityChecker(revocations, clock, hooks, sessions),
  ),
  make(
    TokenIssuer,
    [AUTH_SETTINGS, Clock, ISSUE_HOOKS, RevocationList],
    ({ jwt, keys, withCookies, csrf }: AuthSettings, clock: Clock, hooks: IssueHooks, revocations: RevocationList) =>
      new TokenIssuer({ options: jwt, keys, clock, hooks, revocations, withCsrf: withCookies && csrf.enabled }),
  ),
  make(
    TokenService,
    [AUTH_SETTINGS, TokenIssuer, Clock, RevocationList, AUTH_EVENTS],
    ({ jwt }: AuthSettings, tokens: TokenIssuer, clock: Clock, revocations: RevocationList, emit: AuthEventListener) =>
      new TokenService({ options: jwt, tokens, clock, revocations, emit }),
  ),
  make(
    ClaimFetcher,
    [AUTH_SETTINGS, Clock, ModuleRef],
    ({ session }: AuthSettings, clock: Clock, modules: ModuleRef) =>
      new ClaimFetcher(session.claims, clock, (type) => modules.get(type, { strict: false })),
  ),
  make(
    SessionService,
    [AUTH_SETTINGS, STORES, TokenIssuer, RevocationList, Clock, AUTH_EVENTS, ISSUE_HOOKS, ClaimFetcher],
    (
      { session }: AuthSettings,
      { sessions: store }: Stores,
      issuer: TokenIssuer,
      revocations: RevocationList,
      clock: Clock,
      emit: AuthEventListener,
      hooks: IssueHooks,
      claimFetcher: ClaimFetcher,
    ) =>
      new SessionService({
        ...{ store, issuer, revocations, clock, emit, hooks, claimFetcher },
        idleLifetime: seconds(session.idleLifetime) * 1000,
        absoluteLifetime: seconds(session.absoluteLifetime) * 1000,
        reuseLeeway: seconds(session.reuseLeeway) * 1000,
        maxPerSubject: session.maxPerSubject,
        withAntiCsrf: session.antiCsrf === 'token',
      }),
  ),
  make(
    TokenRefresher,
    [AUTH_SETTINGS, TokenService, STORES, Clock, AUTH_EVENTS],
    ({ session }: AuthSettings, tokens: TokenService, stores: Stores, clock: Clock, emit: AuthEventListener) =>
      new TokenRefresher({
        tokens,
        clock,
        store: stores.revocations,
        reuseLeeway: seconds(session.reuseLeeway) * 1000,
        emit,
      }),
  ),

  make(
    CookieJar,
    [AUTH_SETTINGS, ApplicationConfig, Clock],
    (
      { cookies, csrf, secureCookies, session }: AuthSettings,
      application: ApplicationConfig,
      clock: Clock,
    ): CookieJar => {
      const refreshPath = () => routesPath(application, session.basePath);
      return new CookieJar({ cookies, csrf, clock, secure: secureCookies, refreshPath });
    },
  ),
  make(SessionCleanup, [STORES, Clock], ({ sessions, oauthFlows }: Stores, clock: Clock) => {
    const logger = new Logger(SessionCleanup.name);
    return new SessionCleanup([sessions, ...(oauthFlows === undefined ? [] : [oauthFlows])], clock, () =>
      logger.error('ended sessions could not be deleted from the store'),
    );
  }),

  make(
    SessionWire,
    [AUTH_SETTINGS, ApplicationConfig],
    ({ session, cookies, secureCookies, sessionsInCookies }: AuthSettings, application: ApplicationConfig) =>
      new SessionWire({
        // nothing was checked for cookies where the application did not speak of sessions
        transfer: sessionsInCookies ? session.transfer : 'header',
        basePath: () => routesPath(application, session.basePath),
        secure: secureCookies,
        sameSite: cookies.sameSite,
        domain: cookies.domain,
        olderDomain: session.olderCookieDomain,
      }),
  ),
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
  make(SessionProof, [AUTH_SETTINGS], ({ session }: AuthSettings) => new SessionProof(session.antiCsrf)),
  make(
    Transport,
    [AUTH_SETTINGS, TokenService, CookieJar, SessionProof, Clock],
    (
      { errors, guard, jwt, transport, csrf, publicOrigin, cookies, withSessions }: AuthSettings,
      tokens: TokenService,
      jar: CookieJar,
      sessionProof: SessionProof,
      clock: Clock,
    ) =>
      new HttpTransport({
        errors,
        scheme: transport.header.scheme ?? 'Bearer',
        realm: guard.realm ?? jwt.issuer.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, ''),
        originProof: new OriginProof(csrf, publicOrigin ?? ''),
        sessionProof,
        withSessions,
        slider:
          cookies.slidingRefresh === false ? undefined : new CookieSlider(cookies.slidingRefresh, tokens, jar, clock),
      }),
  ),
  make(
    GUARD_SETTINGS,
    [AUTH_SETTINGS, CookieJar],
    ({ guard, transport, sessionsInCookies }: AuthSettings, jar: CookieJar): GuardSettings => {
      const sessionCookie = sessionsInCookies ? sessionCookies.access : undefined;
      const headerName = transport.header.name.toLowerCase() as Lowercase<string>;
      return { guard, places: { ...transport, headerName, cookieNames: jar.names, sessionCookie } };
    },
  ),

  SessionAnswers,
  { provide: ClaimRenewal, useExisting: SessionAnswers },
  SessionChecker,
  Refusals,
  RequireTokenGuard,
  AuthService,
  RouteCheck,
  { provide: APP_FILTER, useClass: AuthErrorFilter },
];

/** What modules need to guard routes, and what edges build on. */
export const exported = [
  ...[AuthService, RequireTokenGuard, AUTH_SETTINGS, AUTH_HOOKS, REQUEST_HOOKS, GUARD_SETTINGS],
  ...[AUTH_EVENTS, Refusals, Clock, KeyRing, Transport, TokenVerifier, ActivityChecker, TokenService, RevocationList],
  ...[SessionService, SessionChecker],
];

/** Null where the keys stand in the options. */
function managedSigningKeys(
  { managedKeys, jwt, keys }: AuthSettings,
  stores: Stores,
  clock: Clock,
): SigningKeys | null {
  if (managedKeys === undefined) return null;
  if (stores.signingKeys === undefined)
    throw new AuthConfigError(
      'jwt.managedKeys',
      'needs stores that keep signing keys: use typeormStores() or memoryStores()',
    );
  const logger = new Logger(SigningKeys.name);
  return new SigningKeys({
    ring: keys,
    clock,
    store: stores.signingKeys,
    sealer: managedKeys.sealer,
    algorithm: jwt.algorithm,
    rotateEvery: managedKeys.rotateEvery * 1000,
    overlap: (longestConfigured(jwt) + seconds(jwt.clockTolerance)) * 1000 + allowedSkew,
    // a key that does not open is told by its option; it says no secret
    onFailure: (error) =>
      logger.error(
        error instanceof AuthConfigError ? error.message : 'the signing keys could not be read or renewed in the store',
      ),
  });
}

/** A provider made of others. */
function make(provide: unknown, inject: unknown[], useFactory: (...parts: never[]) => unknown): Provider {
  return { provide, inject, useFactory } as Provider;
}

/** As a browser asks for it: below the prefix that the application gives to all its routes, once it is made. */
function routesPath(application: ApplicationConfig, basePath: string): string {
  const prefix = application.getGlobalPrefix().replace(/^\/|\/$/g, '');
  return prefix === '' ? basePath : `/${prefix}${basePath}`;
}

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
