import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { HttpMessage, type HttpRequest } from './http/http-message.js';
import type { HttpResponse } from './http/http-response.js';
import { frontToken, SessionWire } from './http/session-wire.js';
import { SessionService, type CreateSessionOptions } from './session/session.service.js';
import type { IssuedSession } from './session/session-tokens.js';
import { TokenService, type TokenResponse } from './session/token.service.js';

/** A request and its answer, of Express or Fastify: `@Req()`, `@Res({ passthrough: true })`. */
export interface HttpExchange {
  readonly request: object;
  readonly response: object;
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
export class SessionAnswers {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(SessionWire) private readonly wire: SessionWire,
  ) {}

  /** @returns what the handler may answer: the tokens where the client keeps them, `{}` where cookies do. */
  async create(
    user: unknown,
    options: CreateSessionOptions,
    { request, response }: HttpExchange,
  ): Promise<TokenResponse | Record<string, never>> {
    const message = new HttpMessage(request as HttpRequest, undefined);
    const issued = await this.sessions.create(user, { ...clientOf(request as HttpRequest), ...options });
    const mode = this.wire.modeOf(message);
    try {
      this.wire.write(message, response as HttpResponse, issued, mode);
    } catch (error) {
      // too large for a cookie: nobody has got its tokens
      await this.sessions.revoke(issued.session.id);
      throw error;
    }
    // cookies hide the tokens from scripts: then the body must too
    return mode === 'cookie' ? {} : this.bodyOf(issued);
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

  private bodyOf({ accessToken, claims, refreshToken, scope, issuedAt }: IssuedSession): TokenResponse & {
    refresh_token: string;
  } {
    const expiresIn = claims.exp! - Math.floor(issuedAt / 1000);
    return { ...this.tokens.response(accessToken, scope, expiresIn), refresh_token: refreshToken };
  }
}
