import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** GitHub, or GitHub Enterprise Server at another `hostname`. `GITHUB_OAUTH_CLIENT_ID`, `GITHUB_OAUTH_CLIENT_SECRET`. */
export function github({ hostname, ...given }: OAuth2PresetOptions & { hostname?: string } = {}) {
  const base = `https://${hostname ?? 'github.com'}`;
  const api = hostname === undefined ? 'https://api.github.com/' : `${base}/api/v3/`;
  const data: OAuth2PresetOptions = {
    issuer: `${base}/login/oauth`,
    authorizationEndpoint: `${base}/login/oauth/authorize`,
    tokenEndpoint: `${base}/login/oauth/access_token`,
    userinfoEndpoint: `${api}user`,
    apiBaseUrl: api,
    tokenEndpointAuthMethod: 'client_secret_basic',
    scope: ['read:user', 'user:email'],
    // anybody can write any public address into a profile: the list alone says which are proved
    identity: { subject: 'id', name: 'name|login', picture: 'avatar_url' },
    emailTrust: 'never',
    emailsPath: '/emails',
    tokenErrors: { bad_verification_code: 'invalid_grant', incorrect_client_credentials: 'invalid_client' },
  };
  return oauth2Preset('github', 'GITHUB', data, given);
}
