import { oidcPreset, wanted, type OidcPresetOptions } from './preset.js';

export interface GoogleOptions extends OidcPresetOptions {
  /** Ask for a refresh token. It comes with the first consent only: add `prompt: ['consent']` for another. */
  offline?: boolean;
  prompt?: readonly ('none' | 'consent' | 'select_account')[];
  /** Let in people of this Workspace domain only: the ID token must say so. */
  hostedDomain?: string;
  /** Keep what the user granted before. */
  includeGrantedScopes?: boolean;
}

/** Google. `GOOGLE_OAUTH_CLIENT_ID`, `GOOGLE_OAUTH_CLIENT_SECRET`. */
export function google({ offline, prompt, hostedDomain: hd, includeGrantedScopes, ...given }: GoogleOptions = {}) {
  const data: OidcPresetOptions = {
    issuer: 'https://accounts.google.com',
    apiBaseUrl: 'https://www.googleapis.com/',
    tokenEndpointAuthMethod: 'client_secret_basic',
    scope: ['openid', 'email', 'profile'],
    scopeAliases: {
      'https://www.googleapis.com/auth/userinfo.email': 'email',
      'https://www.googleapis.com/auth/userinfo.profile': 'profile',
    },
    authoritativeEmail: { domains: ['gmail.com'], claim: 'hd' },
    requiredClaims: { ...(hd !== undefined && { hd: [hd] }) },
    authorizationParams: wanted({
      access_type: offline && 'offline',
      prompt: prompt?.join(' '),
      hd,
      include_granted_scopes: includeGrantedScopes && 'true',
    }),
  };
  return oidcPreset('google', 'GOOGLE', data, given);
}
