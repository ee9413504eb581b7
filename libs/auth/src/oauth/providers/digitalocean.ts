import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** DigitalOcean. `DIGITALOCEAN_OAUTH_CLIENT_ID`, `DIGITALOCEAN_OAUTH_CLIENT_SECRET`. */
export function digitalocean(given: OAuth2PresetOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://cloud.digitalocean.com/v1/oauth/authorize',
    tokenEndpoint: 'https://cloud.digitalocean.com/v1/oauth/token',
    userinfoEndpoint: 'https://api.digitalocean.com/v2/account',
    apiBaseUrl: 'https://api.digitalocean.com/v2/',
    scope: ['read'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE
    pkce: false,
    identity: { subject: 'account.uuid', email: 'account.email', name: 'account.name' },
  };
  return oauth2Preset('digitalocean', 'DIGITALOCEAN', data, given);
}
