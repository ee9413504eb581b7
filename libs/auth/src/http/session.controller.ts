import { Controller, HttpCode, Inject, Logger, Post, Req, Res, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { AuthError, type AuthErrorCode } from '../auth.errors.js';
import { Public } from '../resource/require-token.decorator.js';
import { TokenVerifier } from '../resource/verify-token.js';
import { SessionService } from '../session/session.service.js';
import { HttpMessage, type HttpRequest } from './http-message.js';
import type { HttpResponse } from './http-response.js';
import { messages, requestHeaders } from './session-protocol.js';
import { twoCookies } from './session-refusal.js';
import { SessionProof } from './session-proof.js';
import { SessionWire } from './session-wire.js';

/** The session is over for good: the client is to forget it. */
const endings: readonly AuthErrorCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_revoked',
  'token_reused',
];

const unauthorised = { status: 401, message: messages.unauthorised };

/**
 * Another site sent its visitor here: SameSite kept the cookies back, and an answer that clears them would log the user out.
 * The client of sessions says `rid`, which no form can.
 */
function isForeign(message: HttpMessage): boolean {
  return message.header('sec-fetch-site') === 'cross-site' && message.header(requestHeaders.rid) === undefined;
}

/** A controller of its own for each `forRoot()`: its path is an option. */
export function createSessionController(basePath: string): Type {
  @Controller({ version: VERSION_NEUTRAL })
  class SessionController {
    private readonly logger = new Logger('SessionController');
    /** Anybody can send two cookies: once is enough. */
    private isAdviceGiven = false;

    constructor(
      @Inject(SessionService) private readonly sessions: SessionService,
      @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
      @Inject(SessionWire) private readonly wire: SessionWire,
      @Inject(SessionProof) private readonly proof: SessionProof,
    ) {}

    /** The next tokens of a session. It never passes the guard: a replayed token must reach the reuse detection. */
    @Public()
    @Post(`${basePath}/session/refresh`)
    @HttpCode(200)
    async refresh(@Req() request: object, @Res({ passthrough: true }) response: object): Promise<object> {
      const message = new HttpMessage(request as HttpRequest, undefined);
      const answer = response as HttpResponse;
      if (this.wire.hasOlderCookies(message)) return this.dropOlderCookies(answer);
      try {
        const presented = this.wire.tokenOf(message, 'refresh');
        if (presented === undefined) throw new AuthError('token_missing', { reason: 'no refresh token' });
        // a header does not come by itself: nothing is to be proved of it
        const fromCookie = presented.mode === 'cookie';
        const antiCsrf = fromCookie ? this.proof.sentWith(message) : undefined;
        const issued = await this.sessions.refresh(presented.text, { fromCookie, antiCsrf });
        this.wire.write(message, answer, issued, presented.mode);
        return {};
      } catch (error) {
        throw this.refusal(error, answer, isForeign(message));
      }
    }

    /**
     * End the session of the request. An expired access token is told so: the client then refreshes first. The client
     * forgets a session that had ended before, too. Not by the guard: a user who is gone can log out all the same.
     */
    @Public()
    @Post(`${basePath}/signout`)
    @HttpCode(200)
    async signout(@Req() request: object, @Res({ passthrough: true }) response: object): Promise<object> {
      const message = new HttpMessage(request as HttpRequest, undefined);
      const presented = this.wire.tokenOf(message, 'access');
      if (presented === undefined) throw new AuthError('token_missing', { reason: 'no access token' });
      const token = await this.verifier.verify(presented.text, { anyAudience: true });
      // of our own issuer: another one may name a session of ours
      if (token.session === undefined) throw new AuthError('token_invalid', { reason: 'the token is of no session' });
      if (presented.mode === 'cookie') this.proof.check(message, token.claims);
      const first = await this.sessions.revoke(token.session.id, 'signout');
      this.wire.clear(response as HttpResponse);
      if (!first) throw new AuthError('token_revoked', { reason: 'the session had ended', phrase: unauthorised });
      return { status: 'OK' };
    }

    /** After the domain of the cookies changed, a browser sends both. */
    private dropOlderCookies(response: HttpResponse): object {
      if (this.wire.clearOlder(response)) return { message: 'older cookies cleared' };
      if (!this.isAdviceGiven)
        this.logger.error(
          'a browser sends a session cookie twice: if cookies.domain has changed, say where they were by session.olderCookieDomain',
        );
      this.isAdviceGiven = true;
      throw twoCookies(messages.unauthorised);
    }

    private refusal(error: unknown, response: HttpResponse, isForeignPage: boolean): unknown {
      if (!(error instanceof AuthError) || error.hasOwnPhrase) return error;
      const { code, reason } = error;
      const details = { ...(reason && { reason }), phrase: unauthorised };
      // a forged refresh of another site logs nobody out
      if (code === 'csrf_failed' || code === 'malformed_request') return new AuthError(code, details);
      if (!endings.includes(code)) return error;
      if (!isForeignPage) this.wire.clear(response);
      if (code !== 'token_reused') return new AuthError(code, details);
      return new AuthError(code, { ...details, phrase: { status: 401, message: messages.reuse } });
    }
  }
  return SessionController;
}
