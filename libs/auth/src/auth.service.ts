import { Inject, Injectable } from '@nestjs/common';
import { AuthError } from './auth.errors.js';
import { SessionAnswers, type HttpExchange, type SessionResponse } from './http/session-answers.js';
import { CookieJar, type CookieAttributes, type CookieTokens } from './http/cookie-jar.js';
import type { HttpResponse } from './http/http-response.js';
import type { JsonValue, JwtClaims, JwtHeader } from './jwt/claims.js';
import { isProven } from './jwt/equal-text.js';
import { parseJwt, unverifiedClaims } from './jwt/verify.js';
import type { RequestSession } from './resource/current-session.decorator.js';
import { RequireTokenGuard } from './resource/require-token.guard.js';
import { Token } from './resource/token.js';
import type { TokenKind } from './resource/token-kind.js';
import type { RequireTokenOptions } from './resource/require-token.options.js';
import { compileRequirement } from './resource/token-requirement.js';
import { Transport } from './resource/transport.js';
import { TokenVerifier } from './resource/verify-token.js';
import { TokenRefresher, type RefreshOptions } from './session/refresh.js';
import type { Session } from './session/session.js';
import { SessionService, type RefreshSessionOptions } from './session/session.service.js';
import type { CreateSessionOptions } from './session/session-starter.js';
import { SigningKeys, type NextSigningKey } from './keys/signing-keys.js';
import type { IssueOptions } from './session/token-issuer.js';
import { TokenService, type TokenResponse } from './session/token.service.js';
import type { SessionSelection } from './stores/session.store.js';

/** What a token must be, outside a route: the options of `@RequireToken()` that do not concern a request. */
export type VerifyOptions = Omit<RequireTokenOptions, 'locations' | 'cookie' | 'optional' | 'csrf'> & {
  /** Must be the token's anti-CSRF value. */
  csrf?: string;
};

/** Issue, verify, refresh and revoke tokens. Everything an application injects. */
@Injectable()
export class AuthService {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(RequireTokenGuard) private readonly guard: RequireTokenGuard,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(Transport) private readonly transport: Transport,
    @Inject(CookieJar) private readonly cookies: CookieJar,
    @Inject(TokenRefresher) private readonly refresher: TokenRefresher,
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(SessionAnswers) private readonly answers: SessionAnswers,
    @Inject(SigningKeys) private readonly signingKeys: SigningKeys | null,
  ) {}

  /**
   * A signed access token, or one of a type of the application.
   *
   * @param user the subject, or whatever `hooks.subject` makes one of.
   * @throws AuthError `reserved_claim`, `invalid_argument`
   */
  issueAccessToken(user: unknown, options?: IssueOptions): Promise<string> {
    return this.tokens.issueAccessToken(user, options);
  }

  /** A signed refresh token: the start of a family. */
  issueRefreshToken(user: unknown, options?: Omit<IssueOptions, 'type'>): Promise<string> {
    return this.tokens.issueRefreshToken(user, options);
  }

  /** An access and a refresh token, as a token endpoint answers them (RFC 6749 §5.1). Send it with `Cache-Control: no-store`. */
  issueTokens(user: unknown, options?: Omit<IssueOptions, 'type'>): Promise<TokenResponse> {
    return this.tokens.issueTokens(user, options);
  }

  /**
   * New tokens for a refresh token. With a store each is used once, and a second use ends its family; without one the
   * refresh token stays as it is. Scope and claims are those of the log-in, but for what `options` says anew.
   *
   * A client that got a 503, or no answer, tries again as `Retry-After` says, within `session.reuseLeeway`: the store may have
   * committed all the same, and later than that its token counts as reused. Sessions do not have that limit.
   *
   * @throws AuthError as {@link verify}, and `token_reused`
   */
  async refresh(refreshToken: string, options: RefreshOptions = {}): Promise<TokenResponse> {
    const token = await this.verify(refreshToken, this.refresher.requirement);
    return this.refresher.refresh(token.sub, token.claims, options);
  }

  /**
   * All the guard checks of a token, without a request: signature, issuer, audience, times, type (`access` unless said
   * otherwise), revocation, claims and scope.
   *
   * @throws AuthError with the code that says why, or `store_unavailable`
   */
  async verify(token: string, { csrf, ...options }: VerifyOptions = {}): Promise<Token> {
    for (const name of ['optional', 'locations', 'cookie']) {
      if (Object.hasOwn(options, name))
        throw new AuthError('invalid_argument', { reason: `${name} is for routes: there is no request here` });
    }
    const granted = await this.guard.check(token, compileRequirement(options));
    if (csrf !== undefined && !isProven(csrf, granted.claims['csrf']))
      throw new AuthError('csrf_failed', { token: granted });
    return granted;
  }

  /** Does {@link verify} accept it? @throws AuthError of an outage (503): an outage is no "no". */
  async isValid(token: string, options?: VerifyOptions): Promise<boolean> {
    try {
      await this.verify(token, options);
      return true;
    } catch (error) {
      if (error instanceof AuthError && error.statusCode < 500) return false;
      throw error;
    }
  }

  /** Header and claims of any token, **not verified**: for logs and choices, never for decisions. @throws AuthError `token_invalid` */
  decodeUnverified(token: string): { header: JwtHeader; claims: JwtClaims } {
    const parsed = parseJwt(token);
    return { header: parsed.header, claims: unverifiedClaims(parsed) };
  }

  /**
   * The guard's five steps on a request of your own (Express or Fastify), for example in a middleware.
   *
   * @returns null when the token is optional and absent.
   * @throws AuthError when the request is refused.
   */
  async verifyRequest(request: object, options?: RequireTokenOptions): Promise<Token | null> {
    return this.guard.authenticate(this.transport.messageOf(request), compileRequirement(options));
  }

  /**
   * Start a session, and write its tokens into the answer: in cookies or in headers, as the client asks by `st-auth-mode`, or as
   * `exchange.transfer` says.
   *
   * @param user the subject, or whatever `hooks.subject` makes one of.
   * @returns what the handler may answer: the RFC 6749 §5.1 object where the client keeps its tokens, `{}` where cookies do.
   * @throws AuthError `reserved_claim`; `invalid_argument` also for claims with which a token of the session, now or after its first
   *   refresh, would not fit into its cookie, or be too long to be read; `store_unavailable`
   */
  async createSession(
    user: unknown,
    options: CreateSessionOptions,
    exchange: HttpExchange,
  ): Promise<TokenResponse | Record<string, never>>;
  /** Start a session outside a request. @returns its tokens, for your own way to the client. */
  async createSession(user: unknown, options?: CreateSessionOptions): Promise<SessionResponse>;
  async createSession(
    user: unknown,
    options: CreateSessionOptions = {},
    exchange?: HttpExchange,
  ): Promise<TokenResponse | Record<string, never>> {
    if (exchange !== undefined) return this.answers.create(user, options, exchange);
    return this.answers.createApart(user, options);
  }

  /**
   * The next tokens of a session, outside the module's own route.
   *
   * @param options of a token that came from a cookie: `{ fromCookie: true, antiCsrf: request.headers['anti-csrf'] }`. Where
   *   `session.antiCsrf` is `'token'`, that must be the value that came with the token; in the other modes see to the proof yourself.
   * @throws AuthError `token_invalid`, `token_expired`, `token_revoked`, `token_reused` (the session is over),
   *   `csrf_failed`, `too_many_refreshes`, `invalid_argument`, `store_unavailable`
   */
  async refreshSession(refreshToken: string, options?: RefreshSessionOptions): Promise<SessionResponse> {
    return this.answers.response(await this.sessions.refresh(refreshToken, options));
  }

  /** A session that has not ended. @throws AuthError `store_unavailable` */
  getSession(id: string): Promise<Session | undefined> {
    return this.sessions.get(id);
  }

  /**
   * Write other data into a session, in place of all it has. For the server alone: no client sees it.
   *
   * @returns was there such a session, that has not ended? @throws AuthError `invalid_argument`, `store_unavailable`
   */
  updateSessionData(id: string, data: Record<string, JsonValue>): Promise<boolean> {
    return this.sessions.updateData(id, data);
  }

  /**
   * Lay claims over those of a session; null takes one away. Its client sees them, and they come back at each refresh unless
   * `hooks.sessionGrant` says otherwise. The answer to the request carries a new access token that holds them; the other tabs of
   * the client have it at once, or after their next refresh.
   *
   * A client keeps what comes last. So of two requests at once, or of one and a refresh, the slower answer may put a token in place
   * of one that knows more; it is of the same session, and ends no later than it would have. The session keeps every change, and
   * the next refresh has them all.
   *
   * Claims that would make the access token too long to be read, or too large for the cookie that it travels in, are refused.
   *
   * @param session as `@CurrentSession()` gave it.
   * @throws AuthError `reserved_claim` for what Latchkey writes and `session.claims` fetches; `token_revoked` when the session has
   *   ended; `invalid_argument`, `store_unavailable`
   */
  async mergeSessionClaims(session: RequestSession, claims: Record<string, JsonValue>): Promise<void>;
  /**
   * The same for any session by its id: its access tokens have the claims from the next refresh on. Nothing tells how they
   * travel: cookies count where `session.transfer` is `'cookie'`; elsewhere see to it that claims for the cookie of a client stay
   * below 2,000 characters in all.
   *
   * @returns was there such a session, that has not ended? @throws AuthError `reserved_claim`, `invalid_argument`, `store_unavailable`
   */
  async mergeSessionClaims(id: string, claims: Record<string, JsonValue>): Promise<boolean>;
  async mergeSessionClaims(
    session: RequestSession | string,
    claims: Record<string, JsonValue>,
  ): Promise<boolean | void> {
    return typeof session === 'string'
      ? this.answers.mergeClaimsById(session, claims)
      : this.answers.mergeClaims(session, claims);
  }

  /** The sessions of a subject that have not ended, the newest first. @throws AuthError `store_unavailable` */
  listSessions(selection: SessionSelection): Promise<Session[]> {
    return this.sessions.list(selection);
  }

  /**
   * End a session. Refused at once in this process, elsewhere within `revocation.poll`.
   *
   * @param session its id; or that of the request as `@CurrentSession()` gave it: a log-out. The answer then clears its cookies.
   * @returns was this the call that ended it? @throws AuthError `store_unavailable`
   */
  revokeSession(session: RequestSession | string): Promise<boolean> {
    return typeof session === 'string' ? this.sessions.revoke(session) : this.answers.end(session);
  }

  /** End the sessions of a subject, perhaps of one tenant, perhaps all but one. @returns the ids of those that it ended. */
  revokeSessions(selection: SessionSelection): Promise<string[]> {
    return this.sessions.revokeSelected(selection);
  }

  /**
   * Revoke a token and its whole family, or its session, as a log-out wants it; with `family: false` this token alone.
   * Refused at once in this process, elsewhere within `revocation.poll`.
   *
   * @throws AuthError `token_invalid` for a text that is no token of ours, `store_unavailable`
   */
  async revoke(token: Token | string, options: { family?: boolean } = {}): Promise<void> {
    const { claims, session } = typeof token === 'string' ? await this.inspect(token) : token;
    if (session !== undefined && options.family !== false) await this.sessions.revoke(session.id);
    else await this.tokens.revoke(claims, options);
  }

  /** Every token of the subject issued up to now is refused from now on; its sessions end. @throws AuthError `store_unavailable` */
  async revokeAll(subject: string): Promise<void> {
    await this.tokens.revokeAll(subject);
    await this.sessions.revokeSelected({ subject });
  }

  /**
   * Begin the next signing key ahead of time, where `jwt.managedKeys` is set: it signs in ten minutes, and tokens of the older
   * keys live on. Of calls at one time, in any number of processes, one makes the key and all answer with it.
   *
   * @param options `compromised`: the keys so far may be in the wrong hands. In 20 seconds they end in every process that
   *   reaches the store, with **every token they signed**; sessions go on by their refresh tokens, everybody else logs in again.
   *   Where clocks differ, by up to a minute, it is 10 to 30 seconds: until then some processes refuse what others still sign.
   * @throws AuthError `store_unavailable`, then nothing is promised; `invalid_argument` where the keys stand in the options
   */
  async rotateSigningKey(options?: { compromised?: boolean }): Promise<NextSigningKey> {
    if (this.signingKeys === null)
      throw new AuthError('invalid_argument', { reason: 'the keys stand in the options: set jwt.managedKeys' });
    return this.signingKeys.rotate(options);
  }

  /** The anti-CSRF value of a token, expired or not; undefined when tokens are not issued for cookies. @throws AuthError `token_invalid` */
  async csrfTokenOf(token: string): Promise<string | undefined> {
    return (await this.inspect(token)).claims['csrf'] as string | undefined;
  }

  /** The `jti` of a token, expired or not; undefined when another issuer gave it none. @throws AuthError `token_invalid` */
  async jtiOf(token: string): Promise<string | undefined> {
    return (await this.inspect(token)).jti;
  }

  /**
   * Set the cookies of the tokens in the answer; their anti-CSRF values go with them.
   *
   * @param response Express's response or Fastify's reply: `@Res({ passthrough: true })`.
   * @param tokens what {@link issueTokens} or {@link refresh} gave.
   * @throws AuthError `invalid_argument`
   */
  setCookies(response: object, tokens: CookieTokens, attributes?: CookieAttributes): void {
    this.cookies.set(response as HttpResponse, tokens, attributes);
  }

  /** Clear the cookies, with the attributes they were set with. */
  clearCookies(response: object, options: { which?: TokenKind | 'all'; domain?: string } = {}): void {
    this.cookies.clear(response as HttpResponse, options.which, options);
  }

  /** A token of ours or of a trusted issuer, whatever its type and age; nobody but the signature has a say. */
  private async inspect(token: string): Promise<Token> {
    return new Token(await this.verifier.verify(token, { allowExpired: true, anyAudience: true }), undefined, false);
  }
}
