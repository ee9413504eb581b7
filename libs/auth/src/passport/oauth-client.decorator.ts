import { createParamDecorator, Inject, Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { OAuthClient as Client } from '../oauth/client/oauth-client.js';
import { currentDecision } from '../resource/current-decision.js';
import type { RouteArgument } from '../resource/route-table.js';
import type { Token } from '../resource/token.js';
import { OAuthClients } from './oauth-clients.js';

/** Whose client, before anything is looked up. */
interface AskedClient {
  readonly provider: string;
  readonly token: Token | null;
  readonly context: ExecutionContext;
}

/** A param decorator gets no services; a pipe does. */
@Injectable()
class OAuthClientPipe implements PipeTransform<AskedClient, Client | null> {
  constructor(@Inject(OAuthClients) private readonly clients: OAuthClients) {}

  transform({ provider, token, context }: AskedClient): Client | null {
    if (token === null) return null;
    const http = context.switchToHttp();
    return this.clients.of(provider, token, { request: http.getRequest(), response: http.getResponse() });
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

/** The provider whose client an argument of a handler is; undefined for another argument. */
export function clientProviderOf({ data, pipes = [] }: RouteArgument): string | undefined {
  return pipes.includes(OAuthClientPipe) ? (data as string) : undefined;
}

/** The API of a provider, asked for the owner of a grant: see `oauth/client/oauth-client.ts`. */
export type OAuthClient = Client;

/**
 * The API of a provider for the user of the request: `@OAuthClient('github') github: OAuthClient`. The route must have
 * `@RequireToken()`; on an optional route it is null without a token.
 */
export const OAuthClient = clientParameter as unknown as ((provider: string) => ParameterDecorator) & {
  readonly prototype: Client;
};
