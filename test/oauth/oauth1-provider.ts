import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** A Python that has oauthlib: that of the path, or Debian's own. */
export const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import oauthlib, jwt, cryptography']).status === 0,
);
const isCi = process.env['CI'] === 'true';
if (python === undefined && !isCi)
  console.warn('python3-oauthlib is not installed: the tests with a provider of OAuth 1 are left out');

/** With a provider that nobody here wrote; left out, loudly, where it is not installed, and never under CI=true. */
export const describeWithOAuthlib = python !== undefined || isCi ? describe : describe.skip;

export interface OAuth1Client {
  readonly method: 'HMAC-SHA1' | 'HMAC-SHA256' | 'RSA-SHA1' | 'PLAINTEXT';
  readonly secret?: string;
  /** PEM. */
  readonly publicKey?: string;
  readonly callbacks: readonly string[];
}

export interface OAuth1Setting {
  readonly clients: Readonly<Record<string, OAuth1Client>>;
  /** Of nobody: what an unknown client is checked with. */
  readonly otherPublicKey: string;
  /** A path: it speaks TLS, and writes its certificate there. */
  readonly certificate?: string;
}

/** A signed request, as it came. */
export interface SeenRequest {
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly uri: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `oauth1-provider.py`, running. */
export class OAuthlibProvider {
  origin = '';
  private child!: ChildProcess;

  async start(setting: OAuth1Setting): Promise<void> {
    const script = resolve('test/oauth/oauth1-provider.py');
    this.child = spawn(python!, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin!.write(`${JSON.stringify(setting)}\n`);
    const [line] = (await Promise.race([
      once(createInterface(this.child.stdout!), 'line'),
      once(this.child, 'exit').then(() => ['']),
    ])) as [string];
    if (line === '') throw new Error('the provider did not come up');
    this.origin = line;
  }

  async stop(): Promise<void> {
    if (this.child === undefined || this.child.exitCode !== null) return;
    this.child.stdin!.end();
    await once(this.child, 'exit');
  }

  /** Of all clients. Not of a provider that speaks TLS. */
  async seen(): Promise<SeenRequest[]> {
    return (await (await fetch(`${this.origin}/seen`)).json()) as SeenRequest[];
  }
}

/** The base strings that oauthlib makes of signed requests. */
export function judged(requests: readonly object[]): string[] {
  const script = resolve('test/oauth/oauth1-judge.py');
  const { stdout, stderr } = spawnSync(python!, [script], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}
