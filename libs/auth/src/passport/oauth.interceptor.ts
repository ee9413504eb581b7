import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import type { OAuthExchange } from '../oauth/oauth-transport.js';
import { currentDecision } from '../resource/current-decision.js';
import { OAuthClients } from './oauth-clients.js';
import { requiredOAuth } from './required-oauth.js';

/**
 * What `@RequireOAuth()` asks for. No guard: those run in the order in which decorators stand, and this needs the token that
 * `@RequireToken()` has let in, above it or below.
 */
@Injectable()
export class OAuthInterceptor implements NestInterceptor {
  constructor(@Inject(OAuthClients) private readonly clients: OAuthClients) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<ReturnType<CallHandler['handle']>> {
    const { token } = currentDecision(context);
    // an optional route
    if (token === null) throw new AuthError('token_missing');
    const http = context.switchToHttp();
    const exchange: OAuthExchange = { request: http.getRequest(), response: http.getResponse() };
    for (const { provider, scope } of requiredOAuth(context.getHandler(), context.getClass())) {
      // oxlint-disable-next-line no-await-in-loop -- one answer: the first that is missing
      await this.clients.require(provider, scope, token, exchange);
    }
    return next.handle();
  }
}
