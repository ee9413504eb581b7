import type { Given } from '../../auth.slices.js';
import type { OAuthProviderOptions, OidcProviderOptions } from '../provider.options.js';

/**
 * Any provider with OpenID Connect Discovery: Keycloak, Auth0, Okta, Entra, Authentik …
 *
 * ```ts
 * oidc('corp', { issuer: 'https://sso.example.com', clientId, clientSecret })
 * ```
 *
 * @param name ours for it: `/login/corp`, `AuthGuard('corp')`. Checked at boot, with the rest.
 */
export function oidc(name: string, options: Given<Omit<OidcProviderOptions, 'kind' | 'name'>>): OAuthProviderOptions {
  return { ...options, kind: 'oidc', name };
}
