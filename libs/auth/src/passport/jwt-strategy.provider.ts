import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthConfigError } from '../auth.errors.js';
import { Refusals } from '../resource/refusals.js';
import { GUARD_SETTINGS, RequireTokenGuard, type GuardSettings } from '../resource/require-token.guard.js';
import { Transport } from '../resource/transport.js';

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
    useFactory: async (
      guard: RequireTokenGuard,
      transport: Transport,
      refusals: Refusals,
      settings: GuardSettings,
      host: HttpAdapterHost,
    ) => {
      // passport-jwt is an optional peer: who only logs in with providers need not install it
      const { JwtStrategy } = await import('./jwt-strategy.js');
      return new JwtStrategy(name, { guard, transport, refusals, settings, host });
    },
  };
}
