import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from './pack.js';

/** What publint and are-the-types-wrong say of the package as it is published. */
const folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'));
try {
  const tarball = join(folder, pack('--pack-destination', folder).filename);
  run(`publint run ${tarball} --strict`);
  run(
    `attw ${tarball} --profile esm-only --no-definitely-typed --no-summary --no-emoji --no-color --format table-flipped`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function run(command: string): void {
  const [bin, ...args] = command.split(' ');
  const { status } = spawnSync(join('node_modules/.bin', bin!), args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
