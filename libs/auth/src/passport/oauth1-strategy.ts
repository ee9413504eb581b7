import { Strategy } from 'passport-oauth1';
import { contextOf } from './guard-context.js';
import { ProviderLogIn, type ProviderLogInParts } from './provider-log-in.js';

/** The log-in with one provider of OAuth 1, where passport asks: as OAuth2Strategy. */
export class OAuth1Strategy extends Strategy {
  private readonly logIn: ProviderLogIn;

  constructor(
    override readonly name: string,
    parts: ProviderLogInParts,
  ) {
    // its constructor wants endpoints and a client, which our own steps speak for
    super(
      {
        requestTokenURL: placeholder,
        accessTokenURL: placeholder,
        userAuthorizationURL: placeholder,
        consumerKey: name,
        consumerSecret: '',
      },
      unused,
    );
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
const placeholder = 'https://endpoint.invalid/';

function unused(): never {
  throw new Error('passport-oauth1 is not asked');
}
