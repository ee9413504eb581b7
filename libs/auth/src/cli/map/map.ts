import type { RootModuleOptions } from '../app-options.js';
import { CommandError } from '../command-error.js';
import type { RootModule } from '../root-module.js';
import { writeLine, type Terminal } from '../terminal.js';
import { asMarkdown, asText } from './map-views.js';
import { preview } from './preview.js';
import { mapRoutes, type MappedRoute } from './route-map.js';

/** The options of `latchkey map`. */
export interface MapOptions extends RootModuleOptions {
  readonly prefix?: string;
  readonly uriVersioning?: string | true;
  readonly json?: true;
  readonly markdown?: true;
  readonly failOnUnprotected?: true;
  readonly trustGuard?: readonly string[];
}

/** @throws CommandError when there is nothing to be shown, or an unprotected route that fails the command. */
export async function map(root: RootModule, options: MapOptions, terminal: Terminal): Promise<void> {
  const { prefix, uriVersioning } = options;
  const application = await preview(root, { prefix, uriVersioning: uriVersioning === true ? 'v' : uriVersioning });
  const routes = mapRoutes(application, options.trustGuard);
  if (routes.length === 0)
    throw new CommandError('--export: the module has no routes; name the root module of the application');
  writeLine(terminal.stdout, view(routes, options, terminal));
  if (application.exemptMethods === undefined)
    writeLine(terminal.stderr, 'guard.exemptMethods is told by a factory, which did not run: taken as none');
  report(routes, options, terminal);
}

function view(routes: readonly MappedRoute[], { json, markdown }: MapOptions, { stdout }: Terminal): string {
  if (json === true) return JSON.stringify(routes, null, 2);
  return markdown === true ? asMarkdown(routes) : asText(routes, stdout);
}

/** @throws CommandError when there is an unprotected route, and none may be. */
function report(routes: readonly MappedRoute[], { failOnUnprotected }: MapOptions, { stderr }: Terminal): void {
  const count = (access: MappedRoute['access']) => routes.filter((route) => route.access === access).length;
  const kinds = (['token', 'guard', 'public', 'unprotected'] as const).filter((access) => count(access) > 0);
  writeLine(stderr, `${routes.length} routes: ${kinds.map((access) => `${count(access)} ${access}`).join(', ')}`);
  if (failOnUnprotected !== true || count('unprotected') === 0) return;
  const unprotected = routes.filter(({ access }) => access === 'unprotected');
  throw new CommandError(
    [
      'unprotected: write @RequireToken() or @Public(), or set globalGuard: true',
      ...unprotected.map(({ method, path, handler }) => `  ${method} ${path} (${handler})`),
    ].join('\n'),
    1,
  );
}
