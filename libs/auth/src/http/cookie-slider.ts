import type { Clock } from '../auth.clock.js';
import { seconds } from '../auth.durations.js';
import { AuthError } from '../auth.errors.js';
import type { Token } from '../resource/token.js';
import type { TokenService } from '../session/token.service.js';
import type { CookieJar } from './cookie-jar.js';
import type { SlidingRefresh } from './cookies.options.js';
import type { HttpResponse } from './http-response.js';

/**
 * Re-issues the access cookie of a user who is active: same claims, `auth_time`, family and anti-CSRF value, new times.
 *
 * It is written before the handler runs; a handler that sets or clears the cookie has the last word.
 */
export class CookieSlider {
  constructor(
    private readonly options: SlidingRefresh,
    private readonly tokens: TokenService,
    private readonly jar: CookieJar,
    private readonly clock: Clock,
  ) {}

  slide(response: HttpResponse, token: Token): void | Promise<void> {
    const { exp, auth_time: authenticatedAt } = token.claims;
    // a token of another issuer is not ours to renew: its subjects are not our subjects
    if (token.iss !== this.tokens.issuer || token.type !== 'access') return;
    // a session has refresh tokens of its own
    if (token.isOfSession) return;
    if (exp === undefined || authenticatedAt === undefined) return;
    const now = this.clock.now() / 1000;
    if (exp - now > seconds(this.options.within) || exp <= now) return;
    const left = authenticatedAt + seconds(this.options.absolute) - now;
    if (left < 1) return;
    return this.reissue(response, token, left);
  }

  private async reissue(response: HttpResponse, token: Token, left: number): Promise<void> {
    const accessToken = await this.tokens.reissueAccessToken(token.claims, token.sub, Math.floor(left));
    try {
      this.jar.set(response, { access_token: accessToken });
    } catch (error) {
      // the newer token does not fit into a cookie: the older one goes on until it expires
      if (!(error instanceof AuthError)) throw error;
    }
  }
}
