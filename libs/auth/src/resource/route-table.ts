import 'reflect-metadata';
import { RequestMethod, type Type } from '@nestjs/common';
import {
  GUARDS_METADATA,
  METHOD_METADATA,
  MODULE_PATH,
  PATH_METADATA,
  ROUTE_ARGS_METADATA,
  VERSION_METADATA,
} from '@nestjs/common/constants.js';
import { MetadataScanner, type ApplicationConfig, type ModulesContainer } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { declaredRequirement } from './route-requirement.js';

/** One handler that the router serves. */
export interface RouteEntry {
  readonly controller: Type;
  readonly handler: object;
  /** The handler's name in its class. */
  readonly name: string;
  /** In lower case, as OpenAPI writes it; `'all'` for `@All()`. */
  readonly method: string;
  /** As the router gets them: global prefix, version and module path included, parameters as `:name`. */
  readonly paths: readonly string[];
  /** What `@UseGuards()` on class and handler named, in the order they are asked. Global guards are not here. */
  readonly guards: readonly unknown[];
  /** Does a guard stand before it, whosever: its own, or a global one? */
  readonly hasGuard: boolean;
  readonly arguments: readonly RouteArgument[];
}

/** An argument of a handler, as a param decorator of Nest describes it. */
export interface RouteArgument {
  readonly factory?: unknown;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
}

/** What of a Nest application names its routes; both can be injected anywhere. */
export interface RouteSources {
  readonly application: ApplicationConfig;
  readonly modules: ModulesContainer;
}

/**
 * Every route of the application, in the order in which Nest registers them.
 *
 * The paths come from Nest's own factory, so that they are those the application answers at. Whether a route is bound to
 * a host, or to a version that is not in the URL, is not told.
 */
export function routeTable({ application, modules }: RouteSources): RouteEntry[] {
  const paths = new RoutePathFactory(application);
  const hasGlobalGuard = application.getGlobalGuards().length + application.getGlobalRequestGuards().length > 0;
  const scanner = new MetadataScanner();
  return [...modules.values()].flatMap((module) => {
    const modulePath = modulePathOf(module.metatype, modules.applicationId);
    return [...module.controllers.values()].flatMap(({ metatype: controller }) =>
      typeof controller === 'function'
        ? routesOf(controller as Type, scanner, {
            hasGlobalGuard,
            pathsOfHandler: (handler) => pathsOf(controller, handler, { application, paths, modulePath }),
          })
        : [],
    );
  });
}

/** Does nobody ask for a token before it? */
export function isOpen({ handler, controller, hasGuard }: RouteEntry): boolean {
  const requirement = declaredRequirement(handler, controller);
  return requirement === 'public' || (requirement === undefined && !hasGuard);
}

function routesOf(
  controller: Type,
  scanner: MetadataScanner,
  { hasGlobalGuard, pathsOfHandler }: { hasGlobalGuard: boolean; pathsOfHandler: (handler: object) => string[] },
): RouteEntry[] {
  const prototype = controller.prototype as Record<string, object>;
  const ofClass = guardsOf(controller);
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    if (Reflect.getMetadata(PATH_METADATA, handler) === undefined) return [];
    const method = RequestMethod[methodOf(handler)]!.toLowerCase();
    const guards = [...ofClass, ...guardsOf(handler)];
    const hasGuard = hasGlobalGuard || guards.length > 0;
    const paths = pathsOfHandler(handler);
    return [{ controller, handler, name, method, paths, guards, hasGuard, arguments: argumentsOf(controller, name) }];
  });
}

function argumentsOf(controller: Type, name: string): RouteArgument[] {
  return Object.values(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, RouteArgument>,
  );
}

interface PathParts {
  readonly application: ApplicationConfig;
  readonly paths: RoutePathFactory;
  readonly modulePath: string | undefined;
}

function pathsOf(controller: object, handler: object, { application, paths, modulePath }: PathParts): string[] {
  const versioningOptions = application.getVersioning();
  const parts = {
    methodPath: Reflect.getMetadata(PATH_METADATA, handler) as string,
    ctrlPath: Reflect.getMetadata(PATH_METADATA, controller) as string,
    modulePath,
    globalPrefix: leadingSlash(application.getGlobalPrefix()),
    methodVersion: Reflect.getMetadata(VERSION_METADATA, handler) as string,
    controllerVersion: (Reflect.getMetadata(VERSION_METADATA, controller) ??
      versioningOptions?.defaultVersion) as string,
    versioningOptions: versioningOptions as never,
  };
  // Nest's types want every part; its code takes those that a route lacks as undefined
  return paths.create(parts as Parameters<RoutePathFactory['create']>[0], methodOf(handler));
}

/** RouterModule writes the path for one application, or for all. */
function modulePathOf(module: object, applicationId: string): string | undefined {
  return (Reflect.getMetadata(MODULE_PATH + applicationId, module) ?? Reflect.getMetadata(MODULE_PATH, module)) as
    string | undefined;
}

function methodOf(handler: object): RequestMethod {
  return (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined) ?? RequestMethod.GET;
}

function guardsOf(target: object): unknown[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}

function leadingSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}
