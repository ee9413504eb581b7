import { applyDecorators, UseInterceptors } from '@nestjs/common';
import { AuthConfigError } from '../auth.errors.js';
import { isScope } from '../oauth/provider-checks.js';
import { OAuthInterceptor } from './oauth.interceptor.js';
import { REQUIRED_OAUTH, type RequiredGrant } from './required-oauth.js';

export interface RequireOAuthOptions {
  /** What the grant must have been given, as the provider writes it. Default: whatever it has. */
  scope?: readonly string[];
}

/**
 * The route, or every route of the class, wants a grant of the user at a provider: `@RequireOAuth('github', { scope: ['repo'] })`, beside
 * `@RequireToken()`. Several on one ask for all; those of a handler come after those of its class.
 *
 * Without one, somebody who visits the page with a browser is sent to the provider, is asked for the scope that is missing beside what
 * was granted before, and comes back. Anybody else is answered 403, with `authorizationUrl` in the body: so is a visit that another site
 * sent here, and one that comes back from the provider without what was asked for.
 *
 * Where the user has no grant yet, any account will do that is nobody else's. It logs nobody in: only whoever links it does that.
 *
 * @throws AuthConfigError for options that are unknown or no scope, when the class is defined.
 */
export function RequireOAuth(provider: string, options: RequireOAuthOptions = {}): MethodDecorator & ClassDecorator {
  const { scope = [], ...others } = options;
  const [stray] = Object.keys(others);
  if (stray !== undefined)
    throw new AuthConfigError(`@RequireOAuth('${provider}')`, `${stray} is no option: there is scope`);
  if (!isScope(scope))
    throw new AuthConfigError(`@RequireOAuth('${provider}')`, "scope must be a list of scope values, such as ['repo']");
  return applyDecorators(declare({ provider, scope }), UseInterceptors(OAuthInterceptor));
}

function declare(grant: RequiredGrant): MethodDecorator & ClassDecorator {
  return (target: object, _name?: string | symbol, descriptor?: { value?: unknown }) => {
    const declared = (descriptor?.value ?? target) as object;
    const others = (Reflect.getOwnMetadata(REQUIRED_OAUTH, declared) as RequiredGrant[] | undefined) ?? [];
    // decorators run from below, and are read from above
    Reflect.defineMetadata(REQUIRED_OAUTH, [grant, ...others], declared);
  };
}
