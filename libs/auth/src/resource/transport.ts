import type { ExecutionContext } from '@nestjs/common';
import type { AuthError } from '../auth.errors.js';
import type { JwtClaims } from '../jwt/claims.js';
import type { RequestValue } from './request-value.js';
import type { TokenKind } from './token-kind.js';
import type { Token } from './token.js';

/** One request, as the steps of the guard read it. */
export interface TokenMessage {
  /** The object the decision is remembered by: over HTTP the request. */
  readonly carrier: object;
  readonly context: ExecutionContext | undefined;
  /** The parameters of the path, as the framework parsed them for this handler. */
  readonly params: unknown;
  /** The request's method, in upper case. */
  readonly method: string;
  /** The value of a header; several of one name come as a list. */
  header(name: Lowercase<string>): string | readonly string[] | undefined;
  /** Every value of a cookie: more than one means that another origin planted one. */
  cookies(name: string): readonly string[];
  /** The value of a query parameter; a repeated one comes as a list. */
  queryValue(name: string): unknown;
  /** The member of a JSON body (not of a form). */
  jsonBody(name: string): unknown;
  /** The text a requirement refers to, or undefined. */
  value(reference: RequestValue): string | undefined;
}

/** How one kind of execution context carries tokens and says no. Bound by the module; only HTTP is known for now. */
export abstract class Transport {
  /** @throws AuthError `unsupported_context` for a context of another kind: it is never let through. */
  abstract message(context: ExecutionContext): TokenMessage;

  /**
   * A cookie comes by itself: was the request meant by whoever holds it? Double submit bound to the token, and the
   * browser's word on where the request comes from.
   *
   * @throws AuthError `csrf_failed`
   */
  abstract proveOrigin(message: TokenMessage, claims: JwtClaims, kind: TokenKind | 'session'): void;

  /** The token stood in the URL: keep the answer out of caches and the URL out of Referer headers (RFC 9700 §4.3.2). */
  abstract keepPrivate(message: TokenMessage): void;

  /** The token was granted: a transport whose tokens slide can give the client a newer one. */
  abstract keepAlive(message: TokenMessage, token: Token): void | Promise<void>;

  /** The message of a request alone, outside a guard. */
  abstract messageOf(request: object): TokenMessage;

  /** The exception that phrases `error` in this transport. Headers of the answer are set here. */
  abstract refusal(error: AuthError, context: ExecutionContext): Error;
}
