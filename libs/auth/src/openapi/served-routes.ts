import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { REQUEST_HOOKS, type RequestHooks } from '../resource/request-hooks.js';
import { GUARD_SETTINGS, isTokenGuard, type GuardSettings } from '../resource/require-token.guard.js';
import { declaredRequirement, routeRequirement } from '../resource/route-requirement.js';
import { routeTable, type RouteEntry } from '../resource/route-table.js';
import type { TokenRequirement } from '../resource/token-requirement.js';
import { documentPath } from './document-path.js';

/** What an application can be asked for: `INestApplication`, as far as it is used here. */
export interface ServiceFinder {
  get<T>(token: unknown, options?: { strict: boolean }): T;
}

/** A token is asked for; or the route is open; or a guard of somebody else decides, and nothing is known. */
export type Access = TokenRequirement | 'open' | 'unknown';

/** The routes of one application, by what a document calls them. */
export class ServedRoutes {
  readonly settings: GuardSettings;
  readonly hooks: RequestHooks;
  private readonly byPath = new Map<string, RouteEntry[]>();
  private readonly globalGuards: readonly unknown[];
  private readonly prefix: string;

  constructor(app: ServiceFinder) {
    const application = app.get<ApplicationConfig>(ApplicationConfig);
    const modules = app.get<ModulesContainer>(ModulesContainer);
    this.settings = app.get(GUARD_SETTINGS, { strict: false });
    this.hooks = app.get(REQUEST_HOOKS, { strict: false });
    this.prefix = documentPath(application.getGlobalPrefix()).replace(/\/$/, '');
    this.globalGuards = [
      ...application.getGlobalGuards(),
      ...application.getGlobalRequestGuards().map(({ metatype }) => metatype),
    ];
    for (const route of routeTable({ application, modules })) {
      for (const path of new Set(route.paths.map(documentPath)))
        this.byPath.set(path, [...(this.byPath.get(path) ?? []), route]);
    }
  }

  /**
   * The handler that answers an operation: the first one registered, as in Express. The path may lack the global prefix,
   * as in a document made with `ignoreGlobalPrefix`.
   */
  find(path: string, method: string): RouteEntry | undefined {
    const at = (candidate: string) =>
      this.byPath.get(candidate)?.find((route) => route.method === method || route.method === 'all');
    return at(path) ?? at(this.prefix + path);
  }

  /** What the guards of a route make of a request by `method`. */
  access({ controller, handler, guards }: RouteEntry, method: string): Access {
    const isAsked = [...this.globalGuards, ...guards].some(isTokenGuard);
    const hasOther = guards.some((guard) => !isTokenGuard(guard));
    if (!isAsked) {
      const isOpen = this.globalGuards.length === 0 || declaredRequirement(handler, controller) === 'public';
      return isOpen && !hasOther ? 'open' : 'unknown';
    }
    const requirement = routeRequirement(handler, controller);
    const isExempt = this.settings.guard.exemptMethods.includes(method.toUpperCase());
    if (requirement !== 'public' && !isExempt) return requirement;
    return hasOther ? 'unknown' : 'open';
  }
}
