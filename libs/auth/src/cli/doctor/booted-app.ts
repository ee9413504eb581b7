import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { ModuleRef, NestFactory } from '@nestjs/core';
import { AuthModule } from '../../auth.module.js';
import { quietLogger } from '../quiet-logger.js';
import type { RootModule } from '../root-module.js';
import { textOf, type Finding } from './finding.js';

/** An application that was started, as far as it came. */
export interface BootedApp {
  readonly findings: readonly Finding[];
  /** All its instances, also where a hook of the start failed; undefined where they could not be made. */
  readonly instances: ModuleRef | undefined;
  /** Undefined where it did not start. */
  readonly context: INestApplicationContext | undefined;
}

/** Start the application without listening: all that it does at its start is done, and what Latchkey checks is checked. */
export async function boot(root: RootModule, complain: (text: string) => void): Promise<BootedApp> {
  const warnings: Finding[] = [];
  const logger = quietLogger((text, context) => {
    if (context === AuthModule.name) warnings.push({ level: 'warn', subject: 'boot', text });
    else complain(text);
  });
  let instances: ModuleRef | undefined;
  const examined = examinedModule(root, (made) => (instances = made));
  try {
    const context = await start(examined, logger);
    const text = 'the application starts: options, keys and routes hold';
    return { findings: [{ level: 'ok', subject: 'boot', text }, ...warnings], instances, context };
  } catch (error) {
    return {
      findings: [{ level: 'fail', subject: 'boot', text: textOf(error) }, ...warnings],
      instances,
      context: undefined,
    };
  }
}

function start(module: object, logger: LoggerService): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger, abortOnError: false });
}

/** A module around the root: it has all instances in hand before the first hook of the start is called. */
function examinedModule(root: RootModule, hear: (instances: ModuleRef) => void) {
  return { imports: [root], providers: [{ provide: 'latchkey:doctor', inject: [ModuleRef], useFactory: hear }] };
}
