import { Logger, type Provider } from '@nestjs/common';
import { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { Clock } from './auth.clock.js';
import { AUTH_SETTINGS, STORES, make, routesPath, type Stores } from './auth.composition.js';
import { seconds } from './auth.durations.js';
import { AUTH_EVENTS, type AuthEventListener } from './auth.events.js';
import type { AuthSettings } from './auth.settings.js';
import { SessionAnswers } from './http/session-answers.js';
import { SessionProof } from './http/session-proof.js';
import { SessionWire } from './http/session-wire.js';
import { ClaimFetcher } from './session/claim-fetcher.js';
import { ISSUE_HOOKS, type IssueHooks } from './session/issue-hooks.js';
import { TokenRefresher } from './session/refresh.js';
import { SessionCleanup } from './session/session-cleanup.js';
import { SessionService } from './session/session.service.js';
import { TokenIssuer } from './session/token-issuer.js';
import { TokenService } from './session/token.service.js';
import { RevocationList } from './stores/revocation-list.js';

/** Issuing, refreshing and revoking: of stateless tokens, and of sessions. */
export const sessionProviders: Provider[] = [
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
        store,
        issuer,
        revocations,
        clock,
        emit,
        hooks,
        claimFetcher,
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
  make(SessionProof, [AUTH_SETTINGS], ({ session }: AuthSettings) => new SessionProof(session.antiCsrf)),
  SessionAnswers,
  make(SessionCleanup, [STORES, Clock], ({ sessions, oauthFlows }: Stores, clock: Clock) => {
    const logger = new Logger(SessionCleanup.name);
    return new SessionCleanup([sessions, ...(oauthFlows === undefined ? [] : [oauthFlows])], clock, () =>
      logger.error('ended sessions could not be deleted from the store'),
    );
  }),
];
