import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { AUTH_SETTINGS } from '../auth.composition.js';
import type { AuthSettings } from '../auth.settings.js';
import { CommandError } from './command-error.js';
import { quietLogger } from './quiet-logger.js';
import type { RootModule } from './root-module.js';
import { writeLine, type Terminal } from './terminal.js';

/**
 * Start the application without listening, do the work with its own services, and close it.
 *
 * @throws CommandError where it does not start, or keeps what is asked for in a memory that this process does not share.
 */
export async function withStartedApp<T>(
  root: RootModule,
  { stderr }: Terminal,
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const logger = quietLogger((text) => writeLine(stderr, text));
  const app = await NestFactory.createApplicationContext(root, { logger, abortOnError: false }).catch(
    (cause: unknown) => {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new CommandError(`the application does not start: ${problem}; npx latchkey doctor tells more`, 2, {
        cause,
      });
    },
  );
  try {
    checkShared(app.get<AuthSettings>(AUTH_SETTINGS, { strict: false }));
    return await work(app);
  } finally {
    await app.close();
  }
}

function checkShared({ stores }: AuthSettings): void {
  if (stores.durable && stores.name !== 'none') return;
  throw new CommandError(`stores: ${stores.name} keeps nothing that another process could see; use typeormStores()`);
}
