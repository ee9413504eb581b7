import { Refusal, type Answer } from '../answer.js';
import { endpoints } from '../endpoints.js';
import type { Interactions } from '../interactions.js';
import type { LoopbackUser } from '../loopback.options.js';
import { newToken } from '../oauth2/grants.js';
import { apiAnswer } from '../oauth2/resource.js';
import { textPage } from '../page.js';
import type { LoopbackRequest } from '../server.js';
import { valueOf } from './signature.js';
import { problem, type SignedRequests, type TokenCredentials } from './signed-request.js';

interface TemporaryCredentials extends TokenCredentials {
  /** Where the browser goes back to; `oob`: nowhere, a person carries the verifier. */
  readonly callback: string;
  user: LoopbackUser | undefined;
  verifier: string | undefined;
}

interface AccessCredentials extends TokenCredentials {
  readonly user: LoopbackUser;
}

/** OAuth 1.0a (RFC 5849): temporary credentials, the browser's consent, token credentials, signed requests to the API. */
export class OAuth1 {
  private readonly temporary = new Map<string, TemporaryCredentials>();
  private readonly access = new Map<string, AccessCredentials>();

  constructor(
    private readonly signed: SignedRequests,
    private readonly interactions: Interactions,
  ) {}

  /** §2.1. */
  requestToken(request: LoopbackRequest): Answer {
    const { client, parameters } = this.signed.check(request);
    const callback = valueOf(parameters, 'oauth_callback');
    if (callback === undefined) throw problem(400, 'parameter_absent', 'oauth_callback');
    const isUrl = URL.canParse(callback) && /^https?:$/.test(new URL(callback).protocol);
    if (callback !== 'oob' && (!isUrl || client.redirectUris?.includes(callback) === false))
      throw problem(400, 'parameter_rejected', 'oauth_callback is no URL, or not registered');
    const { clientId } = client;
    const credentials = { token: newToken(), secret: newToken(), clientId };
    this.temporary.set(credentials.token, { ...credentials, callback, user: undefined, verifier: undefined });
    return told(credentials, { oauth_callback_confirmed: 'true' });
  }

  /** §2.2. */
  authorize({ url }: LoopbackRequest): Answer {
    const token = this.temporary.get(url.searchParams.get('oauth_token') ?? '');
    if (token === undefined || token.user !== undefined)
      throw new Refusal({
        kind: 'page',
        status: 400,
        html: textPage('This log-in cannot go on', 'oauth_token is unknown or used'),
      });
    return this.interactions.ask(token.clientId, (user) => this.decided(token, user));
  }

  /** §2.3. */
  accessToken(request: LoopbackRequest): Answer {
    const { token: temporary, client, parameters } = this.signed.check(request, (token) => this.temporary.get(token));
    const verifier = valueOf(parameters, 'oauth_verifier');
    if (temporary.user === undefined || verifier === undefined || verifier !== temporary.verifier)
      throw problem(401, 'verifier_invalid', 'oauth_verifier is missing or wrong');
    this.temporary.delete(temporary.token);
    const credentials = { token: newToken(), secret: newToken(), clientId: client.clientId };
    this.access.set(credentials.token, { ...credentials, user: temporary.user });
    return told(credentials, { user_id: temporary.user.sub });
  }

  /** §3. */
  api(request: LoopbackRequest): Answer {
    const { token } = this.signed.check(request, (text) => this.access.get(text));
    return apiAnswer(request, endpoints['oauth1.api'], token.user);
  }

  /** All token credentials die, as when people take their consent back at the provider. */
  end(): void {
    this.access.clear();
  }

  private decided(token: TemporaryCredentials, user: LoopbackUser | undefined): Answer {
    const { callback } = token;
    if (user === undefined) {
      this.temporary.delete(token.token);
      if (callback === 'oob') return { kind: 'page', html: textPage('Refused', 'Nothing was granted.') };
      // no specification has a refusal; this is Twitter's, which others took over
      return { kind: 'redirect', to: callback, members: { denied: token.token } };
    }
    Object.assign(token, { user, verifier: newToken() });
    if (callback === 'oob') return { kind: 'page', html: textPage('Your code', token.verifier!) };
    return { kind: 'redirect', to: callback, members: { oauth_token: token.token, oauth_verifier: token.verifier } };
  }
}

function told({ token, secret }: TokenCredentials, more: Record<string, string>): Answer {
  return { kind: 'form', members: { oauth_token: token, oauth_token_secret: secret, ...more } };
}
