import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Initialise the application, tell the parent how many milliseconds the process is old, and end. */
export async function boot(module: Type): Promise<void> {
  const app = await NestFactory.create(module, { logger: false });
  await app.init();
  const age = performance.now();
  process.send!(age, () => process.exit());
}
