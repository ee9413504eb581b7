import { Injectable } from '@nestjs/common';
import {
  OAuthResult,
  OnOAuthAuthorized,
  OnOAuthBeforeLogin,
  OnOAuthError,
  type OAuthAuthorizedEvent,
  type OAuthBeforeLoginEvent,
  type OAuthErrorEvent,
} from 'nest-latchkey/passport';

@Injectable()
export class LoginEvents {
  /** `/login/corp?plan=gold`: hooks.oauthUser finds it in `login.data`. */
  @OnOAuthBeforeLogin()
  keepPlan({ request, remember }: OAuthBeforeLoginEvent) {
    const { plan } = (request as { query: Record<string, unknown> }).query;
    if (plan === 'gold') remember({ plan });
  }

  @OnOAuthAuthorized('corp')
  colleaguesOnly({ login: { identity } }: OAuthAuthorizedEvent): OAuthResult | undefined {
    const isColleague = identity.emailVerified && identity.email?.endsWith('@example.com') === true;
    return isColleague ? undefined : OAuthResult.reject('no_colleague');
  }

  @OnOAuthError()
  sayLater({ phase }: OAuthErrorEvent): OAuthResult | undefined {
    return phase === 'discovery' ? OAuthResult.redirect('/login?later') : undefined;
  }
}
