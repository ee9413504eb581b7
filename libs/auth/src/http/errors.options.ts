import type { ExecutionContext } from '@nestjs/common';
import { IsNotEmpty, IsString } from 'class-validator';
import { authErrorCodes, type AuthError, type AuthErrorCode } from '../auth.errors.js';
import type { Token } from '../resource/token.js';

type CamelCase<Text extends string> = Text extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Text;

/** The name of an error code in the options: `token_expired` is `tokenExpired`. */
export type AuthErrorName = CamelCase<AuthErrorCode>;

/** The answer an application gives instead of ours. */
export interface ErrorAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/**
 * Phrases one kind of refusal, or answers undefined to leave it as it is. `token` is there when the token's signature was
 * verified. Synchronous.
 */
export type ErrorHandler = (refusal: {
  error: AuthError;
  token?: Token;
  context: ExecutionContext;
}) => ErrorAnswer | undefined;

/** The options `errors`: how refusals are phrased over HTTP. */
export class ErrorsOptions {
  /** The member of the body that holds the message. Default 'message'. */
  @IsString()
  @IsNotEmpty()
  messageKey: string = 'message';

  /** Other statuses, for example `{ tokenInvalid: 422 }` as Flask-JWT-Extended has it. */
  status: Partial<Record<AuthErrorName, number>> = {};

  /** Other answers, for example `{ tokenExpired: ({ error }) => ({ status: 401, body: { … } }) }`. */
  handlers: Partial<Record<AuthErrorName, ErrorHandler>> = {};
}

const names = new Map(
  authErrorCodes.map((code) => [code, code.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())]),
);

export const authErrorNames = [...names.values()] as readonly AuthErrorName[];

export function errorName(code: AuthErrorCode): AuthErrorName {
  return names.get(code) as AuthErrorName;
}
