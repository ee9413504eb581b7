import { AuthError } from '../../auth.errors.js';
import { isProven } from '../../jwt/equal-text.js';
import type { ApiRequest } from '../client/api-request.js';
import type { Dance, DanceAnswer, FlowStart } from '../dance.js';
import type { Flow } from '../flow.js';
import { OAuthLogin } from '../oauth-login.js';
import { frozenIdentity } from '../oauth-identity.js';
import type { outboundFetch } from '../outbound-fetch.js';
import { atProvider, refuse } from '../provider-errors.js';
import { descriptionOf, wordOf } from '../provider-words.js';
import { identityIn, jsonOf } from '../userinfo-answer.js';
import { credentialsRequest, type Credentials } from './credentials-request.js';
import type { OAuth1Provider } from './oauth1-provider.js';

/** The secret of the temporary token stays in the browser's sealed cookie, and signs the request for the token. */
export interface OAuth1Flow extends Flow {
  readonly tokenSecret: string;
}

/** Characters of a temporary token and its secret: five flows have to fit into the cookies of a request. */
const longest = 256;

/**
 * OAuth 1.0a, RFC 5849 §2: temporary credentials, the user's yes, token credentials. The temporary token is the `state` of its flow:
 * the answer must bring it back to the browser that it was fetched for.
 */
export class OAuth1Dance implements Dance {
  readonly isCrossSite = false;

  constructor(
    readonly provider: OAuth1Provider,
    private readonly fetch: ReturnType<typeof outboundFetch>,
  ) {}

  isAnswer(values: URLSearchParams): boolean {
    return ['oauth_token', 'oauth_verifier', 'oauth_problem', 'denied'].some((name) => values.has(name));
  }

  /** RFC 5849 §2.1, §2.2. */
  async begin(start: FlowStart): Promise<{ flow: OAuth1Flow; location: string }> {
    const { sign, requestTokenEndpoint, authorizationEndpoint, authorizationParams } = this.provider;
    const parameters = { oauth_callback: start.redirectUri };
    const request = sign(posting(requestTokenEndpoint), { parameters, tokenSecret: '' });
    const { token, tokenSecret, isCallbackConfirmed } = await credentialsRequest('request_token', request, this.fetch);
    // without it the provider speaks OAuth 1.0, where anybody's yes can be brought to anybody's log-in
    if (!isCallbackConfirmed)
      throw refuse('request_token', 'oauth_provider_failed', 'oauth_callback_confirmed is not true: it is OAuth 1.0');
    if (token.length + tokenSecret.length > longest)
      throw refuse('request_token', 'oauth_provider_failed', `token and secret have more than ${longest} characters`);
    const url = new URL(authorizationEndpoint);
    for (const [name, value] of Object.entries(authorizationParams)) url.searchParams.set(name, value);
    url.searchParams.set('oauth_token', token);
    return { flow: { ...start, state: token, tokenSecret }, location: url.href };
  }

  stateOf(method: string, values: URLSearchParams): string {
    if (method !== 'GET') throw invalid(`it came by ${method}`);
    for (const name of ['oauth_token', 'oauth_verifier', 'denied']) {
      if (values.getAll(name).length > 1) throw invalid(`it has two parameters ${name}`);
    }
    // X names the token in `denied` alone
    const token = values.get('oauth_token') ?? values.get('denied') ?? '';
    if (token === '' || token.length > longest) throw invalid('it has no oauth_token');
    return token;
  }

  async read(values: URLSearchParams, flow: OAuth1Flow): Promise<DanceAnswer> {
    const token = values.get('oauth_token') ?? values.get('denied');
    if (!isProven(token, flow.state))
      throw refuse('authorization', 'oauth_response_invalid', 'its oauth_token is not that of the flow');
    const verifier = values.get('oauth_verifier') ?? '';
    const problem = values.get('oauth_problem');
    const description = descriptionOf(values.get('oauth_problem_advice'));
    if (problem !== null) return { kind: 'denied', word: wordOf(problem) ?? 'server_error', description };
    // how it says no is up to the provider: so X does it, and so Jira
    if (values.has('denied') || verifier === 'denied') return { kind: 'denied', word: 'access_denied' };
    if (verifier === '') throw refuse('authorization', 'oauth_response_invalid', 'it has no oauth_verifier');
    return { kind: 'granted', redeem: () => this.redeem(verifier, flow) };
  }

  /** RFC 5849 §2.3. */
  private async redeem(verifier: string, flow: OAuth1Flow): Promise<OAuthLogin> {
    const { state, tokenSecret, returnTo, data, link } = flow;
    const { name, sign, accessTokenEndpoint } = this.provider;
    const parameters = { oauth_token: state, oauth_verifier: verifier };
    const request = sign(posting(accessTokenEndpoint), { parameters, tokenSecret });
    const credentials = await credentialsRequest('token', request, this.fetch);
    return new OAuthLogin({
      provider: name,
      requestedScope: [],
      grantedScope: [],
      returnTo,
      data,
      link,
      identity: frozenIdentity(await this.identify(credentials)),
      tokens: {
        accessToken: credentials.token,
        tokenSecret: credentials.tokenSecret,
        refreshToken: undefined,
        idToken: undefined,
        expiresAt: undefined,
      },
    });
  }

  private async identify({ token, tokenSecret }: Credentials) {
    const { authorize, userinfoEndpoint } = this.provider;
    const request = { method: 'GET', url: userinfoEndpoint, headers: new Headers({ accept: 'application/json' }) };
    const { url, headers } = authorize(request, { accessToken: token, tokenSecret });
    return atProvider('userinfo', async () => {
      const answer = await this.fetch(url, { method: 'GET', headers: Object.fromEntries(headers) });
      return identityIn(await jsonOf(answer), this.provider, 'userinfo');
    });
  }
}

function posting(url: string): ApiRequest {
  return { method: 'POST', url, headers: new Headers() };
}

function invalid(reason: string): AuthError {
  return new AuthError('oauth_response_invalid', { reason: `authorization: ${reason}` });
}
