import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { QueryFailedError } from 'typeorm';

/** A failed statement answers 500. Its error carries the parameters, hashes of passwords among them: the log gets the rest. */
@Catch(QueryFailedError)
export class QueryFailedFilter extends BaseExceptionFilter {
  override catch({ name, message, stack }: QueryFailedError, host: ArgumentsHost): void {
    super.catch(Object.assign(new Error(message), { name, stack }), host);
  }
}
