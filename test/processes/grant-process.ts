import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { EncryptionKey } from 'nest-latchkey';

export interface GrantProcessOptions {
  /** DataSourceOptions without entities and migrations. */
  readonly database: object;
  readonly key: EncryptionKey;
  /** Of `oauth2Provider()`. */
  readonly provider: object & { clientId: string };
  /** Seconds, which also decide how long a lease is. */
  readonly timeout: number;
}

interface Answer {
  readonly id: number;
  readonly answers: string[];
  readonly events: string[];
}

/** `grant.process.ts`, running. */
export class GrantProcess {
  /** What its application has heard. */
  events: readonly string[] = [];
  private readonly waiting = new Map<number, (answer: Answer | undefined) => void>();
  private lastId = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answer: Answer) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
    child.on('exit', () => {
      for (const lost of this.waiting.values()) lost(undefined);
      this.waiting.clear();
    });
  }

  static async start(options: GrantProcessOptions): Promise<GrantProcess> {
    const child = fork(bundle(), [JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    let log = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (log += String(text)));
    const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
    if (typeof first !== 'object') throw new Error(`the process did not come up:\n${log}`);
    return new GrantProcess(child);
  }

  /** So many calls at once: who the provider says it is, or the code of the error; undefined when the process died. */
  async calls(count: number): Promise<string[] | undefined> {
    const id = (this.lastId += 1);
    const answer = await new Promise<Answer | undefined>((heard) => {
      this.waiting.set(id, heard);
      this.child.send({ id, count }, (error) => error !== null && heard(undefined));
    });
    this.events = answer?.events ?? this.events;
    return answer?.answers;
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

let bundled: string | undefined;

/** With the library's sources in one file: a process never runs a stale build. */
function bundle(): string {
  if (bundled !== undefined) return bundled;
  // below the packages that it imports
  const outfile = join(mkdtempSync(resolve('libs/auth/.bundle-')), 'grant.process.mjs');
  const library = resolve('libs/auth/src');
  buildSync({
    entryPoints: [resolve('test/processes/grant.process.ts')],
    ...{ outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'es2022' },
    alias: { 'nest-latchkey/typeorm': join(library, 'typeorm/index.ts'), 'nest-latchkey': join(library, 'index.ts') },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return (bundled = outfile);
}

export function removeBundle(): void {
  if (bundled !== undefined) rmSync(dirname(bundled), { recursive: true, force: true });
  bundled = undefined;
}
