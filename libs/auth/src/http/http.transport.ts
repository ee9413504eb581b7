import { validateHeaderName, validateHeaderValue } from 'node:http';
import { HttpException, Logger, type ExecutionContext } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import type { JwtClaims } from '../jwt/claims.js';
import { carrierOf } from '../resource/current-decision.js';
import { Token } from '../resource/token.js';
import type { TokenKind } from '../resource/token-kind.js';
import { Transport, type TokenMessage } from '../resource/transport.js';
import type { VerifiedToken } from '../resource/verified-token.js';
import { errorName, type ErrorAnswer, type ErrorsOptions } from './errors.options.js';
import { HttpMessage, type HttpRequest } from './http-message.js';
import { setHeader, type HttpResponse } from './http-response.js';
import type { OriginProof } from './origin-proof.js';
import type { CookieSlider } from './cookie-slider.js';
import { requestHeaders } from './session-protocol.js';
import type { SessionProof } from './session-proof.js';
import { sessionRefusal } from './session-refusal.js';

/** A refusal over HTTP. `cause` is the AuthError. */
export class AuthHttpException extends HttpException {
  constructor(body: string | Record<string, unknown>, status: number, cause: AuthError) {
    super(body, status, { cause });
  }
}

export interface HttpTransportParts {
  readonly errors: ErrorsOptions;
  /** Of the challenge: `Bearer`, unless `transport.header.scheme` says otherwise. */
  readonly scheme: string;
  readonly realm: string;
  readonly originProof: OriginProof;
  readonly sessionProof: SessionProof;
  /** The application has said that it uses sessions: `session` stands in its options. */
  readonly withSessions: boolean;
  readonly slider: CookieSlider | undefined;
}

/** Requests and refusals over HTTP, on Express and Fastify (RFC 6750). */
export class HttpTransport extends Transport {
  private readonly logger = new Logger(HttpTransport.name);

  constructor(private readonly parts: HttpTransportParts) {
    super();
  }

  message(context: ExecutionContext): HttpMessage {
    if (context.getType() !== 'http') {
      throw new AuthError('unsupported_context', {
        reason: `@RequireToken() guards HTTP handlers only, not "${context.getType<string>()}": the handler was not run`,
      });
    }
    return new HttpMessage(carrierOf(context) as HttpRequest, context);
  }

  messageOf(request: object): HttpMessage {
    return new HttpMessage(request as HttpRequest, undefined);
  }

  proveOrigin(message: TokenMessage, claims: JwtClaims, kind: TokenKind | 'session'): void {
    if (kind === 'session') this.parts.sessionProof.check(message as HttpMessage, claims);
    else this.parts.originProof.check(message as HttpMessage, claims, kind);
  }

  keepPrivate({ context }: TokenMessage): void {
    if (context === undefined) return;
    const response = context.switchToHttp().getResponse<HttpResponse>();
    setHeader(response, 'Cache-Control', 'no-store');
    setHeader(response, 'Referrer-Policy', 'no-referrer');
  }

  keepAlive({ context }: TokenMessage, token: Token): void | Promise<void> {
    if (context === undefined || token.location !== 'cookie') return;
    return this.parts.slider?.slide(context.switchToHttp().getResponse<HttpResponse>(), token);
  }

  refusal(error: AuthError, context: ExecutionContext): Error {
    if (context.getType() !== 'http') return error;
    const { headers, status, body } = this.answer(error, context);
    const response = context.switchToHttp().getResponse<HttpResponse>();
    for (const [name, value] of Object.entries(headers ?? {})) setHeader(response, name, value);
    return new AuthHttpException(body as Record<string, unknown>, status, error);
  }

  private answer(error: AuthError, context: ExecutionContext): ErrorAnswer {
    const name = errorName(error.code);
    const status = this.parts.errors.status[name] ?? this.statusOf(error, context);
    const headers = this.headersOf(error, status);
    const own = this.ask(this.parts.errors.handlers[name], error, context);
    if (own !== undefined) return { ...own, headers: { ...headers, ...own.headers } };
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const message = sessionRefusal(error, new HttpMessage(request, context), this.parts.withSessions) ?? error.message;
    const body = {
      statusCode: status,
      error: error.error,
      errorCode: error.code,
      [this.parts.errors.messageKey]: message,
      ...(error.claimErrors && { claimValidationErrors: error.claimErrors }),
      ...(error.authorizationUrl && { authorizationUrl: error.authorizationUrl }),
    };
    return { status, headers, body };
  }

  /** A handler that fails must not turn a refusal into anything else. */
  private ask(
    handler: ErrorsOptions['handlers'][keyof ErrorsOptions['handlers']],
    error: AuthError,
    context: ExecutionContext,
  ): ErrorAnswer | undefined {
    if (handler === undefined) return undefined;
    try {
      const token = tokenOf(error);
      const answer = handler({ error, context, ...(token && { token }) });
      if (answer === undefined || isAnswer(answer)) return answer;
      // a promise that rejects with nobody listening would end the process
      if ((answer as unknown) instanceof Promise) (answer as unknown as Promise<unknown>).catch(() => {});
      this.logger.error(
        `errors.handlers.${errorName(error.code)} gave no { status, body } with a status from 400 to 599 and headers that can be sent: ours is sent`,
      );
    } catch (cause) {
      this.logger.error(
        `errors.handlers.${errorName(error.code)} threw ${cause instanceof Error ? cause.name : typeof cause}: our answer is sent`,
      );
    }
    return undefined;
  }

  /** SuperTokens' client answers every 401 with a refresh, which a step-up does not need. */
  private statusOf(error: AuthError, context: ExecutionContext): number {
    if (error.code !== 'fresh_required') return error.statusCode;
    return context.switchToHttp().getRequest<HttpRequest>().headers[requestHeaders.mode] === undefined ? 401 : 403;
  }

  private headersOf(error: AuthError, status: number): Record<string, string> {
    const isChallenge = status === 401 || error.error === 'insufficient_scope' || error.code === 'fresh_required';
    return {
      ...(isChallenge && { 'WWW-Authenticate': this.challenge(error) }),
      ...(error.retryAfter !== undefined && { 'Retry-After': String(error.retryAfter) }),
    };
  }

  /** RFC 6750 §3, RFC 9470 §3. Fixed texts and checked options only: nothing a client sent is repeated. */
  private challenge(error: AuthError): string {
    const { scheme, realm } = this.parts;
    if (error.code === 'token_missing') return `${scheme} realm="${realm}"`;
    const parts = [`realm="${realm}"`, `error="${error.error}"`, `error_description="${error.message}"`];
    if (error.scope !== undefined) parts.push(`scope="${error.scope}"`);
    if (error.maxAge !== undefined) parts.push(`max_age=${error.maxAge}`);
    return `${scheme} ${parts.join(', ')}`;
  }
}

function tokenOf({ token }: AuthError): Token | undefined {
  if (token === undefined || token instanceof Token) return token;
  return new Token(token as VerifiedToken, undefined, false);
}

function isAnswer(answer: ErrorAnswer | undefined): answer is ErrorAnswer {
  if (!Number.isInteger(answer?.status) || answer!.status < 400 || answer!.status > 599) return false;
  for (const [name, value] of Object.entries(answer!.headers ?? {})) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  return true;
}
