import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis of the test's own, which it stops and starts as it likes. It keeps nothing on disk. */
export class RedisServer {
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly password: string | undefined,
  ) {}

  /** @param options `password` is asked of every client. */
  static async start({ password }: { password?: string } = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), password);
    await server.start();
    return server;
  }

  get url(): string {
    const user = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`;
    return `redis://${user}127.0.0.1:${this.port}`;
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    const options = { bind: '127.0.0.1', port: String(this.port), save: '', appendonly: 'no' };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const secret = this.password === undefined ? [] : ['--requirepass', this.password];
    this.#process = spawn('redis-server', [...words, ...secret], { stdio: 'ignore' });
    await this.ask((client) => client.ping());
  }

  /** At once, as a crash does. */
  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    this.#process = undefined;
  }

  /** Its connections stay open and are never answered. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ask it as a client of the test's own; waits until it answers. */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: 500 });
    client.on('error', () => {}); // it is starting
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }
}

/**
 * Can a test have a Redis of its own? When not, that is said; with `CI=true` it may not be missing.
 *
 * @throws Error
 */
export function canRunRedis(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  const problem = 'redis-server is not installed';
  if (process.env['CI'] === 'true') throw new Error(problem);
  console.warn(`LEFT OUT: ${problem}`);
  return false;
}

/**
 * The Redis that `TEST_REDIS_URL` names, which no test may stop; undefined when it names none.
 *
 * @throws Error when it does not answer.
 */
export async function namedRedis(): Promise<string | undefined> {
  const url = process.env['TEST_REDIS_URL'];
  if (url === undefined) return undefined;
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null });
  client.on('error', () => {}); // quotes the address
  try {
    await client.connect();
  } catch {
    throw new Error('Redis cannot be reached: start it, or mend TEST_REDIS_URL');
  } finally {
    client.disconnect();
  }
  return url;
}

/** Wait for what comes by itself, for at most 20 seconds. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isTrue()); await wait(10)) {
    if (Date.now() > end) throw new Error('it did not come true in 20 seconds');
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
