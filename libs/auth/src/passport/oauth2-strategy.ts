import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { Strategy } from 'passport-oauth2';
import { AuthError } from '../auth.errors.js';
import type { OAuthExchange, OAuthTransport } from '../oauth/oauth-transport.js';
import type { OAuthService } from '../oauth/oauth.service.js';
import type { Refusals } from '../resource/refusals.js';
import { contextOf } from './guard-context.js';
import { OAUTH_STEP, type OAuthStep } from './oauth-step.js';
import { checkOwner } from './request-owner.js';

export interface OAuth2StrategyParts {
  readonly oauth: OAuthService;
  readonly transport: OAuthTransport;
  readonly refusals: Refusals;
  readonly host: HttpAdapterHost;
}

/**
 * The log-in with one provider, where passport asks. `request.user` is the OAuthLogin. Passport copies it by
 * `Object.create`: no `#private` members.
 */
export class OAuth2Strategy extends Strategy {
  constructor(
    override readonly name: string,
    private readonly parts: OAuth2StrategyParts,
  ) {
    // its constructor wants endpoints, which discovery supplies, and a client, which our own steps speak for
    super({ authorizationURL: placeholder, tokenURL: placeholder, clientID: name, clientSecret: '' }, unused);
  }

  /** Never `fail()` or `redirect()`: on Fastify passport's own answers are a 500, elsewhere a 401 without a challenge. */
  override authenticate(request: object, options?: object): void {
    this.decide(request, contextOf(options)).then(
      (login) => this.success(login),
      (error: unknown) => this.error(error as Error),
    );
  }

  /** @returns the OAuthLogin. @throws a redirect, or what the module's filter would throw. */
  private async decide(request: object, context: ExecutionContext | undefined): Promise<object> {
    // passport gives the request alone, and a flow needs a cookie in the answer
    if (context === undefined)
      throw new AuthError('unsupported_context', {
        reason: `the strategy '${this.name}' is asked without AuthGuard('${this.name}'): use that, or let your guard ask its getAuthenticateOptions()`,
      });
    try {
      checkOwner(this.name, request, this.parts.host, 'give the provider another name here');
      return await this.step(context);
    } catch (error) {
      throw this.parts.refusals.phrase(error, context);
    }
  }

  private async step(context: ExecutionContext): Promise<object> {
    const { oauth, transport } = this.parts;
    const http = context.switchToHttp();
    const exchange: OAuthExchange = { request: http.getRequest<object>(), response: http.getResponse<object>() };
    if (transport.isAhead(exchange)) throw transport.nothing(exchange);
    const { values } = transport.parameters(exchange);
    if (stepOf(context, values) === 'start') {
      const [returnTo, another] = values.getAll('return_to');
      const location = await oauth.start(this.name, exchange, another === undefined ? { returnTo } : {});
      throw transport.redirect(exchange, location);
    }
    const outcome = await oauth.complete(this.name, exchange);
    if (outcome.kind !== 'authorized') throw transport.redirect(exchange, outcome.returnTo);
    return outcome.login;
  }
}

/** An answer has a state (RFC 6749 §4.1.2), and a code or an error; whoever comes without all of them begins. */
function stepOf(context: ExecutionContext, values: URLSearchParams): OAuthStep {
  const declared = Reflect.getMetadata(OAUTH_STEP, context.getHandler()) as OAuthStep | undefined;
  const isAnswer = ['state', 'code', 'error'].some((name) => values.has(name));
  return declared ?? (isAnswer ? 'complete' : 'start');
}

/** Is never asked: `authenticate()` is ours. */
const placeholder = 'https://discovery.invalid/';

function unused(): never {
  throw new Error('passport-oauth2 is not asked');
}
