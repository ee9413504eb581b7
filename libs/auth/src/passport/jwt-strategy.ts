import {
  type ExecutionContext,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Strategy } from 'passport-jwt';
import { AuthConfigError, AuthError } from '../auth.errors.js';
import { decisionOf } from '../resource/decision.js';
import { Refusals } from '../resource/refusals.js';
import { GUARD_SETTINGS, RequireTokenGuard, type GuardSettings } from '../resource/require-token.guard.js';
import { compileRequirement } from '../resource/token-requirement.js';
import { Token } from '../resource/token.js';
import { Transport } from '../resource/transport.js';
import { contextOf, passContext } from './guard-context.js';
import { checkOwner } from './request-owner.js';
import { holdName, releaseName } from './strategy-name.js';

/** What `@RequireToken()` without options asks. */
const plain = compileRequirement();

/**
 * `AuthGuard('jwt')` for existing code: it accepts and refuses what `@RequireToken()` does, with the same answers, and
 * `@CurrentToken()` works behind it. `request.user` is what `hooks.loadUser` found, else the Token.
 *
 * ```ts
 * @Module({ imports: [AuthModule.forRoot({ … })], providers: [jwtStrategy()] })
 * ```
 *
 * A refusal ends a list of strategies: in `AuthGuard(['api-key', 'jwt'])` name this one last. Scope, claims and optional
 * tokens are for `@RequireToken()`; what stands there does not change what this guard asks.
 *
 * @param name the strategy's in passport, which has one registry per process: the boot stops with AuthConfigError when it is
 *   taken. Given back when the application is closed.
 */
export function jwtStrategy(name = 'jwt'): Provider {
  if (typeof name !== 'string' || name === '')
    throw new AuthConfigError('jwtStrategy()', "takes a name, such as 'jwt'");
  return {
    provide: Symbol.for(`nest-latchkey:strategy:${name}`),
    inject: [RequireTokenGuard, Transport, Refusals, GUARD_SETTINGS, HttpAdapterHost],
    useFactory: (
      guard: RequireTokenGuard,
      transport: Transport,
      refusals: Refusals,
      settings: GuardSettings,
      host: HttpAdapterHost,
    ) => new JwtStrategy(name, { guard, transport, refusals, settings, host }),
  };
}

interface JwtStrategyParts {
  readonly guard: RequireTokenGuard;
  readonly transport: Transport;
  readonly refusals: Refusals;
  readonly settings: GuardSettings;
  readonly host: HttpAdapterHost;
}

/** Steps 1 to 5 of the guard, where passport asks (RFC 6750). Passport copies it by `Object.create`: no `#private` members. */
class JwtStrategy extends Strategy implements OnApplicationBootstrap, OnApplicationShutdown {
  private undo: (() => void) | undefined;

  constructor(
    override readonly name: string,
    private readonly parts: JwtStrategyParts,
  ) {
    // its constructor wants a key and a place, which its authenticate() would ask for; ours asks the guard
    super({ secretOrKeyProvider: unused, jwtFromRequest: () => null }, unused);
  }

  /** As late as can be: a boot that fails before holds no name. A context without HTTP has no use for it. */
  onApplicationBootstrap(): void {
    if (!this.parts.host.httpAdapter) return;
    holdName(
      this.name,
      this,
      "or choose another name here, for example jwtStrategy('api-jwt') and AuthGuard('api-jwt')",
    );
    this.undo = passContext(this.name);
  }

  onApplicationShutdown(): void {
    this.undo?.();
    releaseName(this.name, this);
  }

  /** Never `fail()` or `redirect()`: on Fastify passport's own answers are a 500, elsewhere a 401 without a challenge. */
  override authenticate(request: object, options?: object): void {
    this.decide(request, contextOf(options)).then(
      (user) => (user === undefined ? this.pass() : this.success(user)),
      (error: unknown) => this.error(error as Error),
    );
  }

  /** @returns the user, or undefined for a method that needs no token. @throws what the guard would throw. */
  private async decide(request: object, context: ExecutionContext | undefined): Promise<unknown> {
    try {
      return await this.userOf(request, context);
    } catch (error) {
      // without a context the module's filter phrases it
      if (context === undefined) throw error;
      throw this.parts.refusals.phrase(error, context);
    }
  }

  private async userOf(request: object, context: ExecutionContext | undefined): Promise<unknown> {
    const { guard, transport, settings } = this.parts;
    const message = context === undefined ? transport.messageOf(request) : transport.message(context);
    checkOwner(this.name, message.carrier, this.parts.host, 'give this one a jwtStrategy() with a name of its own');
    const token = await guard.authenticate(message, plain);
    // the guard takes any falsy user for a failure, but the hook has let it in
    // passport takes a user who is falsy for a failed log-in
    if (token instanceof Token) return decisionOf(message.carrier)?.user || token;
    if (settings.guard.exemptMethods.includes(message.method)) return undefined;
    throw new AuthError('token_missing', { reason: 'the guard gave no token' });
  }
}

function unused(): never {
  throw new Error('passport-jwt is not asked');
}
