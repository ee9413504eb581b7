import * as oauth from 'oauth4webapi';
import { AuthError, type AuthErrorCode } from '../auth.errors.js';
import type { OAuthPhase } from '../auth.events.js';
import { OutboundError } from './outbound-fetch.js';
import { descriptionOf, pageOf, wordOf } from './provider-words.js';

/** A log-in that failed at the provider: what the client is told, and what the event says. */
export interface ProviderFailure {
  readonly phase: OAuthPhase;
  readonly error: AuthError;
  /** The provider's own word, when it is one. */
  readonly word: string | undefined;
  /** Its text about it, see {@link descriptionOf}. */
  readonly description?: string | undefined;
  /** Its page about it, see {@link pageOf}. */
  readonly uri?: string | undefined;
  /** Of its answer. */
  readonly status?: number | undefined;
}

/** Carries a failure to where its event is told. Never leaves this folder. */
export class ProviderProblem extends Error {
  constructor(readonly failure: ProviderFailure) {
    super(failure.error.message);
  }
}

/**
 * Do one step at the provider; whatever goes wrong there becomes a typed failure.
 *
 * The errors of oauth4webapi hold whole answers, tokens too: only their fixed messages are kept.
 */
export async function atProvider<T>(phase: OAuthPhase, step: () => Promise<T> | T): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new ProviderProblem(failureOf(phase, error));
  }
}

/** What is refused by a check of our own. */
export function refuse(phase: OAuthPhase, code: AuthErrorCode, reason: string, word?: string): ProviderProblem {
  return new ProviderProblem({ phase, error: new AuthError(code, { reason: `${phase}: ${reason}` }), word });
}

/** An answer whose status says no, and what else it says. */
export function refuseAnswer(
  phase: OAuthPhase,
  code: AuthErrorCode,
  status: number,
  said: Pick<ProviderFailure, 'word' | 'description' | 'uri'> = { word: undefined },
): ProviderProblem {
  const { failure } = refuse(phase, code, `the endpoint answered ${status} ${said.word ?? ''}`.trimEnd());
  return new ProviderProblem({ ...failure, ...said, status });
}

/** What an error at the provider is told as. */
export function failureOf(phase: OAuthPhase, error: unknown): ProviderFailure {
  if (error instanceof ProviderProblem) return error.failure;
  if (error instanceof OutboundError) return refuse(phase, outboundCodes[error.kind], error.message).failure;
  if (error instanceof oauth.ResponseBodyError) {
    const word = wordOf(error.error);
    // the code was wrong, used or too old; every other word of a token endpoint is about ourselves
    const code = word === 'invalid_grant' ? 'oauth_grant_refused' : ofStatus(error.status);
    const { error_description: description, error_uri: uri } = error.cause as Record<string, unknown>;
    const said = { word, description: descriptionOf(description), uri: pageOf(uri) };
    return refuseAnswer(phase, code, error.status, said).failure;
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return refuseAnswer(phase, 'oauth_provider_failed', error.status).failure;
  const response = responseOf(error);
  if (response !== undefined) return refuseAnswer(phase, ofStatus(response.status), response.status).failure;
  const code = phase === 'id_token' ? 'oauth_id_token_invalid' : 'oauth_provider_failed';
  return refuse(phase, code, isOfOAuth(error) ? error.message : nameOf(error)).failure;
}

/** The errors whose messages are fixed. That of a Headers object quotes the access token which it cannot hold. */
function isOfOAuth(error: unknown): error is Error {
  return error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError;
}

function nameOf(error: unknown): string {
  return (error as Partial<Error>).name ?? typeof error;
}

const outboundCodes = {
  forbidden: 'oauth_provider_failed',
  too_large: 'oauth_provider_failed',
  redirected: 'oauth_provider_failed',
  unreachable: 'oauth_provider_unavailable',
  timeout: 'oauth_provider_timeout',
} as const satisfies Record<OutboundError['kind'], AuthErrorCode>;

/** Busy or broken: the same request can succeed later. */
export function ofStatus(status: number): AuthErrorCode {
  return status === 429 || status >= 500 ? 'oauth_provider_unavailable' : 'oauth_provider_failed';
}

/** oauth4webapi hands over the answer whose status it did not expect, or which it could not read on the way to saying so. */
function responseOf(error: unknown): Response | undefined {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (!(cause instanceof Response)) return undefined;
  const isUnread = code === oauth.RESPONSE_IS_NOT_JSON && !cause.ok;
  return code === oauth.RESPONSE_IS_NOT_CONFORM || isUnread ? cause : undefined;
}
