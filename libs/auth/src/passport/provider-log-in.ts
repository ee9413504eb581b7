import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../auth.errors.js';
import { answering } from '../oauth/events/oauth-answer.js';
import type { OAuthExchange, OAuthTransport } from '../oauth/oauth-transport.js';
import type { OAuthConsent } from '../oauth/consent/oauth-consent.js';
import type { OAuthService, OAuthStartOptions } from '../oauth/oauth.service.js';
import type { Refusals } from '../resource/refusals.js';
import { keepOutcome } from './oauth-outcome.js';
import { OAUTH_STEP, type OAuthStep } from './oauth-step.js';
import { checkOwner } from './request-owner.js';

export interface ProviderLogInParts {
  readonly oauth: OAuthService;
  readonly consent: OAuthConsent;
  readonly transport: OAuthTransport;
  readonly refusals: Refusals;
  readonly host: HttpAdapterHost;
}

/** What the strategies of both protocols do when passport asks them, and our routes for providers that passport does not know. */
export class ProviderLogIn {
  constructor(
    private readonly name: string,
    private readonly parts: ProviderLogInParts,
  ) {}

  /**
   * @param context undefined where passport was asked without one.
   * @returns the OAuthLogin.
   * @throws a redirect, or what the module's filter would throw.
   */
  async decide(request: object, context: ExecutionContext | undefined): Promise<object> {
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
    if (transport.isPrefetch(exchange)) throw transport.noContent(exchange);
    const { values } = transport.parameters(exchange);
    if ((await this.stepOf(context, values)) === 'start') {
      if (transport.isEmbedded(exchange)) throw transport.noContent(exchange);
      const options = await this.startOptions(values, exchange);
      throw transport.redirect(exchange, await oauth.start(this.name, exchange, options));
    }
    const outcome = await oauth.complete(this.name, exchange);
    if (outcome.kind !== 'authorized') throw transport.redirect(exchange, outcome.returnTo);
    keepOutcome(outcome);
    // a route of ours logs the user in first
    if (declaredStep(context) !== undefined) return outcome.login;
    await oauth.finish(outcome, exchange);
    if (outcome.answer !== undefined) throw answering(transport, exchange, outcome.answer, outcome.returnTo);
    return outcome.login;
  }

  private async startOptions(values: URLSearchParams, exchange: OAuthExchange): Promise<OAuthStartOptions> {
    const [returnTo, another] = values.getAll('return_to');
    const tickets = values.getAll('ticket');
    return {
      // two of them open as little as a wrong one
      ...(tickets.length > 0 && (await this.parts.consent.begin(this.name, tickets.join(','), exchange))),
      ...(another === undefined && { returnTo }),
    };
  }

  private async stepOf(context: ExecutionContext, values: URLSearchParams): Promise<OAuthStep> {
    return declaredStep(context) ?? ((await this.parts.oauth.isAnswer(this.name, values)) ? 'complete' : 'start');
  }
}

/** Undefined for a route of the application. */
function declaredStep(context: ExecutionContext): OAuthStep | undefined {
  return Reflect.getMetadata(OAUTH_STEP, context.getHandler()) as OAuthStep | undefined;
}
