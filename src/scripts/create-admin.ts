import { text } from 'node:stream/consumers';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { DataSource } from 'typeorm';
import { SignUpDto } from '../account/credentials.dto.js';
import { databaseOptions } from '../database.js';
import { readEnvironment } from '../environment.js';
import { AppUser } from '../users/app-user.entity.js';
import { UsersService } from '../users/users.service.js';

/*
 * Create an administrator, whose name must be in APP_ADMINS:
 *
 *   node dist/scripts/create-admin.js <username> < password.txt
 */

try {
  const [username = ''] = process.argv.slice(2);
  await createAdmin(username);
  process.stdout.write(`Created the administrator ${username}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function createAdmin(username: string): Promise<void> {
  const environment = readEnvironment();
  if (!environment.admins.has(username)) {
    throw new Error('Usage: node dist/scripts/create-admin.js <username>, with a name that APP_ADMINS holds');
  }
  const password = await readPassword(username);

  const database = await new DataSource(databaseOptions(environment.databaseUrl)).initialize();
  try {
    await new UsersService(database.getRepository(AppUser), environment).create(username, password);
  } finally {
    await database.destroy();
  }
}

/** From standard input, not from an argument: arguments are shown by `ps` and kept in the shell's history. */
async function readPassword(username: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password, then Enter and Ctrl-D (it is shown as you type): ');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');

  const [error] = validateSync(plainToInstance(SignUpDto, { username, password }), {
    validationError: { value: false },
  });
  if (error !== undefined) throw new Error(Object.values(error.constraints ?? {}).join('\n'));
  return password;
}
