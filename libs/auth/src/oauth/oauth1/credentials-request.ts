import type { AuthErrorCode } from '../../auth.errors.js';
import type { ApiRequest } from '../client/api-request.js';
import type { outboundFetch } from '../outbound-fetch.js';
import { atProvider, ofStatus, refuse, refuseAnswer } from '../provider-errors.js';
import { descriptionOf, wordOf } from '../provider-words.js';
import { hasRoom } from '../token-answer.js';

/** A token, and the secret that requests with it are signed by: temporary, or for good. */
export interface Credentials {
  readonly token: string;
  readonly tokenSecret: string;
  /** Does the provider keep to the callback that it was told (RFC 5849 §2.1)? */
  readonly isCallbackConfirmed: boolean;
}

/**
 * Ask for credentials (RFC 5849 §2.1, §2.3).
 *
 * @param request signed.
 * @throws ProviderProblem
 */
export async function credentialsRequest(
  phase: 'request_token' | 'token',
  { method, url, headers, body }: ApiRequest,
  fetch: ReturnType<typeof outboundFetch>,
): Promise<Credentials> {
  return atProvider(phase, async () => {
    const answer = await fetch(url, {
      method,
      headers: Object.fromEntries(headers),
      ...(typeof body === 'string' && { body }),
    });
    // the type of the answer is no help: some call their form text/html
    const form = new URLSearchParams((await answer.text()).trim());
    if (answer.status !== 200) {
      const word = wordOf(form.get('oauth_problem'));
      const description = descriptionOf(form.get('oauth_problem_advice'));
      throw refuseAnswer(phase, codeOf(phase, answer.status), answer.status, { word, description });
    }
    const token = onceIn(form, 'oauth_token');
    const tokenSecret = onceIn(form, 'oauth_token_secret');
    if (token === undefined || tokenSecret === undefined)
      throw refuse(phase, 'oauth_provider_failed', 'the answer has not one oauth_token and one oauth_token_secret');
    if (!hasRoom(token) || !hasRoom(tokenSecret))
      throw refuse(phase, 'oauth_provider_failed', 'the token or its secret is too large to be kept');
    return { token, tokenSecret, isCallbackConfirmed: onceIn(form, 'oauth_callback_confirmed') === 'true' };
  });
}

/** The client was known a moment ago: what is not let in now is the user's temporary token, or its verifier. */
function codeOf(phase: 'request_token' | 'token', status: number): AuthErrorCode {
  return phase === 'token' && (status === 400 || status === 401) ? 'oauth_grant_refused' : ofStatus(status);
}

function onceIn(form: URLSearchParams, name: string): string | undefined {
  const [value, another] = form.getAll(name);
  return another === undefined && value !== '' ? value : undefined;
}
