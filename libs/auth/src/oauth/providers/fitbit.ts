import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/**
 * Fitbit, as long as its own API is there: the end was announced for September 2026, and Google Health, by `google()`, follows it.
 * `FITBIT_OAUTH_CLIENT_ID`, `FITBIT_OAUTH_CLIENT_SECRET`.
 */
export function fitbit(given: OAuth2PresetOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://www.fitbit.com/oauth2/authorize',
    tokenEndpoint: 'https://api.fitbit.com/oauth2/token',
    userinfoEndpoint: 'https://api.fitbit.com/1/user/-/profile.json',
    apiBaseUrl: 'https://api.fitbit.com/',
    scope: ['profile'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    identity: { subject: 'user.encodedId', name: 'user.displayName', picture: 'user.avatar' },
    emailTrust: 'never',
    tokenErrorMember: 'errors.0.errorType',
  };
  return oauth2Preset('fitbit', 'FITBIT', data, given);
}
