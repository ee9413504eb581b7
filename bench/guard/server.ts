import { NestFactory } from '@nestjs/core';
import type { INestApplication, Type } from '@nestjs/common';
import { accessToken } from './tokens.js';
import { variants, type Adapter, type Variant } from './variants.js';

/** What the process says to its parent once it listens. */
export interface Listening {
  readonly url: string;
}

/** Its answer to any message: the processor time it has used so far, in microseconds. */
export interface Spent {
  readonly cpu: number;
}

/**
 * One variant on one adapter, on the loopback interface: `node server.js fastify latchkey`.
 * Started by hand, for a profile with `node --cpu-prof`, it prints a command to put load on it.
 */
async function serve(adapter: Adapter, variant: Variant): Promise<void> {
  const app = await create(adapter, await variants[variant]());
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/notes`;
  if (process.send) {
    process.on('disconnect', () => process.exit());
    process.on('message', () => process.send!({ cpu: spent() } satisfies Spent));
    process.send({ url } satisfies Listening);
  } else {
    process.on('SIGINT', () => process.exit());
    console.log(`wrk -t1 -c32 -d10s -H 'Authorization: Bearer ${accessToken()}' ${url}`);
  }
}

async function create(adapter: Adapter, module: Type): Promise<INestApplication> {
  if (adapter === 'express') return NestFactory.create(module, { logger: false });
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return NestFactory.create(module, new FastifyAdapter(), { logger: false });
}

function spent(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const [adapter, variant] = process.argv.slice(2) as [Adapter, Variant];
await serve(adapter, variant);
