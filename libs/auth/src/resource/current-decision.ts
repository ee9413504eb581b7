import type { ExecutionContext } from '@nestjs/common';
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

/**
 * The object that transports remember a decision by; over HTTP the request.
 *
 * Asked for by its place: `switchToHttp()` makes three functions on the context at every call.
 */
export function carrierOf(context: ExecutionContext): object {
  return context.getArgByIndex<object>(0);
}
