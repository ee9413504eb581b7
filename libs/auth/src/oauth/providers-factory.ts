import { AuthConfigError, AuthError } from '../auth.errors.js';
import { askHook } from '../auth.hook-answers.js';
import { providerName } from './base-provider.options.js';
import type { OAuthProviderOptions } from './provider.options.js';
import type { OAuthProvider } from './provider.js';

/**
 * Finds a provider whose name is not known at boot, for example one of a tenant: `acme` of `/login/acme`. Names are those that
 * `providers` may have; whatever is stored of one stands under its name, so never give a name to somebody else.
 *
 * This server asks the URLs in it: take none of a tenant without having looked where it leads.
 *
 * @returns null or undefined where there is none.
 */
export type ProvidersFactory = (
  name: string,
) => OAuthProviderOptions | null | undefined | Promise<OAuthProviderOptions | null | undefined>;

/** The same, with what it finds checked as the options are. */
export type MakeProvider = (name: string) => Promise<OAuthProvider | undefined>;

/** Checks one provider. @throws AuthConfigError */
export type ReadProvider = (path: string, given: OAuthProviderOptions) => OAuthProvider;

export function checkedFactory(factory: ProvidersFactory, read: ReadProvider): MakeProvider {
  return async (name) => {
    if (!providerName.test(name)) return undefined;
    const given = await askHook('oauth.providersFactory', () => factory(name));
    if (given === null || given === undefined) return undefined;
    try {
      return toTenantProvider(name, given, read);
    } catch (error) {
      if (!(error instanceof AuthConfigError)) throw error;
      // it names the option, and no secret
      throw new AuthError('oauth_provider_failed', { reason: error.message });
    }
  };
}

function toTenantProvider(name: string, given: OAuthProviderOptions, read: ReadProvider): OAuthProvider {
  const path = `oauth.providersFactory('${name}')`;
  const provider = read(path, given);
  if (provider.name !== name) throw new AuthConfigError(`${path}.name`, `must be the name that was asked for: ${name}`);
  // at an address of two, the code of an honest provider would go to the other (RFC 9700 §4.4)
  if (provider.redirectUri !== undefined)
    throw new AuthConfigError(`${path}.redirectUri`, 'must be left out: each has one of its own, made of its name');
  return provider;
}
