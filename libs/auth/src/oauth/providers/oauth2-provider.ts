import type { OAuth2Options } from '../provider.options.js';
import type { OAuth2PresetOptions } from './preset.js';

/**
 * Any provider of plain OAuth 2: its endpoints are given by hand, and its userinfo endpoint says who somebody is.
 *
 * ```ts
 * oauth2Provider('forge', { authorizationEndpoint, tokenEndpoint, userinfoEndpoint, clientId, clientSecret, identity: { subject: 'user.id' } })
 * ```
 *
 * @param name ours for it: `/login/forge`, `AuthGuard('forge')`. Checked at boot, with the rest.
 */
export function oauth2Provider(name: string, options: Omit<OAuth2PresetOptions, 'name'>): OAuth2Options {
  return { ...options, kind: 'oauth2', name };
}
