import { oauth1Preset, type OAuth1PresetOptions } from './preset.js';

/**
 * X, once Twitter, by OAuth 1.0a; `x()` speaks OAuth 2. `forceLogin` asks for the password again. `TWITTER_OAUTH_CLIENT_KEY`,
 * `TWITTER_OAUTH_CLIENT_SECRET`, or the older `TWITTER_OAUTH_API_KEY`, `TWITTER_OAUTH_API_SECRET`.
 */
export function twitter({ forceLogin, ...given }: OAuth1PresetOptions & { forceLogin?: boolean } = {}) {
  const data: OAuth1PresetOptions = {
    requestTokenEndpoint: 'https://api.x.com/oauth/request_token',
    authorizationEndpoint: 'https://api.x.com/oauth/authenticate',
    accessTokenEndpoint: 'https://api.x.com/oauth/access_token',
    userinfoEndpoint: 'https://api.x.com/1.1/account/verify_credentials.json?include_email=true&skip_status=true',
    apiBaseUrl: 'https://api.x.com/1.1/',
    issuer: 'https://api.x.com',
    identity: { subject: 'id_str', email: 'email', name: 'name', picture: 'profile_image_url_https' },
    // it tells confirmed addresses only
    emailTrust: 'always',
    authorizationParams: forceLogin ? { force_login: 'true' } : {},
  };
  const client = {
    consumerKey: ['TWITTER_OAUTH_CLIENT_KEY', 'TWITTER_OAUTH_API_KEY'],
    consumerSecret: ['TWITTER_OAUTH_CLIENT_SECRET', 'TWITTER_OAUTH_API_SECRET'],
  };
  return oauth1Preset('twitter', client, data, given);
}
