import { oidcPreset, wanted, type OidcPresetOptions } from './preset.js';

export interface SalesforceOptions extends OidcPresetOptions {
  /** Of a My Domain; or 'test.salesforce.com', for sandboxes. Default 'login.salesforce.com'. */
  hostname?: string;
  prompt?: string;
}

/**
 * Salesforce. Each organization has an API of its own: with its My Domain for a `hostname` that is `apiBaseUrl`, too.
 * `SALESFORCE_OAUTH_CLIENT_ID`, `SALESFORCE_OAUTH_CLIENT_SECRET`.
 */
export function salesforce({ hostname = 'login.salesforce.com', prompt, ...given }: SalesforceOptions = {}) {
  const data: OidcPresetOptions = {
    issuer: `https://${hostname}`,
    apiBaseUrl: `https://${hostname}/`,
    scope: ['openid', 'email', 'profile'],
    tokenEndpointAuthMethod: 'client_secret_post',
    authorizationParams: wanted({ prompt }),
  };
  return oidcPreset('salesforce', 'SALESFORCE', data, given);
}
