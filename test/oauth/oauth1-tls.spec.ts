import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { buildSync } from 'esbuild';
import { adapters } from '../e2e/fixture.js';
import { Browser, nextOf } from './browser.js';
import { describeWithOAuthlib, OAuthlibProvider } from './oauth1-provider.js';
import type { TlsAppOptions } from './oauth1-tls.process.js';
import { freePort } from './real-provider.js';

jest.setTimeout(60_000);

const consumerSecret = 'the secret: of % the app & co + ü';

describeWithOAuthlib('PLAINTEXT, over TLS on loopback', () => {
  const provider = new OAuthlibProvider();
  let folder: string;
  let bundle: string;
  let certificate: string;
  let ports: number[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'));
    certificate = join(folder, 'certificate.pem');
    ports = [await freePort(), await freePort()];
    const callbacks = ports.map((port) => `http://127.0.0.1:${port}/login/plaintext/authorized`);
    await provider.start({
      clients: { plaintext: { method: 'PLAINTEXT', secret: consumerSecret, callbacks } },
      otherPublicKey: '',
      certificate,
    });
    bundle = bundled();
  });
  afterAll(async () => {
    await provider.stop();
    rmSync(folder, { recursive: true });
    rmSync(resolve(bundle, '..'), { recursive: true });
  });

  it.each(adapters)('O55 OC-15 logs in on %s', async (adapter) => {
    const port = ports[adapters.indexOf(adapter)]!;
    const child = await start(bundle, { adapter, port, origin: provider.origin, consumerSecret }, certificate);
    try {
      const browser = new Browser();
      const url = nextOf(await browser.visit(`http://127.0.0.1:${port}/login/plaintext?return_to=/home`))!;
      expect(url.protocol).toBe('https:');
      const page = await browser.visit(await locationOf(url, readFileSync(certificate)));
      expect([page.status, page.headers.location]).toEqual([302, '/home']);
      expect(browser.cookieNames(`http://127.0.0.1:${port}`)).toContain('sAccessToken');
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  it('O55 sends no secret to whom nobody trusts', async () => {
    const port = ports[0]!;
    const child = await start(bundle, { adapter: 'express', port, origin: provider.origin, consumerSecret });
    try {
      const page = await new Browser().visit(`http://127.0.0.1:${port}/login/plaintext`);
      expect([page.status, page.body['errorCode']]).toEqual([503, 'oauth_provider_unavailable']);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });
});

async function start(bundle: string, options: TlsAppOptions, trusted?: string): Promise<ChildProcess> {
  const { NODE_EXTRA_CA_CERTS: _other, ...env } = process.env;
  const child = fork(bundle, [JSON.stringify(options)], {
    env: { ...env, ...(trusted !== undefined && { NODE_EXTRA_CA_CERTS: trusted }) },
    execArgv: [],
  });
  const [ready] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (ready !== 'ready') throw new Error('the application did not come up');
  return child;
}

/** The process with the library's sources in one file: it never runs a stale build. */
function bundled(): string {
  // below the packages that it imports
  const outfile = join(mkdtempSync(resolve('libs/auth/.bundle-')), 'oauth1-tls.process.mjs');
  const library = resolve('libs/auth/src');
  buildSync({
    entryPoints: [resolve('test/oauth/oauth1-tls.process.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    alias: {
      'nest-latchkey/passport': join(library, 'passport/index.ts'),
      'nest-latchkey/providers': join(library, 'oauth/providers/index.ts'),
      'nest-latchkey': join(library, 'index.ts'),
    },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return outfile;
}

async function locationOf(url: URL, ca: Buffer): Promise<string> {
  const [response] = (await once(get(url, { ca, agent: false }), 'response')) as [import('node:http').IncomingMessage];
  response.resume();
  return response.headers.location!;
}
