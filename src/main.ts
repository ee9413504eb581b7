import { Logger } from '@nestjs/common';
import { AuthConfigError } from 'nest-latchkey';
import { createApp } from './app.js';
import { EnvironmentError, readEnvironment } from './environment.js';

const logger = new Logger('Main');

try {
  const environment = readEnvironment();
  const app = await createApp(environment);
  app.enableShutdownHooks();
  await app.listen(environment.port, environment.host);
  logger.log(`Listening on ${await app.getUrl()} (${environment.adapter}); start at ${environment.publicUrl}/`);
} catch (error) {
  // a wrong variable is the reader's to mend: the message is enough, a stack would hide it
  const isMendable = error instanceof EnvironmentError || error instanceof AuthConfigError;
  logger.error(isMendable ? error.message : error);
  process.exit(1); // a database connection may be open, and would keep the process alive
}
