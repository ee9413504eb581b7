import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

/** Jira and Confluence Cloud. `prompt: 'consent'` asks again. `ATLASSIAN_OAUTH_CLIENT_ID`, `ATLASSIAN_OAUTH_CLIENT_SECRET`. */
export function atlassian({ prompt, ...given }: OAuth2PresetOptions & { prompt?: string } = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://auth.atlassian.com/authorize',
    tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
    userinfoEndpoint: 'https://api.atlassian.com/me',
    apiBaseUrl: 'https://api.atlassian.com/',
    scope: ['read:me', 'offline_access'],
    tokenEndpointAuthMethod: 'client_secret_post',
    identity: { subject: 'account_id' },
    emailTrust: 'never',
    authorizationParams: wanted({ audience: 'api.atlassian.com', prompt }),
  };
  return oauth2Preset('atlassian', 'ATLASSIAN', data, given);
}
