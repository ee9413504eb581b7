import type { HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../auth.errors.js';

/**
 * Passport has one registry per process: a request of another application must not be decided by the strategy of this one.
 *
 * @throws AuthError `unsupported_context`
 */
export function checkOwner(name: string, request: object, host: HttpAdapterHost, mend: string): void {
  // Express says it in `app`, Fastify in `server`
  const { app, server } = request as { app?: unknown; server?: unknown };
  if ((app ?? server) === host.httpAdapter.getInstance()) return;
  throw new AuthError('unsupported_context', {
    reason: `the strategy '${name}' is another application's: ${mend}`,
  });
}
