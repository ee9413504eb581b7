import { Inject, Injectable, type Type } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { AuthConfigError } from './auth.errors.js';
import { isGrantFactory, isUserFactory } from './resource/current-token.decorator.js';
import { declaredRequirement } from './resource/route-requirement.js';
import { requestValues, type TokenRequirement } from './resource/token-requirement.js';

/** What the module can do, for the check that no route asks more. */
export interface RouteCapabilities {
  readonly issuers: readonly string[];
  readonly withCookies: boolean;
  readonly hasStore: boolean;
  readonly hasUsers: boolean;
}

/** Metadata of Nest: the paths of controllers, handlers and modules, and the arguments of handlers. */
const metadata = { path: 'path', guards: '__guards__', modulePath: '__module_path__', arguments: '__routeArguments__' };

/** Looks at every route before the application listens: what cannot hold at run time stops the boot. */
@Injectable()
export class RouteCheck {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** @throws AuthConfigError naming the route, the option and the mend. */
  check(capabilities: RouteCapabilities): void {
    for (const { metatype: controller, host } of this.discovery.getControllers()) {
      if (typeof controller !== 'function') continue;
      const prefix = this.prefixOf(controller, host?.metatype as Type | undefined);
      for (const name of this.scanner.getAllMethodNames(controller.prototype as object)) {
        const handler = (controller.prototype as Record<string, object>)[name]!;
        const path = Reflect.getMetadata(metadata.path, handler) as string | string[] | undefined;
        if (path === undefined) continue;
        new Route(controller as Type, handler, name, [prefix, path].flat().join('/')).check(
          capabilities,
          this.hasGlobalGuard,
        );
      }
    }
  }

  /** @throws AuthConfigError when the module is configured twice: two sets of keys would guard one application. */
  checkSingle(module: Type): void {
    const found = [...this.modules.values()].filter(({ metatype }) => metatype === module);
    if (found.length > 1)
      throw new AuthConfigError('AuthModule', 'is configured twice: call forRoot() once, in the root module');
  }

  private get hasGlobalGuard(): boolean {
    return this.application.getGlobalGuards().length + this.application.getGlobalRequestGuards().length > 0;
  }

  private prefixOf(controller: object, module: Type | undefined): string {
    const own = Reflect.getMetadata(metadata.path, controller) as string | string[] | undefined;
    const keys = module === undefined ? [] : (Reflect.getMetadataKeys(module) as string[]);
    const modulePaths = keys
      .filter((key) => key.startsWith(metadata.modulePath))
      .map((key) => Reflect.getMetadata(key, module!) as string);
    return [this.application.getGlobalPrefix(), ...modulePaths, own ?? ''].flat().join('/');
  }
}

/** One route, and what its decorators ask. */
class Route {
  constructor(
    private readonly controller: Type,
    private readonly handler: object,
    private readonly name: string,
    private readonly path: string,
  ) {}

  check(capabilities: RouteCapabilities, hasGlobalGuard: boolean): void {
    const requirement = declaredRequirement(this.handler, this.controller);
    this.checkArguments(requirement, capabilities, hasGlobalGuard);
    if (requirement === undefined || requirement === 'public') return;
    for (const { source, name } of requestValues(requirement)) {
      const isKnown = new RegExp(`[:*]${name.replace(/\W/g, '')}(?![A-Za-z0-9_])`).test(this.path);
      if (source === 'param' && !isKnown) this.fail(`param('${name}')`, `the path ${this.path} has no :${name}`);
    }
    this.checkCapabilities(requirement, capabilities);
  }

  private checkCapabilities(
    requirement: TokenRequirement,
    { issuers, withCookies, hasStore }: RouteCapabilities,
  ): void {
    const { issuer, revocation, locations, cookie } = requirement;
    if (issuer !== undefined && !issuers.includes(issuer))
      this.fail('issuer', 'the module trusts no such issuer: add it to jwt.trustedIssuers');
    if (revocation === 'store' && !hasStore) this.fail("revocation: 'store'", 'the module has noStores()');
    if (!withCookies && (cookie !== undefined || locations?.includes('cookie') === true)) {
      this.fail('locations', 'the module issues no tokens for cookies: set `cookies: {}` in forRoot()');
    }
  }

  private checkArguments(requirement: unknown, { hasUsers }: RouteCapabilities, hasGlobalGuard: boolean): void {
    const found = (Reflect.getMetadata(metadata.arguments, this.controller, this.name) ?? {}) as Record<
      string,
      { factory?: unknown }
    >;
    const factories = Object.values(found).map(({ factory }) => factory);
    const guards = [this.handler, this.controller].some((target) => Reflect.hasMetadata(metadata.guards, target));
    if (
      factories.some(isGrantFactory) &&
      (requirement === 'public' || (requirement === undefined && !hasGlobalGuard && !guards))
    ) {
      this.fail('@CurrentToken()', 'the route has no @RequireToken() that could fill it');
    }
    if (factories.some(isUserFactory) && !hasUsers)
      this.fail('@CurrentUser()', 'write hooks.loadUser, which finds the user of a token');
  }

  private fail(what: string, problem: string): never {
    throw new AuthConfigError(`${this.controller.name}.${this.name}`, `${what}: ${problem}`);
  }
}
