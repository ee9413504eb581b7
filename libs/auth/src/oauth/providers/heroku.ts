import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** Heroku. `HEROKU_OAUTH_CLIENT_ID`, `HEROKU_OAUTH_CLIENT_SECRET`. */
export function heroku({ apiVersion = '3', ...given }: OAuth2PresetOptions & { apiVersion?: string } = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://id.heroku.com/oauth/authorize',
    tokenEndpoint: 'https://id.heroku.com/oauth/token',
    userinfoEndpoint: 'https://api.heroku.com/account',
    apiBaseUrl: 'https://api.heroku.com/',
    // its API answers no request that names no version
    requestHeaders: { Accept: `application/vnd.heroku+json; version=${apiVersion}` },
    scope: ['identity'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE
    pkce: false,
    identity: { subject: 'id' },
    // its `verified` is about who pays
    emailTrust: 'never',
  };
  return oauth2Preset('heroku', 'HEROKU', data, given);
}
