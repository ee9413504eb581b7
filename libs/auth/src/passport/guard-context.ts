import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthGuardAuthenticateOptions, type IAuthGuard } from '@nestjs/passport';

const CONTEXT = Symbol('nest-latchkey:context');

/**
 * Let the stock `AuthGuard(name)` pass its ExecutionContext on to the strategy, by the method that its options come from.
 *
 * Passport gives a strategy the request alone. Without the context a refusal could set no headers on Fastify, and
 * `hooks.verify` would not see the handler. `AuthGuard` gives one class per name, so it is changed for as long as we hold
 * the name.
 *
 * @returns what undoes it.
 */
export function passContext(name: string): () => void {
  const guard = AuthGuard(name).prototype as IAuthGuard;
  const original = guard.getAuthenticateOptions;
  const own = (context: ExecutionContext) => ({ [CONTEXT]: context }) as AuthGuardAuthenticateOptions;
  guard.getAuthenticateOptions = own;
  return () => {
    if (guard.getAuthenticateOptions === own) guard.getAuthenticateOptions = original;
  };
}

/** The context of a request; undefined behind a guard that is not `AuthGuard(name)` or does not ask its base class. */
export function contextOf(options: object | undefined): ExecutionContext | undefined {
  return (options as { [CONTEXT]?: ExecutionContext } | undefined)?.[CONTEXT];
}
