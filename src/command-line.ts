import type { DynamicModule } from '@nestjs/common';
import { AppModule } from './app.module.js';
import { readEnvironment } from './environment.js';
import { DemoProviders } from './oauth/demo-providers.js';

/** The root module as this environment makes it: `npx latchkey map --app dist/command-line.js`. */
export default async function appModule(): Promise<DynamicModule> {
  const environment = readEnvironment();
  return AppModule.forEnvironment(environment, await DemoProviders.start(environment));
}
