import { Command } from 'commander';
import { columns } from '../columns.js';
import { writeLine, type Terminal } from '../terminal.js';

/** `latchkey providers`: the presets, and what each wants. */
export function providersCommand(terminal: Terminal): Command {
  return new Command('providers')
    .description('List the presets of nest-latchkey/providers: kind, variables of the client, callback path.')
    .option('--json', 'for machines')
    .action(async ({ json }: { json?: true }) => {
      const { listPresets } = await import('./preset-list.js');
      const presets = listPresets();
      if (json === true) return writeLine(terminal.stdout, JSON.stringify(presets, null, 2));
      const rows = presets.map(({ name, kind, variables, callbackPath }) => [
        name,
        kind,
        callbackPath,
        variables.join(', '),
      ]);
      const lines = columns([['Name', 'Kind', 'Callback path', 'Variables'], ...rows]);
      writeLine(terminal.stdout, lines.join('\n'));
    });
}
