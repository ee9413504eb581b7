import { Strategy } from 'passport-oauth2';
import { contextOf } from './guard-context.js';
import { ProviderLogIn, type ProviderLogInParts } from './provider-log-in.js';

/**
 * The log-in with one provider of OAuth 2, where passport asks. `request.user` is the OAuthLogin. Passport copies it by
 * `Object.create`: no `#private` members.
 */
export class OAuth2Strategy extends Strategy {
  private readonly logIn: ProviderLogIn;

  constructor(
    override readonly name: string,
    parts: ProviderLogInParts,
  ) {
    // its constructor wants endpoints, which discovery supplies, and a client, which our own steps speak for
    super({ authorizationURL: placeholder, tokenURL: placeholder, clientID: name, clientSecret: '' }, unused);
    this.logIn = new ProviderLogIn(name, parts);
  }

  /** Never `fail()` or `redirect()`: on Fastify passport's own answers are a 500, elsewhere a 401 without a challenge. */
  override authenticate(request: object, options?: object): void {
    this.logIn.decide(request, contextOf(options)).then(
      (login) => this.success(login),
      (error: unknown) => this.error(error as Error),
    );
  }
}

/** Is never asked: `authenticate()` is ours. */
const placeholder = 'https://discovery.invalid/';

function unused(): never {
  throw new Error('passport-oauth2 is not asked');
}
