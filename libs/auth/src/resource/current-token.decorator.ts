import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { currentDecision } from './current-decision.js';
import { memberAt } from './member-at.js';

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
