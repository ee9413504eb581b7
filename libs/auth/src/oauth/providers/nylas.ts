import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

export interface NylasOptions extends OAuth2PresetOptions {
  region?: 'us' | 'eu';
  /** Whose mailbox: 'google', 'microsoft', 'imap' … Its scope values are the provider's. */
  provider?: string;
  offline?: boolean;
}

/** Nylas v3; the secret is the API key. `NYLAS_OAUTH_CLIENT_ID`, `NYLAS_OAUTH_CLIENT_SECRET`. */
export function nylas({ region = 'us', provider, offline, ...given }: NylasOptions = {}) {
  const api = `https://api.${region}.nylas.com/v3/`;
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: `${api}connect/auth`,
    tokenEndpoint: `${api}connect/token`,
    apiBaseUrl: api,
    tokenEndpointAuthMethod: 'client_secret_post',
    identity: { subject: 'grant_id', email: 'email' },
    identityFrom: 'token',
    emailTrust: 'never',
    authorizationParams: wanted({ provider, access_type: offline && 'offline' }),
  };
  return oauth2Preset('nylas', 'NYLAS', data, given);
}
