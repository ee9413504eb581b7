import { VERSION_NEUTRAL } from '@nestjs/common';
import { VERSION_METADATA } from '@nestjs/common/constants.js';
import { requirementObject, requirementParts } from '../../openapi/requirement-text.js';
import { requiredOAuth, type RequiredGrant } from '../../passport/required-oauth.js';
import { isTokenGuard } from '../../resource/require-token.guard.js';
import { declaredRequirement } from '../../resource/route-requirement.js';
import type { RouteEntry } from '../../resource/route-table.js';
import { compileRequirement, type TokenRequirement } from '../../resource/token-requirement.js';
import type { Preview } from './preview.js';

/** One path of a route, and who may come in. */
export interface MappedRoute {
  /** In upper case; `'ALL'` for `@All()`. */
  readonly method: string;
  readonly path: string;
  /** `'NotesController.list'`. */
  readonly handler: string;
  /**
   * `'token'`: our guard asks. `'public'`: `@Public()`. `'guard'`: a guard asks that the caller trusts. `'unprotected'`: nobody
   * asks, and nobody said that this is wanted.
   */
  readonly access: 'token' | 'public' | 'guard' | 'unprotected';
  /** What is asked, in words. */
  readonly asks: readonly string[];
  /** The members of `@RequireToken()`, as JSON. */
  readonly requirement?: Record<string, unknown>;
  /** `@RequireOAuth()`. */
  readonly consent?: readonly RequiredGrant[];
  /** The classes of the other guards before it, global ones first. */
  readonly guards: readonly string[];
  /** `@Version()`, of the handler or its class. */
  readonly versions?: readonly string[];
}

/**
 * Every route of the application's controllers, in the order in which Nest registers them; a route with several paths stands
 * once for each.
 *
 * What is not bound by a controller is not seen: Swagger's pages, static files, middleware, GraphQL, gateways, messages.
 *
 * @param trusted classes of guards of the application that ask who it is. Any other guard may stand for something else, such as
 *   a rate limit, and protects nothing here.
 */
export function mapRoutes(application: Preview, trusted: readonly string[] = []): MappedRoute[] {
  return application.routes.flatMap((route) => {
    const described = describe(route, application, trusted);
    return route.paths.map((path) => ({ method: route.method.toUpperCase(), path, ...described }));
  });
}

function describe(
  route: RouteEntry,
  { globalGuards, exemptMethods = [] }: Preview,
  trusted: readonly string[],
): Omit<MappedRoute, 'method' | 'path'> {
  const { controller, name, handler } = route;
  const all = [...globalGuards, ...route.guards];
  const guards = all.filter((guard) => !isTokenGuard(guard)).map(nameOf);
  const common = { handler: `${controller.name}.${name}`, guards, ...versionsOf(route) };
  const requirement = declaredRequirement(handler, controller) ?? compileRequirement();
  if (requirement === 'public') return { ...common, access: 'public', asks: [] };
  const method = route.method.toUpperCase();
  const exempt = method === 'ALL' ? exemptMethods : exemptMethods.filter((one) => one === method);
  if (all.some(isTokenGuard) && exempt.length === 0)
    return { ...common, access: 'token', ...asked(requirement, requiredOAuth(handler, controller)) };
  if (guards.some((guard) => trusted.includes(guard))) return { ...common, access: 'guard', asks: [] };
  const asks = exempt.length > 0 ? [`guard.exemptMethods lets ${exempt.join(', ')} through`] : [];
  return { ...common, access: 'unprotected', asks };
}

function asked(
  requirement: TokenRequirement,
  consent: readonly RequiredGrant[],
): Pick<MappedRoute, 'asks' | 'requirement' | 'consent'> {
  const { locations, cookie, csrf, revocation } = requirement;
  const asks = [
    ...(requirement.optional === false ? [] : ['optional']),
    ...requirementParts(requirement),
    ...(locations === undefined ? [] : [`by ${locations.join(', ')}`]),
    ...(cookie === undefined ? [] : [`the cookie ${cookie}`]),
    ...(csrf ? [] : ['no anti-CSRF proof']),
    ...(revocation === true ? [] : [revocation === 'store' ? 'revocation by the store' : 'revoked tokens will do']),
    ...consent.map(({ provider, scope }) => `consent of ${[provider, ...scope].join(' ')}`),
  ];
  const told = { ...(csrf ? {} : { csrf }), ...(revocation === true ? {} : { revocation }) };
  return {
    asks,
    requirement: { ...requirementObject(requirement), ...told },
    ...(consent.length > 0 && { consent }),
  };
}

function versionsOf({ handler, controller }: RouteEntry): Pick<MappedRoute, 'versions'> {
  const version: unknown =
    Reflect.getMetadata(VERSION_METADATA, handler) ?? Reflect.getMetadata(VERSION_METADATA, controller);
  const versions = [version].flat().filter((one) => one !== undefined && one !== VERSION_NEUTRAL);
  return versions.length > 0 ? { versions: versions.map(String) } : {};
}

function nameOf(guard: unknown): string {
  if (typeof guard === 'function') return guard.name;
  return typeof guard === 'object' && guard !== null ? guard.constructor.name : 'of a factory';
}
