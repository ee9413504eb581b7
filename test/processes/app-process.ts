import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { SessionResponse } from 'nest-latchkey';
import type { Answer, Command, ProcessOptions, Refusal } from './app.messages.js';

/** What a process has answered; `lost` when it died before. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string; readonly refusal?: Refusal };

const running = new Set<AppProcess>();

/** At the end of a test, whatever it has left running. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((one) => one.kill()));
  if (bundled !== undefined) rmSync(dirname(bundled), { recursive: true, force: true });
  bundled = undefined;
}

/** `app.process.ts`, running. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer | undefined) => void>();
  #lastId = 0;
  #port = 0;
  #log = '';
  #isDead = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    running.add(this);
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (this.#log += String(text)));
    child.on('message', (message: Answer) => {
      this.#asked.get(message.id)?.(message);
      this.#asked.delete(message.id);
    });
    child.on('exit', () => {
      this.#isDead = true;
      running.delete(this);
      for (const lost of this.#asked.values()) lost(undefined);
      this.#asked.clear();
    });
    child.on('error', () => {});
  }

  /** @throws Error with the log of the process when it does not come up. */
  static async start(options: ProcessOptions): Promise<AppProcess> {
    const child = fork(bundle(), [JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const started = new AppProcess(child);
    const [ready] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      { ready?: number } | number,
    ];
    if (typeof ready !== 'object' || ready?.ready === undefined)
      throw new Error(`the process did not come up:\n${started.log}`);
    started.#port = ready.ready;
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  /** What it has written so far. */
  get log(): string {
    return this.#log;
  }
  get isDead(): boolean {
    return this.#isDead;
  }

  create = (subject: string, tenant?: string) => this.#ask<SessionResponse>('create', subject, tenant);
  refresh = (token: string) => this.#ask<SessionResponse>('refresh', token);
  /** A guarded request with an access token. */
  use = (token: string) => this.#ask<string>('use', token);
  /** The same, on a route with `revocation: 'store'`. */
  askStore = (token: string) => this.#ask<string>('ask', token);
  session = (id: string) => this.#ask<object | undefined>('session', id);
  revokeSession = (id: string) => this.#ask<boolean>('revokeSession', id);
  revokeSessions = (selection: object) => this.#ask<string[]>('revokeSessions', selection);
  revokeAll = (subject: string) => this.#ask<void>('revokeAll', subject);
  issue = (subject: string) => this.#ask<{ access_token: string }>('issue', subject);
  revoke = (token: string) => this.#ask<void>('revoke', token);
  events = () => this.#ask<string[]>('events');
  setClock = (offset: number) => this.#ask<void>('setClock', offset);
  /** Kill it at so many statements from now: before that one, or after it is done and before anybody hears of it. */
  dieAt = (statements: number, isDone: boolean) => this.#ask<void>('dieAt', statements, isDone);

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    if (this.#isDead) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** As a deployment does: ends once all it had open is closed. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  async #ask<T>(name: Command['name'], ...args: unknown[]): Promise<Outcome<T>> {
    if (this.#isDead) return { ok: false, code: 'lost' };
    const id = (this.#lastId += 1);
    const answer = await new Promise<Answer | undefined>((heard) => {
      this.#asked.set(id, heard);
      const command: Command = { id, name, args };
      this.#child.send(command, (error) => error !== null && heard(undefined));
    });
    if (answer === undefined) return { ok: false, code: 'lost' };
    if (answer.error !== undefined) return { ok: false, code: answer.error.code, refusal: answer.error };
    return { ok: true, value: answer.value as T };
  }
}

/** What a call must have answered. @throws Error when it was refused, or lost. */
export async function valueOf<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const answered = await outcome;
  if (!answered.ok) throw new Error(`it answered ${answered.code}`);
  return answered.value;
}

/** The code of a refusal; undefined where there was none. */
export async function codeOf(outcome: Promise<Outcome<unknown>>): Promise<string | undefined> {
  const answered = await outcome;
  return answered.ok ? undefined : answered.code;
}

let bundled: string | undefined;

/** `app.process.ts` with the library's sources in one file: a process never runs a stale build, and comes up sooner. */
function bundle(): string {
  if (bundled !== undefined) return bundled;
  // below the packages that it imports
  const folder = mkdtempSync(resolve('libs/auth/.bundle-'));
  const outfile = join(folder, 'app.process.mjs');
  const library = resolve('libs/auth/src');
  buildSync({
    entryPoints: [resolve('test/processes/app.process.ts')],
    ...{ outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'es2022' },
    alias: {
      'nest-latchkey/redis': join(library, 'redis/index.ts'),
      'nest-latchkey/typeorm': join(library, 'typeorm/index.ts'),
      'nest-latchkey': join(library, 'index.ts'),
    },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return (bundled = outfile);
}
