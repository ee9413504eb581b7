import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

export interface ZohoOptions extends OAuth2PresetOptions {
  /** Where the accounts are. Default 'com'. */
  dataCenter?: keyof typeof dataCenters;
  /** Ask for a refresh token. It comes with the first consent only: add `prompt: 'consent'` for another. */
  offline?: boolean;
  prompt?: string;
}

/**
 * Zoho, one data center a provider: an account of another is refused, for its code is sent to no server but this one, whatever
 * `accounts-server` in the answer says. `ZOHO_OAUTH_CLIENT_ID`, `ZOHO_OAUTH_CLIENT_SECRET`.
 */
export function zoho({ dataCenter = 'com', offline, prompt, ...given }: ZohoOptions = {}) {
  const data: OAuth2PresetOptions = {
    ...dataCenters[dataCenter],
    scope: ['AaaServer.profile.READ'],
    scopeSeparator: ',',
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE
    pkce: false,
    apiTokenScheme: 'Zoho-oauthtoken',
    identity: { subject: 'ZUID', email: 'Email', name: 'Display_Name' },
    emailTrust: 'never',
    tokenErrors: { invalid_code: 'invalid_grant', invalid_client_secret: 'invalid_client' },
    authorizationParams: wanted({ access_type: offline && 'offline', prompt }),
  };
  return oauth2Preset('zoho', 'ZOHO', data, given);
}

const hostsOf = (accounts: string, api: string): OAuth2PresetOptions => ({
  authorizationEndpoint: `https://${accounts}/oauth/v2/auth`,
  tokenEndpoint: `https://${accounts}/oauth/v2/token`,
  userinfoEndpoint: `https://${accounts}/oauth/user/info`,
  apiBaseUrl: `https://${api}/`,
});

const dataCenters = {
  com: hostsOf('accounts.zoho.com', 'www.zohoapis.com'),
  eu: hostsOf('accounts.zoho.eu', 'www.zohoapis.eu'),
  in: hostsOf('accounts.zoho.in', 'www.zohoapis.in'),
  'com.au': hostsOf('accounts.zoho.com.au', 'www.zohoapis.com.au'),
  jp: hostsOf('accounts.zoho.jp', 'www.zohoapis.jp'),
  ca: hostsOf('accounts.zohocloud.ca', 'www.zohoapis.ca'),
  sa: hostsOf('accounts.zoho.sa', 'www.zohoapis.sa'),
  uk: hostsOf('accounts.zoho.uk', 'www.zohoapis.uk'),
  'com.cn': hostsOf('accounts.zoho.com.cn', 'www.zohoapis.com.cn'),
};
