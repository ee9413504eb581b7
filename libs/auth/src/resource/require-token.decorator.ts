import { applyDecorators, UseGuards } from '@nestjs/common';
import { AuthConfigError } from '../auth.errors.js';
import { RequireTokenGuard } from './require-token.guard.js';
import type { RequireTokenOptions } from './require-token.options.js';
import { REQUIREMENT } from './route-requirement.js';
import { compileRequirement, type TokenRequirement } from './token-requirement.js';

/**
 * The route, or every route of the class, wants a token: `@RequireToken({ scope: { admin: true } })`.
 *
 * What stands on the handler replaces what stands on the class. Two on one of them would contradict each other.
 *
 * @throws AuthConfigError for options that are unknown, empty or contradictory, when the class is defined.
 */
export function RequireToken(options?: RequireTokenOptions): MethodDecorator & ClassDecorator {
  return applyDecorators(declare(compileRequirement(options)), UseGuards(RequireTokenGuard));
}

/** The route, or every route of the class, is open to everybody, also beneath `@RequireToken()` on the class or a global guard. */
export function Public(): MethodDecorator & ClassDecorator {
  return applyDecorators(declare('public'));
}

/** Metadata that nothing overwrites unseen: of two requirements the upper one would win, whichever is stricter. */
function declare(requirement: TokenRequirement | 'public'): MethodDecorator & ClassDecorator {
  return (target: object, name?: string | symbol, descriptor?: { value?: unknown }) => {
    const declared = (descriptor?.value ?? target) as object;
    if (Reflect.hasOwnMetadata(REQUIREMENT, declared)) {
      const where = String(name ?? (target as { name?: string }).name);
      throw new AuthConfigError(where, 'has two of @RequireToken() and @Public(): write one, with all it asks');
    }
    Reflect.defineMetadata(REQUIREMENT, requirement, declared);
  };
}
