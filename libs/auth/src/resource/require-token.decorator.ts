import { SetMetadata, UseGuards, applyDecorators } from '@nestjs/common';
import { RequireTokenGuard } from './require-token.guard.js';
import type { RequireTokenOptions } from './require-token.options.js';
import { compileRequirement } from './token-requirement.js';
import { REQUIREMENT } from './route-requirement.js';

/**
 * The route, or every route of the class, wants a token: `@RequireToken({ scope: { admin: true } })`.
 *
 * What stands on the handler replaces what stands on the class.
 *
 * @throws AuthConfigError for options that are unknown, empty or contradictory, when the class is defined.
 */
export function RequireToken(options?: RequireTokenOptions): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(REQUIREMENT, compileRequirement(options)), UseGuards(RequireTokenGuard));
}

/** The route, or every route of the class, is open to everybody, also beneath `@RequireToken()` on the class or a global guard. */
export function Public(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(REQUIREMENT, 'public'));
}
