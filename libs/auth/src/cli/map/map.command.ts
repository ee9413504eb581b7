import { Command, Option } from 'commander';
import { withRootModule } from '../app-options.js';
import { loadRootModule } from '../root-module.js';
import type { Terminal } from '../terminal.js';
import type { MapOptions } from './map.js';

/** `latchkey map`: who may come in, route by route. */
export function mapCommand(terminal: Terminal): Command {
  return withRootModule(new Command('map'))
    .description('List every route with what its guard asks. No provider of the application is run.')
    .addOption(new Option('--json', 'for machines').conflicts('markdown'))
    .option('--markdown', 'a table for documents')
    .option('--fail-on-unprotected', 'exit with 1 when a route has neither a guard of Latchkey nor @Public()')
    .option('--trust-guard <class...>', 'guards of your own that ask who it is: their routes count as protected')
    .option('--prefix <path>', 'what main.ts gives to app.setGlobalPrefix()')
    .option('--uri-versioning [prefix]', 'main.ts enables versions in URLs; prefix is v when left out')
    .action(async (options: MapOptions) => {
      const root = await loadRootModule(options, terminal);
      // Nest and the library take a second to load: a misspelt option is told at once
      const { map } = await import('./map.js');
      return map(root, options, terminal);
    });
}
