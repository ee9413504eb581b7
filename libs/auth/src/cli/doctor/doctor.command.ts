import { Command } from 'commander';
import { withRootModule, type RootModuleOptions } from '../app-options.js';
import { CommandError } from '../command-error.js';
import { loadRootModule } from '../root-module.js';
import { coloured, writeLine, type Terminal } from '../terminal.js';

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** `latchkey doctor`: does the application start, and is what it needs there? */
export function doctorCommand(terminal: Terminal): Command {
  return withRootModule(new Command('doctor'))
    .description(
      'Start the application without listening, and look at what it needs: stores, clocks, Redis, providers.',
    )
    .option('--json', 'for machines')
    .action(async ({ json, ...options }: RootModuleOptions & { json?: true }) => {
      const { stdout, stderr } = terminal;
      const root = await loadRootModule(options, terminal);
      const { examine } = await import('./doctor.js');
      const findings = await examine(root, (text) => writeLine(stderr, text));
      if (json === true) writeLine(stdout, JSON.stringify(findings, null, 2));
      else
        for (const { level, subject, text } of findings)
          writeLine(stdout, `${coloured(stdout, colours[level], level.padEnd(4))}  ${subject}: ${text}`);
      const failures = findings.filter(({ level }) => level === 'fail').length;
      if (failures > 0) throw new CommandError(`${failures} of ${findings.length} checks failed`, 1);
    });
}
