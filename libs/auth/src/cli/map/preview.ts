import { VersioningType } from '@nestjs/common';
import {
  APP_GUARD,
  ApplicationConfig,
  InitializeOnPreviewAllowlist,
  ModulesContainer,
  NestFactory,
  RouterModule,
} from '@nestjs/core';
import type { AuthModuleOptions } from '../../auth.options.js';
import { AuthModule, WRITTEN_OPTIONS } from '../../auth.module.js';
import { routeTable, type RouteEntry } from '../../resource/route-table.js';
import type { RootModule } from '../root-module.js';

/** What `main.ts` does to an application before it listens, which no module tells. */
export interface PathSettings {
  /** As in `app.setGlobalPrefix()`. */
  readonly prefix?: string | undefined;
  /** The prefix of versions in URLs, as in `app.enableVersioning()`: `'v'`. Undefined where URLs have none. */
  readonly uriVersioning?: string | undefined;
}

/** An application whose modules are joined, and of which nothing runs. */
export interface Preview {
  readonly routes: readonly RouteEntry[];
  /** Classes, or instances, of `APP_GUARD`; undefined for one that a factory makes. */
  readonly globalGuards: readonly unknown[];
  /** `guard.exemptMethods`; undefined where a factory tells it, which does not run. */
  readonly exemptMethods: readonly string[] | undefined;
}

type Wrapper = { [Name in 'token' | 'isAlias' | 'inject' | 'metatype' | 'instance']: unknown };

/**
 * Read the routes in Nest's preview mode: no provider, controller or hook of the application is made or called.
 *
 * @throws the error of Nest when the modules do not fit together.
 */
export async function preview(root: RootModule, { prefix, uriVersioning }: PathSettings): Promise<Preview> {
  // its constructor tells the paths of modules, and does nothing else
  InitializeOnPreviewAllowlist.add(RouterModule);
  const context = await NestFactory.createApplicationContext(root, {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  const application = context.get(ApplicationConfig);
  const modules = context.get(ModulesContainer);
  if (prefix !== undefined) application.setGlobalPrefix(prefix);
  if (uriVersioning !== undefined) application.enableVersioning({ type: VersioningType.URI, prefix: uriVersioning });
  return {
    routes: routeTable({ application, modules }),
    globalGuards: globalGuards(modules),
    exemptMethods: exemptMethods(modules),
  };
}

/** In preview mode an alias and a factory give nothing: what the module says of them is read instead. */
function globalGuards(modules: ModulesContainer): unknown[] {
  return [...modules.values()]
    .flatMap(({ providers, injectables }) => [...providers.values(), ...injectables.values()] as Wrapper[])
    .filter(({ token }) => typeof token === 'string' && token.startsWith(`${APP_GUARD} (`))
    .map(({ isAlias, inject, metatype, instance }) => {
      if (isAlias === true) return (inject as unknown[])[0];
      return inject === undefined || inject === null ? (metatype ?? instance) : undefined;
    });
}

function exemptMethods(modules: ModulesContainer): readonly string[] | undefined {
  const module = [...modules.values()].find(({ metatype }) => metatype === AuthModule);
  const options = module?.providers.get(WRITTEN_OPTIONS);
  if (options === undefined) return [];
  if (options.inject !== undefined && options.inject !== null) return undefined;
  return (options.instance as AuthModuleOptions).guard?.exemptMethods ?? [];
}
