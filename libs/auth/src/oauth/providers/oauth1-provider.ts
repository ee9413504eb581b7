import type { Given } from '../../auth.slices.js';
import type { OAuth1Options, OAuth1ProviderOptions } from '../oauth1/oauth1.options.js';

/**
 * Any provider of OAuth 1.0a: its endpoints are given by hand, and its userinfo endpoint says who somebody is.
 *
 * ```ts
 * oauth1Provider('archive', { requestTokenEndpoint, authorizationEndpoint, accessTokenEndpoint, userinfoEndpoint, consumerKey, consumerSecret })
 * ```
 *
 * @param name ours for it: `/login/archive`, `AuthGuard('archive')`. Checked at boot, with the rest.
 */
export function oauth1Provider(
  name: string,
  options: Given<Omit<OAuth1ProviderOptions, 'kind' | 'name'>>,
): OAuth1Options {
  return { ...options, kind: 'oauth1', name };
}
