import { Catch, HttpException, Inject, type ArgumentsHost, type ExecutionContext } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../auth.errors.js';
import { Transport } from '../resource/transport.js';

/**
 * Phrases AuthErrors that handlers let through, for example of `auth.refresh()`, as the guard phrases its own.
 *
 * A catch-all filter of the application comes first; it finds the status in `statusCode`.
 */
@Catch(AuthError)
export class AuthErrorFilter extends BaseExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(Transport) private readonly transport: Transport,
  ) {
    super(host.httpAdapter);
  }

  override catch(error: AuthError, host: ArgumentsHost): void {
    const refusal = this.transport.refusal(error, host as ExecutionContext);
    // other kinds of context have filters of their own
    if (!(refusal instanceof HttpException)) throw refusal;
    super.catch(refusal, host);
  }
}
