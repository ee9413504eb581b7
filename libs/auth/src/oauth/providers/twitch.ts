import { oidcPreset, variablesOf, wanted, type OidcPresetOptions } from './preset.js';

/** Twitch. `TWITCH_OAUTH_CLIENT_ID`, `TWITCH_OAUTH_CLIENT_SECRET`. */
export function twitch(given: OidcPresetOptions = {}) {
  const { clientId = variablesOf('TWITCH', given)('CLIENT_ID') } = given;
  const data: OidcPresetOptions = {
    issuer: 'https://id.twitch.tv/oauth2',
    apiBaseUrl: 'https://api.twitch.tv/helix/',
    requestHeaders: wanted({ 'Client-Id': clientId }),
    scope: ['openid', 'user:read:email'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE: the nonce of the ID token binds the code to the log-in
    pkce: false,
    // its errors have a sentence, and no word
    tokenErrorMember: 'message',
    tokenErrors: { 'Invalid authorization code': 'invalid_grant', 'Invalid refresh token': 'invalid_grant' },
    // what it tells of somebody is not asked for by scope (OpenID Connect Core §5.5)
    authorizationParams: {
      claims: JSON.stringify({
        id_token: { email: null, email_verified: null, preferred_username: null, picture: null },
      }),
    },
  };
  return oidcPreset('twitch', 'TWITCH', data, given);
}
