import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** LinkedIn. `LINKEDIN_OAUTH_CLIENT_ID`, `LINKEDIN_OAUTH_CLIENT_SECRET`. */
export function linkedin(given: OAuth2PresetOptions = {}) {
  const data: OAuth2PresetOptions = {
    // not read by its ID tokens: they came without the nonce that binds one to a log-in (OpenID Connect Core §3.1.3.7)
    issuer: 'https://www.linkedin.com/oauth',
    authorizationEndpoint: 'https://www.linkedin.com/oauth/v2/authorization',
    tokenEndpoint: 'https://www.linkedin.com/oauth/v2/accessToken',
    userinfoEndpoint: 'https://api.linkedin.com/v2/userinfo',
    apiBaseUrl: 'https://api.linkedin.com/',
    scope: ['openid', 'profile', 'email'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // for native applications only
    pkce: false,
    identity: { subject: 'sub' },
  };
  return oauth2Preset('linkedin', 'LINKEDIN', data, given);
}
