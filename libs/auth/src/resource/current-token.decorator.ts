import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { decisionOf, type Decision } from './decision.js';

/** Step 5 of 5: what was decided, as arguments of the handler. */
export function currentDecision(context: ExecutionContext): Decision {
  const decision = decisionOf(carrierOf(context));
  if (decision === undefined) {
    throw new AuthError('unsupported_context', { reason: `${context.getHandler().name} has no @RequireToken()` });
  }
  return decision;
}

/** The object that transports remember a decision by; over HTTP the request. */
export function carrierOf(context: ExecutionContext): object {
  return context.switchToHttp().getRequest<object>();
}

/** The member of `value` at a dotted path. Own members and getters only: no claim reaches a prototype. */
export function memberAt(value: unknown, path: string | undefined): unknown {
  let found = value;
  for (const name of path?.split('.') ?? []) {
    if (typeof found !== 'object' || found === null) return undefined;
    const isGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(found) ?? {}, name)?.get !== undefined;
    if (name === '__proto__' || !(Object.hasOwn(found, name) || isGetter)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

const tokenFactory = (path: string | undefined, context: ExecutionContext): unknown => {
  const { token } = currentDecision(context);
  return path === undefined || token === null ? token : (memberAt(token, path) ?? null);
};

const userFactory = (path: string | undefined, context: ExecutionContext): unknown => {
  const { user } = currentDecision(context);
  return path === undefined ? (user ?? null) : (memberAt(user, path) ?? null);
};

/** Does a route argument's factory come from here? For the check at boot that the route has a guard. */
export function isDecisionFactory(factory: unknown): boolean {
  return factory === tokenFactory || factory === userFactory;
}

/** Is it `@CurrentUser()`, which wants `hooks.loadUser`? */
export function isUserFactory(factory: unknown): boolean {
  return factory === userFactory;
}

/**
 * The token of the request, as a {@link Token}; with a path its member: `@CurrentToken('sub')`, `@CurrentToken('claims.plan')`.
 * Null on an optional route without a token, and where the path leads nowhere.
 */
export const CurrentToken: (path?: string) => ParameterDecorator = createParamDecorator(tokenFactory);

/** What `hooks.loadUser` found for the token; with a path its member. Null on an optional route without a token. */
export const CurrentUser: (path?: string) => ParameterDecorator = createParamDecorator(userFactory);
