import { applyDecorators, UseInterceptors } from '@nestjs/common';
import { AuthConfigError } from '../auth.errors.js';
import { isScope } from '../oauth/provider-checks.js';
import { OAuthInterceptor } from './oauth.interceptor.js';
import { REQUIRED_OAUTH, type RequiredGrant } from './required-oauth.js';

export interface RequireOAuthOptions {
  /** Scope values that the user must have granted, as the provider writes them. Default: none, any grant will do. */
  scope?: readonly string[];
}

/**
 * The route needs a grant of its user at a provider: `@RequireOAuth('github', { scope: ['repo'] })`, together with
 * `@RequireToken()`. On a class it is for every route. Several add up: those of the class are asked first.
 *
 * When the grant or some of its scope is missing, a browser that visits the page is redirected to the provider. The user is asked
 * for the missing scope and for the scope granted before, and comes back to the page. Every other request gets 403 with
 * `authorizationUrl` in the body. So does a visit that another site started, and one that comes back from the provider without the
 * scope.
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
