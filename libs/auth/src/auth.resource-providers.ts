import type { Provider } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { Clock } from './auth.clock.js';
import { AUTH_SETTINGS, make, routesPath } from './auth.composition.js';
import type { AuthSettings } from './auth.settings.js';
import { CookieJar } from './http/cookie-jar.js';
import { CookieSlider } from './http/cookie-slider.js';
import { HttpTransport } from './http/http.transport.js';
import { OriginProof } from './http/origin-proof.js';
import { SessionAnswers } from './http/session-answers.js';
import { SessionProof } from './http/session-proof.js';
import { sessionCookies } from './http/session-protocol.js';
import { TrustedIssuer } from './jwt/trusted-issuer.js';
import { ActivityChecker } from './resource/check-active.js';
import { ClaimRenewal, SessionChecker } from './resource/check-session.js';
import { Refusals } from './resource/refusals.js';
import { REQUEST_HOOKS, type RequestHooks } from './resource/request-hooks.js';
import { GUARD_SETTINGS, RequireTokenGuard, type GuardSettings } from './resource/require-token.guard.js';
import { Transport } from './resource/transport.js';
import { TokenVerifier } from './resource/verify-token.js';
import { SessionService } from './session/session.service.js';
import { TokenService } from './session/token.service.js';
import { RevocationList } from './stores/revocation-list.js';

/** The guarded request: what its five steps ask. */
export const resourceProviders: Provider[] = [
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
  { provide: ClaimRenewal, useExisting: SessionAnswers },
  SessionChecker,
  Refusals,
  RequireTokenGuard,
];
