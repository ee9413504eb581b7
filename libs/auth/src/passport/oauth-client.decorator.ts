import { createParamDecorator, Inject, Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { OAuthClient as Client } from '../oauth/grants/oauth-client.js';
import { OAuthGrants } from '../oauth/grants/oauth-grants.js';
import type { OAuthExchange } from '../oauth/oauth-transport.js';
import { currentDecision } from '../resource/current-decision.js';
import type { Token } from '../resource/token.js';

/** Whose client, before anything is looked up. */
interface AskedClient {
  readonly provider: string;
  readonly token: Token | null;
  readonly context: ExecutionContext;
}

/** A param decorator gets no services; a pipe does. */
@Injectable()
class OAuthClientPipe implements PipeTransform<AskedClient, Client | null> {
  constructor(@Inject(OAuthGrants) private readonly grants: OAuthGrants) {}

  transform({ provider, token, context }: AskedClient): Client | null {
    if (token === null) return null;
    // another issuer may name its users as it likes, for example as ours are named
    if (!token.isOwn)
      throw new AuthError('token_rejected', {
        reason: '@OAuthClient() is for users of our own: the token is of another issuer',
      });
    const http = context.switchToHttp();
    const exchange: OAuthExchange = { request: http.getRequest<object>(), response: http.getResponse<object>() };
    return this.grants.client(provider, { kind: 'user', id: token.sub }, { exchange });
  }
}

const askedClient = createParamDecorator((provider: string, context: ExecutionContext): AskedClient => ({
  provider,
  token: currentDecision(context).token,
  context,
}));

function clientParameter(provider: string): ParameterDecorator {
  return askedClient(provider, OAuthClientPipe);
}
clientParameter.prototype = Client.prototype;

/** The API of a provider, asked for the owner of a grant: see `oauth/grants/oauth-client.ts`. */
export type OAuthClient = Client;

/**
 * The API of a provider for the user of the request: `@OAuthClient('github') github: OAuthClient`. The route must have
 * `@RequireToken()`; on an optional route it is null without a token.
 */
export const OAuthClient = clientParameter as unknown as ((provider: string) => ParameterDecorator) & {
  readonly prototype: Client;
};
