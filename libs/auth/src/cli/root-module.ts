import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DynamicModule, Type } from '@nestjs/common';
import type { RootModuleOptions } from './app-options.js';
import { CommandError } from './command-error.js';
import { quietLogger } from './quiet-logger.js';
import { writeLine, type Terminal } from './terminal.js';

export type RootModule = Type | DynamicModule;

/**
 * The root module of an application. The file is loaded, and a function is called: what they do when they run is done.
 *
 * @throws CommandError when the file cannot be loaded or exports no such module.
 */
export async function loadRootModule(options: RootModuleOptions, { stderr }: Terminal): Promise<RootModule> {
  const { app, export: wanted } = options;
  const file = resolve(app);
  if (!existsSync(file)) throw new CommandError(`--app: there is no file ${app}; build the application first`);
  const { Logger } = await import('@nestjs/common');
  Logger.overrideLogger(quietLogger((text) => writeLine(stderr, text)));
  const loaded = (await attempt(`--app: ${app} does not load`, () => import(pathToFileURL(file).href))) as Exports;
  const name = wanted ?? ['AppModule', 'default'].find((one) => exportOf(loaded, one) !== undefined);
  const exported = name === undefined ? undefined : exportOf(loaded, name);
  if (exported === undefined)
    throw new CommandError(`--export: ${app} exports no ${wanted ?? 'AppModule'}, but ${namesOf(loaded)}`);
  const isFactory = typeof exported === 'function' && !isClass(exported);
  const call = isFactory ? (exported as () => unknown) : () => exported;
  const root = await attempt(`--export: ${name}() failed`, call);
  if (isClass(root) || isDynamicModule(root)) return root;
  throw new CommandError(`--export: ${name} of ${app} is no module, and no function that gives one`);
}

type Exports = Readonly<Record<string, unknown>> & { readonly default?: Readonly<Record<string, unknown>> };

/** CommonJS has all its exports in `default`; Node can tell some of them by reading. */
function exportOf(loaded: Exports, name: string): unknown {
  return loaded.default?.[name] ?? loaded[name];
}

function namesOf(loaded: Exports): string {
  const names = Object.keys(loaded).filter((name) => name !== 'module.exports');
  return names.length > 0 ? names.join(', ') : 'nothing';
}

async function attempt(what: string, run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    throw new CommandError(`${what}: ${error instanceof Error ? error.message : String(error)}`, 2, { cause: error });
  }
}

/** A function that `new` alone may call, or one that `@Module()` of older compilers has decorated. */
function isClass(value: unknown): value is Type {
  if (typeof value !== 'function') return false;
  const isWritable = Object.getOwnPropertyDescriptor(value, 'prototype')?.writable;
  return isWritable === false || Reflect.getMetadataKeys(value).length > 0;
}

function isDynamicModule(value: unknown): value is DynamicModule {
  return typeof value === 'object' && value !== null && isClass((value as DynamicModule).module);
}
