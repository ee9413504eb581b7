/** What each code says by default: the status of the answer, the wire word, and a text that is safe to send. */
interface AuthErrorKind {
  readonly status: number;
  /** The word of RFC 6750 §3.1, RFC 9470 §3 or RFC 6749, as the client reads it in `error`. */
  readonly error: string;
  readonly message: string;
}

const kinds = {
  // the request (RFC 6750 §3.1)
  token_missing: { status: 401, error: 'invalid_token', message: 'An access token is required' },
  malformed_request: { status: 400, error: 'invalid_request', message: 'The token is not presented as RFC 6750 asks' },
  token_invalid: { status: 401, error: 'invalid_token', message: 'The token is invalid' },
  token_expired: { status: 401, error: 'invalid_token', message: 'The token has expired' },
  token_revoked: { status: 401, error: 'invalid_token', message: 'The token has been revoked' },
  token_reused: { status: 401, error: 'invalid_token', message: 'The refresh token was already used' },
  wrong_token_type: { status: 401, error: 'invalid_token', message: 'The token is of another type' },
  user_not_found: { status: 401, error: 'invalid_token', message: 'The user of this token cannot be loaded' },
  fresh_required: {
    status: 401,
    error: 'insufficient_user_authentication',
    message: 'A more recent authentication is required',
  },
  insufficient_scope: { status: 403, error: 'insufficient_scope', message: 'The token does not grant this request' },
  claim_invalid: { status: 403, error: 'insufficient_scope', message: 'invalid claim' },
  token_rejected: { status: 403, error: 'insufficient_scope', message: 'The token was rejected' },
  csrf_failed: { status: 403, error: 'csrf_failed', message: 'The request carries no valid proof of its origin' },
  too_many_refreshes: { status: 429, error: 'slow_down', message: 'The session is refreshed too often' },
  // the log-in with a provider (RFC 6749 §4.1, OpenID Connect Core §3.1)
  oauth_provider_unknown: { status: 404, error: 'not_found', message: 'There is no such provider' },
  oauth_response_invalid: { status: 400, error: 'invalid_request', message: 'This is no answer of the provider' },
  oauth_flow_unknown: {
    status: 403,
    error: 'access_denied',
    message: 'This log-in was not begun in this browser: begin it again',
  },
  oauth_flow_expired: { status: 403, error: 'access_denied', message: 'The log-in took too long: begin it again' },
  oauth_denied: { status: 403, error: 'access_denied', message: 'The provider did not let the user in' },
  oauth_grant_refused: { status: 400, error: 'invalid_grant', message: 'The log-in came to nothing: begin it again' },
  oauth_id_token_invalid: { status: 403, error: 'access_denied', message: 'The identity cannot be trusted' },
  oauth_user_refused: { status: 403, error: 'access_denied', message: 'This user may not log in' },
  oauth_link_refused: {
    status: 403,
    error: 'access_denied',
    message: 'There is an account already: log in to it as you did before, and link this provider there',
  },
  oauth_link_unknown: { status: 404, error: 'not_found', message: 'There is no such link' },
  oauth_identity_taken: {
    status: 409,
    error: 'conflict',
    message: 'This account at the provider is linked to another user',
  },
  oauth_last_credential: {
    status: 409,
    error: 'conflict',
    message: 'Nothing else logs this user in: link another account or set a password first',
  },
  // the API of a provider
  oauth_not_authorized: {
    status: 403,
    error: 'access_denied',
    message: 'The provider has not been asked for this yet',
  },
  oauth_reauth_required: { status: 403, error: 'access_denied', message: 'The provider wants to ask the user again' },
  oauth_scope_missing: { status: 403, error: 'access_denied', message: 'The provider has not granted this' },
  oauth_url_refused: { status: 400, error: 'invalid_request', message: 'This address is not one of the provider' },
  oauth_provider_failed: { status: 502, error: 'server_error', message: 'The provider cannot be understood' },
  oauth_provider_unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    message: 'The provider cannot be reached',
  },
  oauth_provider_timeout: { status: 504, error: 'temporarily_unavailable', message: 'The provider did not answer' },
  // our surroundings: an outage is never a 401, because a 401 logs users out
  store_unavailable: { status: 503, error: 'temporarily_unavailable', message: 'Authentication is unavailable' },
  keys_unavailable: { status: 503, error: 'temporarily_unavailable', message: 'Authentication is unavailable' },
  // the developer: no request can cause these
  unsupported_context: { status: 500, error: 'server_error', message: 'This execution context is not supported' },
  reserved_claim: { status: 500, error: 'server_error', message: 'A claim is reserved' },
  invalid_argument: { status: 500, error: 'server_error', message: 'An argument is invalid' },
} as const satisfies Record<string, AuthErrorKind>;

/** Every way Latchkey can refuse: a closed list. */
export type AuthErrorCode = keyof typeof kinds;

/** All codes, for exhaustive tables and tests. */
export const authErrorCodes = Object.keys(kinds) as readonly AuthErrorCode[];

/** A claim that does not hold: its name, and why. */
export interface ClaimError {
  readonly id: string;
  readonly reason: { readonly message: string };
}

export interface AuthErrorDetails {
  /** Why, for the developer's log. Never a token, key, secret, code or password. */
  reason?: string;
  /** The original error. */
  cause?: unknown;
  /** The scope the route asks for, as RFC 6750 §3 writes it. */
  scope?: string;
  /** The greatest age of the authentication that would do, in seconds (RFC 9470 §3). */
  maxAge?: number;
  /** When to try again, in seconds (RFC 9110 §10.2.3). */
  retryAfter?: number;
  /** The verified token that was refused, for an error handler of the application. */
  token?: unknown;
  /** No key of ours has its `kid`; it may have been retired, and a refresh may help. */
  unknownKey?: boolean;
  /** Which claims of the session do not hold, and why. They reach the client, which holds the claims itself. */
  claimErrors?: readonly ClaimError[];
  /** Where the user grants what is missing: a URL of our own. */
  authorizationUrl?: string;
  /** The status, and the text to send, where a protocol asks for others than the code's own. */
  phrase?: { status: number; message: string };
}

/**
 * A request that Latchkey refuses. Each transport phrases it in its own way; over HTTP see `http/http.transport.ts`.
 *
 * `message` is safe to send. `reason` is for logs: it names no secret either, but tells more than a stranger should know.
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  /** The status of the answer over HTTP, unless `errors.status` says otherwise. */
  readonly statusCode: number;
  /** The word of RFC 6750 §3.1, RFC 9470 §3 or RFC 6749 on the wire. */
  readonly error: string;
  readonly reason: string | undefined;
  readonly scope: string | undefined;
  readonly maxAge: number | undefined;
  readonly retryAfter: number | undefined;
  readonly unknownKey: boolean;
  /** Where the user grants what is missing: a URL of our own. The answer carries it. */
  readonly authorizationUrl: string | undefined;
  /** Status and message are not the code's own. */
  readonly hasOwnPhrase: boolean;
  /** Not enumerable: a logger that prints the error does not print the token's claims. */
  declare readonly token: unknown;
  /** Not enumerable either: it tells values of claims. */
  declare readonly claimErrors: readonly ClaimError[] | undefined;

  constructor(
    readonly code: AuthErrorCode,
    details: AuthErrorDetails = {},
  ) {
    const kind = kinds[code];
    super(details.phrase?.message ?? kind.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.statusCode = details.phrase?.status ?? kind.status;
    this.hasOwnPhrase = details.phrase !== undefined;
    this.error = kind.error;
    this.reason = details.reason;
    this.scope = details.scope;
    this.maxAge = details.maxAge;
    this.retryAfter = details.retryAfter ?? (kind.status === 503 ? 1 : undefined);
    this.unknownKey = details.unknownKey === true;
    this.authorizationUrl = details.authorizationUrl;
    Object.defineProperty(this, 'token', { value: details.token, enumerable: false });
    Object.defineProperty(this, 'claimErrors', { value: details.claimErrors, enumerable: false });
  }
}

/**
 * A wrong configuration: the application does not boot. The message names the option's path and the mend, never a value
 * that could be a secret.
 */
export class AuthConfigError extends TypeError {
  override readonly name = 'AuthConfigError';

  constructor(
    /** The option, for example `jwt.secret`. */
    readonly option: string,
    /** What is wrong and what to write instead. */
    problem: string,
  ) {
    super(`${option}: ${problem}`);
  }
}
