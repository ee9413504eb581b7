import { oidcPreset, type OidcPresetOptions } from './preset.js';

/** GitLab, or one of your own: `baseUrl`, which may have a path. `GITLAB_OAUTH_CLIENT_ID`, `GITLAB_OAUTH_CLIENT_SECRET`. */
export function gitlab({ baseUrl = 'https://gitlab.com', ...given }: OidcPresetOptions & { baseUrl?: string } = {}) {
  const data: OidcPresetOptions = {
    issuer: baseUrl,
    apiBaseUrl: `${baseUrl}/api/v4/`,
    tokenEndpointAuthMethod: 'client_secret_basic',
    scope: ['openid', 'profile', 'email'],
  };
  return oidcPreset('gitlab', 'GITLAB', data, given);
}
