import { readFileSync } from 'node:fs';
import { debuglog } from 'node:util';
import { Command, CommanderError } from 'commander';
import { AuthConfigError } from '../auth.errors.js';
import { CommandError } from './command-error.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { mapCommand } from './map/map.command.js';
import { providersCommand } from './providers/providers.command.js';
import { secretCommand } from './secret.command.js';
import { sessionsCommand } from './sessions/sessions.command.js';
import { coloured, writeLine, type Terminal } from './terminal.js';

const debug = debuglog('latchkey');

/**
 * `npx latchkey …`: run one command.
 *
 * @returns the exit code: 0 done, 1 what was looked at is not as it should be, 2 it could not be looked at.
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  const program = new Command('latchkey')
    .description('Latchkey, on the command line.')
    .version(version())
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 something is not as it should be, 2 the command could not do its work.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHasColors: () => terminal.stdout.hasColors?.() === true,
      getErrHasColors: () => terminal.stderr.hasColors?.() === true,
    });
  for (const command of commandsOf(terminal)) program.addCommand(inherit(program, command));
  try {
    await program.parseAsync([...words], { from: 'user' });
    return 0;
  } catch (error) {
    // it has said what is wrong
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    debug('%O', error);
    writeLine(terminal.stderr, `${coloured(terminal.stderr, 'red', 'error')}: ${messageOf(error)}`);
    return error instanceof CommandError ? error.exitCode : 2;
  }
}

/** How errors and help are written, for the commands of a command too. */
function inherit(parent: Command, command: Command): Command {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(command, inner);
  return command;
}

/** Every command, as the documents list them. */
export function commandsOf(terminal: Terminal): Command[] {
  return [
    mapCommand(terminal),
    doctorCommand(terminal),
    sessionsCommand(terminal),
    secretCommand(terminal),
    providersCommand(terminal),
  ];
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** A stack is of no use to whoever mends an option; whoever looks for a fault of the code asks for it. */
function messageOf(error: unknown): string {
  const isMendable = error instanceof AuthConfigError || (error instanceof CommandError && error.cause === undefined);
  const message = error instanceof Error ? error.message : String(error);
  return isMendable ? message : `${message} (NODE_DEBUG=latchkey shows where)`;
}
