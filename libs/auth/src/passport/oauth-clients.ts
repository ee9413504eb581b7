import { Inject, Injectable } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { OAuthConsent } from '../oauth/consent/oauth-consent.js';
import type { OAuthClient } from '../oauth/client/oauth-client.js';
import { OAuthGrants } from '../oauth/grants/oauth-grants.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { OAuthTransport, type OAuthExchange } from '../oauth/oauth-transport.js';
import type { Token } from '../resource/token.js';

/** What `@OAuthClient()` gives, for code that learns the name of the provider only at run time. */
@Injectable()
export class OAuthClients {
  constructor(
    @Inject(OAuthGrants) private readonly grants: OAuthGrants,
    @Inject(OAuthConsent) private readonly consent: OAuthConsent,
    @Inject(OAuthTransport) private readonly transport: OAuthTransport,
    @Inject(OAuthService) private readonly oauth: OAuthService,
  ) {}

  /**
   * A client for the API of a provider, with the grant of the token's user. Sends nothing yet. The `authorizationUrl` of its refusals
   * asks the user for the missing scope, and for the same account if there is one.
   *
   * @throws AuthError `oauth_provider_unknown`; `token_rejected` for a token of another issuer
   */
  of(provider: string, token: Token, exchange: OAuthExchange): OAuthClient {
    // another issuer may name its users as it likes, for example as ours are named
    if (!token.isOwn)
      throw new AuthError('token_rejected', {
        reason: 'grants are of users of our own: the token is of another issuer',
      });
    const authorizationUrl = (missing: readonly string[]) =>
      this.consent.urlFor(provider, token.sub, exchange, missing);
    return this.grants.client(provider, { kind: 'user', id: token.sub }, { exchange, authorizationUrl });
  }

  /**
   * Throws unless the user has granted the scope. A browser that visits a page is redirected to grant it, and then comes back.
   *
   * @throws a redirect; AuthError as `OAuthClient.require()`
   */
  async require(provider: string, scope: readonly string[], token: Token, exchange: OAuthExchange): Promise<void> {
    try {
      await this.of(provider, token, exchange).require(scope);
    } catch (error) {
      const url = error instanceof AuthError ? error.authorizationUrl : undefined;
      const path = this.transport.visitedPath(exchange);
      if (url === undefined || path === undefined || this.hasBeenAsked(provider, path, exchange)) throw error;
      throw this.transport.redirect(exchange, withReturn(url, path));
    }
  }

  /** Whoever comes back without what was asked for would go in circles. */
  private hasBeenAsked(provider: string, path: string, exchange: OAuthExchange): boolean {
    return isRefused(path) || this.oauth.hasJustEnded(provider, path, exchange);
  }
}

/** The page that a log-in comes back to with a no. */
function isRefused(path: string): boolean {
  return new URLSearchParams(path.replace(/^[^?]*/, '')).has('error');
}

function withReturn(authorizationUrl: string, path: string): string {
  const url = new URL(authorizationUrl);
  url.searchParams.set('return_to', path);
  return url.href;
}
