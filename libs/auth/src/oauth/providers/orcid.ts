import { oidcPreset, type OidcPresetOptions } from './preset.js';

/**
 * ORCID, whose subjects are iDs; its sandbox at the `hostname` 'sandbox.orcid.org'.
 * `ORCID_OAUTH_CLIENT_ID`, `ORCID_OAUTH_CLIENT_SECRET`.
 */
export function orcid({ hostname = 'orcid.org', ...given }: OidcPresetOptions & { hostname?: string } = {}) {
  const data: OidcPresetOptions = {
    issuer: `https://${hostname}`,
    // what everybody may read; members have another
    apiBaseUrl: `https://pub.${hostname}/v3.0/`,
    // it knows no other of OpenID Connect
    scope: ['openid'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE: the nonce of the ID token binds the code to the log-in
    pkce: false,
    emailTrust: 'never',
  };
  return oidcPreset('orcid', 'ORCID', data, given);
}
