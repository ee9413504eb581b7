import type { ExecutionContext } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { GrantedToken } from '../resource/check-claims.js';
import { carrierOf } from '../resource/current-decision.js';
import { rememberDecision } from '../resource/decision.js';
import type { RequireTokenGuard } from '../resource/require-token.guard.js';
import { routeRequirement } from '../resource/route-requirement.js';
import { Token } from '../resource/token.js';
import type { TokenLocation } from '../resource/token-location.js';
import type { TokenRequirement } from '../resource/token-requirement.js';
import type { TokenMessage } from '../resource/transport.js';

export interface MockTokenOptions {
  /** Default `'access'`. */
  type?: string;
  /** Default `'header'`. */
  location?: TokenLocation;
  header?: Partial<JwtHeader>;
}

/**
 * A Token as a handler gets it, made of claims and nothing else: it was never signed, and no guard would let it in. With a `sid`
 * it is of that session, and of the tenant that `tid` names.
 */
export function mockToken(
  claims: JwtClaims & { readonly sub: string },
  { type = 'access', location = 'header', header = {} }: MockTokenOptions = {},
): Token {
  const { sub, jti, sid, iat, tid } = claims;
  const tenant = typeof tid === 'string' ? tid : null;
  const verified = {
    raw: 'a-mock-token',
    subject: sub,
    type,
    audience: [],
    isOwn: true,
    session: sid === undefined ? undefined : { id: sid, refreshId: 'a-mock', parentId: undefined, tenant },
    header: Object.freeze({ alg: 'none', ...header }),
    claims: Object.freeze(structuredClone(claims)),
    revocable: { jti, sid, sub, iat },
  };
  return new Token(verified, location, false);
}

/**
 * A guard for tests of handlers: it lets in whom the test names, and fills `@CurrentToken()` and `@CurrentUser()`.
 * It reads no request and checks nothing: not the claims, not the scope a route asks for.
 *
 * ```ts
 * const guard = new StubGuard(mockToken({ sub: 'alice' }));
 * Test.createTestingModule({ imports: [AppModule] }).overrideGuard(RequireTokenGuard).useValue(guard);
 * guard.token = mockToken({ sub: 'bob' }); // from now on
 * guard.token = null; // nobody: optional routes go on, others answer 401
 * ```
 *
 * With `globalGuard: true` write `overrideProvider` instead of `overrideGuard`; then AuthService verifies no tokens.
 */
export class StubGuard implements Pick<RequireTokenGuard, 'canActivate' | 'authenticate' | 'check'> {
  constructor(
    public token: Token | null,
    /** What `@CurrentUser()` gives. */
    public user: unknown = undefined,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const requirement = routeRequirement(context.getHandler(), context.getClass());
    if (requirement !== 'public') this.authenticate({ carrier: carrierOf(context) }, requirement);
    return true;
  }

  /** @throws AuthError `token_missing` when nobody is let in and the route is not optional. */
  authenticate(message: Pick<TokenMessage, 'carrier'>, requirement: TokenRequirement): GrantedToken | null {
    const { token, user } = this;
    if (token === null && requirement.optional === false)
      throw new AuthError('token_missing', { reason: 'StubGuard.token is null' });
    rememberDecision(message.carrier, { requirement, route: [], token, user: token === null ? undefined : user });
    return token as GrantedToken | null;
  }

  /** @throws AuthError `unsupported_context`: a stub knows no token's text. */
  check(): Promise<GrantedToken> {
    const reason = 'StubGuard verifies no tokens: use overrideGuard(), or signTestToken() without a stub';
    return Promise.reject(new AuthError('unsupported_context', { reason }));
  }
}
