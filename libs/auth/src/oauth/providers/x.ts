import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** X, once Twitter, by OAuth 2. Its console decides whether addresses are told. `X_OAUTH_CLIENT_ID`, `X_OAUTH_CLIENT_SECRET`. */
export function x(given: OAuth2PresetOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://x.com/i/oauth2/authorize',
    tokenEndpoint: 'https://api.x.com/2/oauth2/token',
    revocationEndpoint: 'https://api.x.com/2/oauth2/revoke',
    userinfoEndpoint: 'https://api.x.com/2/users/me?user.fields=profile_image_url,confirmed_email',
    apiBaseUrl: 'https://api.x.com/2/',
    scope: ['users.read', 'tweet.read', 'users.email', 'offline.access'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    identity: {
      subject: 'data.id',
      email: 'data.confirmed_email',
      name: 'data.name',
      picture: 'data.profile_image_url',
    },
    // it tells confirmed addresses only
    emailTrust: 'always',
  };
  return oauth2Preset('x', 'X', data, given);
}
