import type { ExecutionContext, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { Strategy } from 'passport-jwt';
import { AuthError } from '../auth.errors.js';
import { decisionOf } from '../resource/decision.js';
import type { Refusals } from '../resource/refusals.js';
import type { GuardSettings, RequireTokenGuard } from '../resource/require-token.guard.js';
import { compileRequirement } from '../resource/token-requirement.js';
import { Token } from '../resource/token.js';
import type { Transport } from '../resource/transport.js';
import { contextOf, passContext } from './guard-context.js';
import { checkOwner } from './request-owner.js';
import { holdName, releaseName } from './strategy-name.js';

/** What `@RequireToken()` without options asks. */
const plain = compileRequirement();

export interface JwtStrategyParts {
  readonly guard: RequireTokenGuard;
  readonly transport: Transport;
  readonly refusals: Refusals;
  readonly settings: GuardSettings;
  readonly host: HttpAdapterHost;
}

/** Steps 1 to 5 of the guard, where passport asks (RFC 6750). Passport copies it by `Object.create`: no `#private` members. */
export class JwtStrategy extends Strategy implements OnApplicationBootstrap, OnApplicationShutdown {
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
    // AuthGuard takes a falsy user for a failed log-in: where the hook let one in, it gets the token
    if (token instanceof Token) return decisionOf(message.carrier)?.user || token;
    if (settings.guard.exemptMethods.includes(message.method)) return undefined;
    throw new AuthError('token_missing', { reason: 'the guard gave no token' });
  }
}

function unused(): never {
  throw new Error('passport-jwt is not asked');
}
