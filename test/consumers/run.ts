import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from '../package/pack.js';
import { Consumer } from './consumer.js';
import { converse } from './conversation.js';
import { step } from './step.js';

const names = ['nest12-jest', 'nest12-vitest', 'nest12-fastify', 'nest12-every-entry', 'nest11-commonjs'];
const compilers = ['5.9', '6.0', '7.0'];

/**
 * `npm run consumers [-- --keep] [NAME …]`: small applications that install the packed tarball as a user does, from the registry for the
 * rest. Each is built, answers over HTTP, runs its own tests, and is type-checked, declarations of packages included, by every compiler.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { keep: { type: 'boolean' } } });
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-consumers-'));
  try {
    const { filename } = pack('--pack-destination', folder);
    for (const version of compilers)
      await step('compiler', folder, `npm install --prefix typescript-${version} typescript@~${version}`);

    for (const name of positionals.length > 0 ? positionals : names) {
      const consumer = new Consumer(name, folder);
      await consumer.install(filename);
      await consumer.step('npm run build');
      await converse(consumer);
      await consumer.step('npm test');
      for (const version of compilers) await consumer.check(version);
    }
  } finally {
    if (values.keep) console.log(`kept: ${folder}`);
    else rmSync(folder, { recursive: true });
  }
}

await main();
