import { Inject, Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import { AUTH_EVENTS, type AuthEventListener, type AuthEvents } from '../auth.events.js';
import type { Token } from './token.js';
import { Transport } from './transport.js';
import type { VerifiedToken } from './verified-token.js';

/** How a request is told no, wherever the no comes from: outages reach the log, every refusal the listener, then the client. */
@Injectable()
export class Refusals {
  private readonly logger = new Logger(Refusals.name);

  constructor(
    @Inject(Transport) private readonly transport: Transport,
    @Inject(AUTH_EVENTS) private readonly emit: AuthEventListener,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** The exception to throw for `error`, phrased for the transport; what is no AuthError stays as it is. */
  phrase(error: unknown, context: ExecutionContext): unknown {
    if (!(error instanceof AuthError)) return error;
    if (error.statusCode >= 500) this.logger.error(`${error.code}: ${error.reason ?? ''}`, causeText(error));
    this.emit('refused', { ...about(error), at: this.clock.now() });
    return this.transport.refusal(error, context);
  }
}

/** What an event may say of a refusal: codes and ids, no claims and no text of the token. */
function about({ code, reason, token }: AuthError): Omit<AuthEvents['refused'], 'at'> {
  const { claims, subject, sub = subject } = (token ?? {}) as Partial<VerifiedToken & Token>;
  const { jti, sid } = claims ?? {};
  return { code, ...(reason && { reason }), ...(sub && { subject: sub }), ...(jti && { jti }), ...(sid && { sid }) };
}

/** The message of what lies behind an outage, for the log. Stores see to it that it holds no statement and no value. */
function causeText({ cause }: AuthError): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause ?? '');
}
