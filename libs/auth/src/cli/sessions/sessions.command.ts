import { Command } from 'commander';
import { withRootModule } from '../app-options.js';
import { loadRootModule } from '../root-module.js';
import type { Terminal } from '../terminal.js';
import type { SessionsOptions } from './sessions.js';

/** `latchkey sessions`: whoever cannot wait for a user to sign out. */
export function sessionsCommand(terminal: Terminal): Command {
  const list = ofUser('list')
    .description('List the sessions that have not ended, the newest first.')
    .option('--json', 'for machines')
    .action(async (options: SessionsOptions & { json?: true }) => {
      const root = await loadRootModule(options, terminal);
      return (await import('./sessions.js')).listSessions(root, options, terminal);
    });
  const revoke = ofUser('revoke')
    .description('End them, and print the id of each. Other processes refuse them within revocation.poll.')
    .option('--session <id>', 'this one alone')
    .action(async (options: SessionsOptions & { session?: string }) => {
      const root = await loadRootModule(options, terminal);
      return (await import('./sessions.js')).revokeSessions(root, options, terminal);
    });
  return new Command('sessions').description('List or end the sessions of a user.').addCommand(list).addCommand(revoke);
}

function ofUser(name: string): Command {
  return withRootModule(new Command(name))
    .requiredOption('--user <subject>', 'whose: the subject of the tokens')
    .option('--tenant <tenant>', 'of this tenant alone');
}
