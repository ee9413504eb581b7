import { SystemClock } from '../../auth.clock.js';
import { OAuth1Dance, type OAuth1Flow } from './oauth1-dance.js';
import { toOAuth1Provider } from './oauth1-provider.js';

const provider = toOAuth1Provider(
  'p',
  {
    kind: 'oauth1',
    name: 'old',
    consumerKey: 'app',
    consumerSecret: 'secret',
    requestTokenEndpoint: 'https://a.example/request',
    authorizationEndpoint: 'https://a.example/authorize',
    accessTokenEndpoint: 'https://a.example/access',
    userinfoEndpoint: 'https://a.example/me',
  },
  new SystemClock(),
);
const flow: OAuth1Flow = {
  provider: 'old',
  state: 'stored',
  tokenSecret: 's',
  redirectUri: '',
  returnTo: '/',
  startedAt: 0,
};
const dance = new OAuth1Dance(provider, () => Promise.reject(new Error('nothing is sent')));

describe('an answer of OAuth 1', () => {
  it('O56 OC-14 is of the flow whose temporary token it names', async () => {
    expect(await dance.read(new URLSearchParams('oauth_token=stored&oauth_verifier=v'), flow)).toMatchObject({
      kind: 'granted',
    });
  });

  it.each([
    'oauth_token=another&oauth_verifier=v',
    'oauth_token=&oauth_verifier=v',
    'oauth_verifier=v',
    'denied=another',
  ])('O56 OC-14 is refused where the token is not the stored one, wherever the flow came from: %s', async (answer) => {
    await expect(dance.read(new URLSearchParams(answer), flow)).rejects.toMatchObject({
      failure: { phase: 'authorization', error: { code: 'oauth_response_invalid' } },
    });
  });

  it('O57 says no in words that are fit for a URL', async () => {
    const answer = new URLSearchParams({ oauth_token: 'stored', oauth_problem: '<script>' });
    expect(await dance.read(answer, flow)).toEqual({ kind: 'denied', word: 'server_error' });
  });
});
