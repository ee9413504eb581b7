import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/**
 * Dexcom; of Europe, Japan or its sandbox at another `hostname`: 'api.dexcom.eu', 'api.dexcom.jp', 'sandbox-api.dexcom.com'.
 * `DEXCOM_OAUTH_CLIENT_ID`, `DEXCOM_OAUTH_CLIENT_SECRET`.
 */
export function dexcom({ hostname = 'api.dexcom.com', ...given }: OAuth2PresetOptions & { hostname?: string } = {}) {
  const base = `https://${hostname}`;
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: `${base}/v2/oauth2/login`,
    tokenEndpoint: `${base}/v2/oauth2/token`,
    // nothing there says who somebody is, but every answer has an id: this is the shortest
    userinfoEndpoint: `${base}/v3/users/self/dataRange`,
    apiBaseUrl: `${base}/v3/`,
    scope: ['offline_access'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE
    pkce: false,
    // another one for each client
    identity: { subject: 'userId' },
    emailTrust: 'never',
  };
  return oauth2Preset('dexcom', 'DEXCOM', data, given);
}
