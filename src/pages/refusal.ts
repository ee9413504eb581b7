import { HttpException } from '@nestjs/common';
import { AuthError } from 'nest-latchkey';
import { HttpExceptionWithHeaders } from '../http/http-exception-with-headers.js';

/** Why a request of a page was refused, in words for its user. */
export interface Refusal {
  readonly status: number;
  /** Fixed texts of ours: nothing that a request said is repeated. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The fields of a form that are not filled in as asked. */
  readonly fields: readonly string[];
  /** Of a refused token. */
  readonly error: AuthError | undefined;
}

const logInTexts: Readonly<Record<string, string>> = {
  token_missing: 'Log in to see your account.',
  token_expired: 'Your log-in has expired. Log in again.',
};

export function refusalOf(exception: HttpException | AuthError): Refusal {
  const error = exception instanceof AuthError ? exception : authErrorOf(exception);
  const status = exception instanceof HttpException ? exception.getStatus() : exception.statusCode;
  const fields = exception instanceof HttpException ? wrongFieldsOf(exception) : [];
  const text = error === undefined ? textOf(exception as HttpException, fields) : textOfError(error);
  return { status, text, headers: headersOf(exception), fields, error };
}

/** The guard phrases its refusals for clients of the API; what it means is inside. */
function authErrorOf({ cause }: HttpException): AuthError | undefined {
  return cause instanceof AuthError ? cause : undefined;
}

function textOfError({ code, message, statusCode }: AuthError): string {
  if (statusCode === 401) return logInTexts[code] ?? 'Your log-in has ended. Log in again.';
  if (statusCode === 503) return 'That cannot be done at the moment. Try again in a few seconds.';
  return `${message}.`;
}

function textOf(exception: HttpException, fields: readonly string[]): string {
  if (fields.length > 0) return 'Some fields are not filled in as asked.';
  const { 'Retry-After': seconds } = headersOf(exception);
  if (seconds !== undefined) return `Too many attempts. Try again in ${timeOf(Number(seconds))}.`;
  const isOfOurForm = exception.getStatus() !== 400;
  return isOfOurForm ? `${exception.message}.` : 'This is not a form of this page: open the page anew, and try again.';
}

function timeOf(seconds: number): string {
  if (seconds === 1) return 'a second';
  return seconds <= 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

/** The messages of the validation begin with the name of the field; those of fields that there are not repeat what was sent. */
function wrongFieldsOf(exception: HttpException): string[] {
  const body = exception.getResponse() as { message?: unknown };
  const messages = exception.getStatus() === 400 && Array.isArray(body.message) ? body.message : [];
  return ['username', 'password'].filter((name) => messages.some((text) => String(text).startsWith(`${name} `)));
}

function headersOf(exception: HttpException | AuthError): Record<string, string> {
  if (exception instanceof HttpExceptionWithHeaders) return { ...exception.headers };
  const { retryAfter } = exception as Partial<AuthError>;
  return retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
}
