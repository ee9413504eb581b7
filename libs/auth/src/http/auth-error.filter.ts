import { Catch, HttpException, Inject, type ArgumentsHost, type ExecutionContext } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../auth.errors.js';
import { Refusals } from '../resource/refusals.js';

/**
 * Phrases AuthErrors that handlers let through, for example of `auth.refresh()`, as the guard phrases its own.
 *
 * A catch-all filter of the application comes first; it finds the status in `statusCode`.
 */
@Catch(AuthError)
export class AuthErrorFilter extends BaseExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(Refusals) private readonly refusals: Refusals,
  ) {
    super(host.httpAdapter);
  }

  override catch(error: AuthError, host: ArgumentsHost): void {
    const refusal = this.refusals.phrase(error, host as ExecutionContext);
    // other kinds of context have filters of their own
    if (!(refusal instanceof HttpException)) throw refusal;
    super.catch(refusal, host);
  }
}
