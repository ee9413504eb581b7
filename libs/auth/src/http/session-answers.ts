import { isIP } from 'node:net';
import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import type { JsonValue } from '../jwt/claims.js';
import type { FetchedClaim } from '../jwt/session-claim.options.js';
import { ClaimRenewal } from '../resource/check-session.js';
import { contextOf, type RequestSession } from '../resource/current-session.decorator.js';
import { decisionOf, rememberDecision, type Decision } from '../resource/decision.js';
import { Token } from '../resource/token.js';
import type { TokenLocation } from '../resource/token-location.js';
import type { VerifiedToken } from '../resource/verified-token.js';
import { TokenVerifier } from '../resource/verify-token.js';
import { SessionService } from '../session/session.service.js';
import type { CreateSessionOptions } from '../session/session-starter.js';
import type { Session } from '../session/session.js';
import type { IssuedAccess, IssuedSession, SessionToken } from '../session/session-tokens.js';
import { TokenService, type TokenResponse } from '../session/token.service.js';
import { HttpMessage, type HttpRequest } from './http-message.js';
import type { HttpResponse } from './http-response.js';
import { frontToken, SessionWire } from './session-wire.js';

/** A request and its answer, of Express or Fastify: `@Req()`, `@Res({ passthrough: true })`. */
export interface HttpExchange {
  readonly request: object;
  readonly response: object;
  /**
   * How the tokens of a new session travel, where the client cannot say so: a form sends no headers of its own. Default: as the
   * header `st-auth-mode` of the request asks, and `'header'` without one.
   */
  readonly transfer?: 'cookie' | 'header';
}

/** The tokens of a session (RFC 6749 §5.1), and what its client needs beside them. Not for a log: it holds the texts. */
export interface SessionResponse extends TokenResponse {
  /** The session's id. */
  readonly sid: string;
  readonly refresh_token: string;
  /** For the header `front-token`: who is logged in, until when, with which claims. */
  readonly front_token: string;
  /** To be sent back as `anti-csrf`, where `session.antiCsrf` is `'token'`. */
  readonly anti_csrf?: string;
}

/** What a request tells of its client. A proxy or a socket file has no address. */
function clientOf({ headers, ip }: HttpRequest): Pick<CreateSessionOptions, 'device' | 'address'> {
  const agent = headers['user-agent'];
  return { device: typeof agent === 'string' ? agent : null, address: ip !== undefined && isIP(ip) > 0 ? ip : null };
}

/** How the tokens of a session reach its client: in the answer to a request, or as an object that the application sends. */
@Injectable()
export class SessionAnswers extends ClaimRenewal {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(SessionWire) private readonly wire: SessionWire,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
  ) {
    super();
  }

  /** The subject of a user's sessions. @throws AuthError `invalid_argument` */
  subjectOf(user: unknown): Promise<string> {
    return this.sessions.subjectOf(user);
  }

  /**
   * The session whose cookie a browser sends; undefined when there is none, or it has ended. An access token that has expired
   * will do: the browser has had no occasion to refresh it.
   *
   * @throws AuthError `store_unavailable`
   */
  async sessionOf(request: object): Promise<Session | undefined> {
    const text = this.wire.accessCookieOf(new HttpMessage(request as HttpRequest, undefined));
    const token = text === undefined ? undefined : await this.tokenOf(text);
    return token?.session && this.sessions.get(token.session.id);
  }

  /** What is no token of ours is none at all. */
  private async tokenOf(text: string): Promise<VerifiedToken | undefined> {
    try {
      return await this.verifier.verify(text, { anyAudience: true, allowExpired: true });
    } catch (error) {
      if (error instanceof AuthError && error.statusCode < 500) return undefined;
      throw error;
    }
  }

  /**
   * Start a session, with what the request tells of its client. The session whose cookie the browser sends ends: whoever knew
   * it before the log-in has nothing of it (SF-01).
   *
   * @param exchange `transfer` where no client was asked: a form, a browser that comes from a provider.
   * @returns what the handler may answer: the tokens where the client keeps them, `{}` where cookies do.
   */
  async create(
    user: unknown,
    options: CreateSessionOptions,
    { request, response, transfer }: HttpExchange,
  ): Promise<TokenResponse | Record<string, never>> {
    const message = new HttpMessage(request as HttpRequest, undefined);
    const mode = this.wire.modeOf(message, transfer);
    const before = await this.sessionOf(request);
    if (before !== undefined) await this.sessions.revoke(before.id);
    const given = { ...clientOf(request as HttpRequest), ...options };
    const issued = await this.sessions.create(user, given, (access) => this.wire.checkFits(access, mode));
    this.wire.write(message, response as HttpResponse, issued, mode);
    // cookies hide the tokens from scripts: then the body must too
    return mode === 'cookie' ? {} : this.bodyOf(issued);
  }

  /** Start a session whose tokens find their client by a way of the application. */
  async createApart(user: unknown, options: CreateSessionOptions): Promise<SessionResponse> {
    const issued = await this.sessions.create(user, options, (access) => this.wire.checkFits(access, undefined));
    return this.response(issued);
  }

  /** End the session of a request, and leave nothing of it with the client. @returns was this the call that ended it? */
  async end(session: RequestSession): Promise<boolean> {
    const first = await this.sessions.revoke(session.id, 'signout');
    this.wire.clear(contextOf(session).switchToHttp().getResponse<HttpResponse>());
    return first;
  }

  /** For an application's own way to the client. */
  response(issued: IssuedSession): SessionResponse {
    const { antiCsrf, session } = issued;
    return {
      ...this.bodyOf(issued),
      sid: session.id,
      front_token: frontToken(issued),
      ...(antiCsrf !== undefined && { anti_csrf: antiCsrf }),
    };
  }

  /**
   * Change the claims of a session, and give its client the token that holds them in the answer to the request it came by.
   *
   * @throws AuthError `token_revoked` when the session has ended meanwhile, and as `SessionService.mergeClaims`
   */
  async mergeClaims(session: RequestSession, changes: Record<string, JsonValue>): Promise<void> {
    const http = contextOf(session).switchToHttp();
    const request = http.getRequest<object>();
    const { token: current } = decisionOf(request)!;
    const mustFit = (access: IssuedAccess) => this.wire.checkFits(access, current!.location);
    // first what can be refused: the token may hold more than the session keeps
    mustFit((await this.reissued(current!, changes)).issued);
    if (!(await this.sessions.mergeClaims(session.id, changes, mustFit)))
      throw new AuthError('token_revoked', { reason: 'the session has ended' });
    let before: Decision;
    let next: { issued: IssuedAccess; token: Token };
    // another change of the same request may be faster: its claims belong in the token too
    do {
      before = decisionOf(request)!;
      next = await this.reissued(before.token!, changes);
    } while (decisionOf(request) !== before);
    this.wire.writeAccess(http.getResponse<HttpResponse>(), next.issued, next.token.location);
    rememberDecision(request, { ...before, token: next.token });
  }

  /** Change the claims of any session, for its next refresh. @throws AuthError as `SessionService.mergeClaims` */
  mergeClaimsById(sessionId: string, changes: Record<string, JsonValue>): Promise<boolean> {
    return this.sessions.mergeClaims(sessionId, changes, (access) => this.wire.checkFits(access, undefined));
  }

  /** Claims that a guarded request found too old: asked of the sessions, and sent back where the token came from. */
  async renew(
    token: SessionToken,
    claims: readonly FetchedClaim[],
    context: ExecutionContext | undefined,
    location: TokenLocation | undefined,
  ): Promise<string> {
    const issued = await this.sessions.refetch(token, claims);
    if (context !== undefined)
      this.wire.writeAccess(context.switchToHttp().getResponse<HttpResponse>(), issued, location);
    return issued.accessToken;
  }

  private async reissued(
    { sub, claims, session, location, overridden }: Token,
    changes: Record<string, JsonValue>,
  ): Promise<{ issued: IssuedAccess; token: Token }> {
    const issued = await this.sessions.reissue({ subject: sub, claims, session: session! }, changes);
    // the route was let in by the token before: this one is of the same session, and ends when that one does
    const verified = await this.verifier.verify(issued.accessToken, { anyAudience: true, allowExpired: true });
    return { issued, token: new Token(verified, location, overridden) };
  }

  private bodyOf({ accessToken, claims, refreshToken, scope }: IssuedSession): TokenResponse & {
    refresh_token: string;
  } {
    // by the token's own times: between the refresh and the token a second may begin
    const expiresIn = claims.exp! - claims.iat!;
    return { ...this.tokens.response(accessToken, scope, expiresIn), refresh_token: refreshToken };
  }
}
