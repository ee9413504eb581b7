import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { askHook } from '../auth.hook-answers.js';
import { ActivityChecker } from './check-active.js';
import { checkClaims, type GrantedToken } from './check-claims.js';
import { SessionChecker } from './check-session.js';
import { decisionOf, rememberDecision } from './decision.js';
import { extractToken, type PresentedToken, type TokenPlaces } from './extract-token.js';
import type { GuardOptions } from './guard.options.js';
import { REQUEST_HOOKS, type RequestHooks } from './request-hooks.js';
import { Refusals } from './refusals.js';
import { routeRequirement } from './route-requirement.js';
import { kindOf } from './token-kind.js';
import type { TokenRequirement } from './token-requirement.js';
import { Transport, type TokenMessage } from './transport.js';
import type { VerifiedToken } from './verified-token.js';
import { TokenVerifier } from './verify-token.js';
import { whenReady } from './when-ready.js';

/** The injection token of what the guard knows of its surroundings. */
export const GUARD_SETTINGS = Symbol.for('nest-latchkey:guard-settings');

export interface GuardSettings {
  readonly guard: GuardOptions;
  readonly places: TokenPlaces;
}

/**
 * A guarded request, from top to bottom. Each step takes what the step before it made, so none can be left out.
 *
 * Answers at once when nothing must be waited for.
 */
@Injectable()
export class RequireTokenGuard implements CanActivate {
  private readonly verifyHook: RequestHooks['verify'];

  constructor(
    @Inject(Transport) private readonly transport: Transport,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(ActivityChecker) private readonly activity: ActivityChecker,
    @Inject(REQUEST_HOOKS) private readonly hooks: RequestHooks,
    @Inject(GUARD_SETTINGS) private readonly settings: GuardSettings,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(SessionChecker) private readonly sessions: SessionChecker,
  ) {
    this.verifyHook = hooks.verify?.bind(hooks);
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const requirement = routeRequirement(context.getHandler(), context.getClass());
    if (requirement === 'public') return true;
    try {
      const granted = this.authenticate(this.transport.message(context), requirement);
      if (!(granted instanceof Promise)) return true;
      return granted.then(
        () => true,
        (error: unknown) => {
          throw this.refusals.phrase(error, context);
        },
      );
    } catch (error) {
      throw this.refusals.phrase(error, context);
    }
  }

  /**
   * The five steps. An expired token that is as good as none makes step 2 give nothing, which goes on as nothing.
   *
   * @returns the token, or null on an optional route or an exempt method without one.
   * @throws AuthError when the request is refused, whatever the reason.
   */
  authenticate(
    message: TokenMessage,
    requirement: TokenRequirement,
  ): GrantedToken | null | Promise<GrantedToken | null> {
    const decided = decisionOf(message.carrier);
    // a global guard and one on the route both ask: the request is decided once
    if (decided?.requirement === requirement && isSame(decided.route, this.routeOf(message)))
      return decided.token as GrantedToken | null;
    if (this.settings.guard.exemptMethods.includes(message.method)) return this.anonymous(message, requirement);

    // 1. RFC 6750 §2
    const presented = extractToken(message, requirement, this.settings.places);
    if (presented === undefined) return this.absent(message, requirement);
    // 2. RFC 7515 §5.2, RFC 7519 §7.2
    const verified = this.verify(presented, message, requirement);
    // 3. RFC 8725 §3.12, revocation, RFC 9470
    const active = whenReady(verified, (token) => token && this.activity.check(token, requirement));
    // 3b. on routes of sessions
    const held = whenReady(
      active,
      (token) => token && this.sessions.check(token, requirement, message, presented.location),
    );
    // 4. RFC 6750 §3.1
    const granted = whenReady(
      held,
      (token) => token && checkClaims(token, requirement, message, presented.location, this.verifyHook),
    );
    // 5. the handler's argument
    return whenReady(granted, (token) => this.admit(token, message, requirement));
  }

  /** Steps 2 to 4 for a token that came by no request. Values of a request are not met. @throws AuthError */
  async check(raw: string, requirement: TokenRequirement): Promise<GrantedToken> {
    if (typeof raw !== 'string') throw new AuthError('token_invalid', { reason: 'the token must be a text' });
    const verified = await this.verifier.verify(raw, requirement);
    const active = await this.activity.check(verified, requirement);
    const held = await this.sessions.check(active, requirement, undefined, undefined);
    const granted = await checkClaims(held, requirement, undefined, undefined, this.verifyHook);
    await this.userOf(granted);
    return granted;
  }

  /** Nothing for a token that has expired where that is as good as none. */
  private verify(
    { raw, location, isSession = false }: PresentedToken,
    message: TokenMessage,
    requirement: TokenRequirement,
  ): VerifiedToken | undefined | Promise<VerifiedToken | undefined> {
    if (location === 'query') this.transport.keepPrivate(message);
    return whenReady(this.verifier.verify(raw, requirement), (verified) => {
      if (requirement.optional === 'lenient' && this.verifier.isExpired(verified)) return undefined;
      if (isSession && verified.session === undefined)
        throw new AuthError('token_invalid', { reason: 'the cookie of a session holds another token' });
      if (location === 'cookie' && requirement.csrf)
        this.transport.proveOrigin(message, verified.claims, isSession ? 'session' : kindOf(requirement));
      return verified;
    });
  }

  /** Remember the decision, for the handler's arguments. */
  private admit(
    token: GrantedToken | undefined,
    message: TokenMessage,
    requirement: TokenRequirement,
  ): GrantedToken | null | Promise<GrantedToken> {
    if (token === undefined) return this.anonymous(message, requirement);
    return whenReady(this.userOf(token), (loaded) => {
      rememberDecision(message.carrier, { requirement, route: this.routeOf(message), token, user: loaded });
      return whenReady(this.transport.keepAlive(message, token), () => token);
    });
  }

  /** @throws AuthError `user_not_found` when the hook knows nobody. */
  private userOf(token: GrantedToken): unknown {
    const { hooks } = this;
    if (hooks.loadUser === undefined) return undefined;
    return askHook('hooks.loadUser', () => hooks.loadUser!(token)).then((user) => {
      if (user === null || user === undefined) throw new AuthError('user_not_found', { token });
      return user;
    });
  }

  /** What one request can be asked about twice: a handler that calls the next one, an application inside another. */
  private routeOf({ context, params }: TokenMessage): readonly unknown[] {
    return [this.settings, context?.getHandler(), context?.getClass(), params];
  }

  private absent(message: TokenMessage, requirement: TokenRequirement): null {
    if (requirement.optional !== false) return this.anonymous(message, requirement);
    const places = (requirement.locations ?? this.settings.places.locations).join(', ');
    throw new AuthError('token_missing', { reason: `no token by ${places}` });
  }

  private anonymous(message: TokenMessage, requirement: TokenRequirement): null {
    rememberDecision(message.carrier, { requirement, route: this.routeOf(message), token: null, user: undefined });
    return null;
  }
}

/** The guard's class, a subclass, or an instance of one: what `@UseGuards()` and `APP_GUARD` take. */
export function isTokenGuard(guard: unknown): boolean {
  if (guard instanceof RequireTokenGuard || guard === RequireTokenGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof RequireTokenGuard;
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.every((part, index) => part === other[index]);
}
