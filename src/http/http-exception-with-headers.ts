import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';

/** A refusal whose answer carries headers, such as `Retry-After`. */
export class HttpExceptionWithHeaders extends HttpException {
  constructor(
    status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>>,
  ) {
    super({ statusCode: status, error: STATUS_CODES[status], message }, status);
  }
}

/** Writes the headers through Nest's adapter, which hides the difference between Express and Fastify. */
@Catch(HttpExceptionWithHeaders)
export class HttpExceptionWithHeadersFilter extends BaseExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {
    super();
  }

  override catch(exception: HttpExceptionWithHeaders, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(exception.headers)) {
      this.host.httpAdapter.setHeader(response, name, value);
    }
    super.catch(exception, host);
  }
}
