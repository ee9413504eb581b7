import {
  applyDecorators,
  Controller,
  Get,
  Inject,
  Injectable,
  Post,
  Redirect,
  Req,
  Res,
  SetMetadata,
  UseGuards,
  VERSION_NEUTRAL,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { OAuthLogin } from '../oauth/oauth-login.js';
import { OAuthLinking } from '../oauth/linking/linking.js';
import { answering } from '../oauth/events/oauth-answer.js';
import { OAuthGrants } from '../oauth/grants/oauth-grants.js';
import { OAuthTransport } from '../oauth/oauth-transport.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { Public } from '../resource/require-token.decorator.js';
import { outcomeOf } from './oauth-outcome.js';
import { OAUTH_STEP, type OAuthStep } from './oauth-step.js';
import { OAuthStrategies } from './oauth-strategies.js';

/** `AuthGuard(name)`, with the name of the path. */
@Injectable()
class ProviderGuard implements CanActivate {
  constructor(
    @Inject(OAuthService) private readonly oauth: OAuthService,
    @Inject(OAuthStrategies) private readonly strategies: OAuthStrategies,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ params: { provider: string }; user?: object }>();
    const name = request.params.provider;
    // passport knows names that are none of ours, and AuthGuard keeps a class for every name it hears
    if (this.oauth.providers.includes(name)) {
      const guard: CanActivate = new (AuthGuard(name))();
      return (await guard.canActivate(context)) as boolean;
    }
    request.user = await this.strategies.logInWith(name).decide(request, context);
    return true;
  }
}

const Step = (step: OAuthStep) => applyDecorators(Public(), SetMetadata(OAUTH_STEP, step), UseGuards(ProviderGuard));

/** A controller of its own for each `oauthLogin()`: its path is an option. */
export function createOAuthController(path: string): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  class OAuthController {
    constructor(
      @Inject(OAuthService) private readonly oauth: OAuthService,
      @Inject(OAuthLinking) private readonly linking: OAuthLinking,
      @Inject(OAuthGrants) private readonly grants: OAuthGrants,
      @Inject(OAuthTransport) private readonly transport: OAuthTransport,
    ) {}

    /** To the provider: the guard answers. `?return_to=` says where the log-in ends. */
    @Step('start')
    @Get(':provider')
    start(): void {}

    @Step('complete')
    @Get(':provider/authorized')
    @Redirect()
    authorized(@Req() request: { user: OAuthLogin }, @Res({ passthrough: true }) response: object) {
      return this.finish(request, response, 302);
    }

    /** After a form, 303 alone is followed by a GET for certain (RFC 9110 §15.4.4). */
    @Step('complete')
    @Post(':provider/authorized')
    @Redirect()
    authorizedByForm(@Req() request: { user: OAuthLogin }, @Res({ passthrough: true }) response: object) {
      return this.finish(request, response, 303);
    }

    private async finish(request: { user: OAuthLogin }, response: object, statusCode: number) {
      const login = request.user;
      const exchange = { request, response };
      const { subject: id, user } = await this.linking.settle(login);
      const outcome = outcomeOf(login);
      const { answer, store } = outcome;
      // before anybody is logged in: without the store there is no log-in
      if (store) await this.grants.save({ kind: 'user', id }, login, { exchange });
      if (user !== undefined) await this.transport.logIn(exchange, user);
      await this.oauth.finish(outcome, exchange);
      if (answer !== undefined) throw answering(this.transport, exchange, answer, login.returnTo);
      return { url: login.returnTo, statusCode };
    }
  }
  return OAuthController;
}
