import { AuthService } from '../../auth.service.js';
import type { RootModuleOptions } from '../app-options.js';
import { columns } from '../columns.js';
import { CommandError } from '../command-error.js';
import type { RootModule } from '../root-module.js';
import { withStartedApp } from '../started-app.js';
import { writeLine, type Terminal } from '../terminal.js';

/** What says whose sessions are meant. */
export interface SessionsOptions extends RootModuleOptions {
  readonly user: string;
  readonly tenant?: string;
}

/** @throws CommandError where the application does not start. */
export async function listSessions(
  root: RootModule,
  { user: subject, tenant, json }: SessionsOptions & { json?: true },
  terminal: Terminal,
): Promise<void> {
  const sessions = await withStartedApp(root, terminal, (app) =>
    app.get(AuthService, { strict: false }).listSessions({ subject, tenant }),
  );
  if (json === true) return writeLine(terminal.stdout, JSON.stringify(sessions, null, 2));
  const rows = sessions.map(({ id, createdAt, lastUsedAt, network, device }) => [
    ...[id, createdAt.toISOString(), lastUsedAt.toISOString()],
    ...[network ?? '', device ?? ''],
  ]);
  writeLine(terminal.stdout, columns([['Session', 'Created', 'Last used', 'Network', 'Device'], ...rows]).join('\n'));
}

/** @throws CommandError where the application does not start, or the user has no such session. */
export async function revokeSessions(
  root: RootModule,
  { user: subject, tenant, session: id }: SessionsOptions & { session?: string },
  terminal: Terminal,
): Promise<void> {
  const ended = await withStartedApp(root, terminal, async (app) => {
    const auth = app.get(AuthService, { strict: false });
    if (id === undefined) return auth.revokeSessions({ subject, tenant });
    const isTheirs = (await auth.listSessions({ subject, tenant })).some((session) => session.id === id);
    return isTheirs && (await auth.revokeSession(id)) ? [id] : [];
  });
  if (id !== undefined && ended.length === 0)
    throw new CommandError(
      `--session: ${subject} has no live session of this id; latchkey sessions list shows them`,
      1,
    );
  for (const one of ended) writeLine(terminal.stdout, one);
  writeLine(terminal.stderr, `${ended.length} ended`);
}
