import { oidcPreset, wanted, type OidcPresetOptions } from './preset.js';

export interface MicrosoftOptions extends OidcPresetOptions {
  /** The id of a tenant, not its domain; or the accounts of many: 'common' (default), 'organizations', 'consumers'. */
  tenant?: string;
  /** Of those many, let in people of these tenants only, by id: the ID token must say so. */
  tenants?: readonly string[];
  /** Another cloud: 'https://login.microsoftonline.us'. */
  authority?: string;
  prompt?: string;
  domainHint?: string;
  loginHint?: string;
}

/** Entra ID, once Azure AD, and personal accounts. `AZURE_OAUTH_CLIENT_ID`, `AZURE_OAUTH_CLIENT_SECRET`. */
export function microsoft(options: MicrosoftOptions = {}) {
  const { tenant = 'common', tenants, authority = 'https://login.microsoftonline.com', ...others } = options;
  const { prompt, domainHint, loginHint, ...given } = others;
  const data: OidcPresetOptions = {
    issuer: `${authority}/${issuerTenants[tenant] ?? tenant}/v2.0`,
    issuerTemplate: manyTenants.includes(tenant) ? `${authority}/{tenantid}/v2.0` : undefined,
    apiBaseUrl: 'https://graph.microsoft.com/v1.0/',
    scope: ['openid', 'profile', 'email', 'User.Read', 'offline_access'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // an administrator may have consented for everybody, and then nobody can
    consentForOfflineAccess: false,
    requiredClaims: { ...(tenants !== undefined && { tid: tenants }) },
    // administrators write addresses as they like, of other people's domains too
    emailTrust: 'never',
    authorizationParams: wanted({ prompt, domain_hint: domainHint, login_hint: loginHint }),
  };
  return oidcPreset('microsoft', 'AZURE', data, given);
}

const manyTenants = ['common', 'organizations'];
/** The one tenant of all personal accounts. */
const issuerTenants: Readonly<Record<string, string>> = { consumers: '9188040d-6c67-4c5b-b112-36a304b66dad' };
