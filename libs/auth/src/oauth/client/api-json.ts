import { AuthError } from '../../auth.errors.js';
import { deepestValue } from '../../jwt/claims.js';
import { LateAnswer, lateError, type ApiAnswer } from './api-fetch.js';
import { GrantProblem } from '../grants/grant-errors.js';
import { discard, limitedBody, OutboundError } from '../outbound-fetch.js';
import { ofStatus } from '../provider-errors.js';

/** Bytes. */
const largestAnswer = 10_000_000;

/**
 * The JSON of a successful answer.
 *
 * @param signal the caller's own.
 * @throws GrantProblem where the provider does not take the token; AuthError `oauth_provider_unavailable`, `oauth_provider_timeout`,
 *   `oauth_provider_failed`
 */
export async function readJson<T>(
  { response, hadToken }: ApiAnswer,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  const { status } = response;
  if (!response.ok) {
    await discard(response);
    // where the token was not, nothing is said of it: the user could mend nothing
    if (!hadToken) throw new AuthError(ofStatus(status), { reason: `api: another origin answered ${status}` });
    if (status === 401) throw new GrantProblem('oauth_reauth_required', 'api: the provider does not take the token');
    if (status === 403) throw new GrantProblem('oauth_scope_missing', 'api: the provider refuses this to the token');
    throw new AuthError(ofStatus(status), { reason: `api: the endpoint answered ${status}` });
  }
  const value = parsed<T>(new TextDecoder().decode(await bodyOf(response, signal)));
  // JSON.parse reads what JSON.stringify cannot write again
  if (isTooDeep(value))
    throw new AuthError('oauth_provider_failed', { reason: 'api: what the endpoint answered is nested too deeply' });
  return value;
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    // the parser's message quotes the answer
    throw new AuthError('oauth_provider_failed', { reason: 'api: the endpoint answered no JSON' });
  }
}

/** Deeper than what is said of a user at a log-in may be. */
function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > deepestValue || Object.values(value).some((member) => isTooDeep(member, depth + 1));
}

async function bodyOf(response: Response, signal: AbortSignal | null | undefined): Promise<Uint8Array> {
  try {
    return await limitedBody(response, largestAnswer);
  } catch (error) {
    if (error instanceof OutboundError)
      throw new AuthError('oauth_provider_failed', { reason: `api: ${error.message}` });
    if (error instanceof LateAnswer) throw lateError();
    if (signal?.aborted) throw error;
    throw new AuthError('oauth_provider_unavailable', { reason: 'api: the connection broke' });
  }
}
