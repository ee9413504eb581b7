import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const manifest = JSON.parse(readFileSync('libs/auth/package.json', 'utf8')) as {
  exports: Record<string, unknown>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};
/** Packages that wait for who needs them. */
const waiting = [...Object.keys(manifest.peerDependenciesMeta), 'jose', 'oauth4webapi'];

/** Which packages an import of the built package loads, whoever asks for them. */
async function packagesLoadedBy(entry: string): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-imports-'));
  try {
    const file = join(folder, 'loaded.txt');
    await promisify(execFile)(process.execPath, ['test/package/loaded-by.mjs', entry, file]);
    const loaded = await readFile(file, 'utf8');
    expect(loaded).toContain('/libs/auth/dist/');
    const names = loaded.split('\n').map((line) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(line)?.[1]);
    return new Set(names.filter((name) => name !== undefined));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Each entry, and which of them it loads: nobody needs to install other optional peers for it. */
const loadedAtOnce: Record<string, string[]> = {
  '.': [],
  './providers': [],
  './testing': [],
  './openapi': [],
  './redis': ['ioredis'],
  './typeorm': ['@nestjs/typeorm', 'typeorm'],
  './passport': ['@nestjs/passport', 'passport', 'oauth4webapi'],
};

describe('an import of the built package', () => {
  it.each(Object.entries(loadedAtOnce))(
    'at %s loads of what can wait only %j',
    async (entry, expected) => {
      const loaded = await packagesLoadedBy(entry.replace('.', 'nest-latchkey'));
      expect(waiting.filter((name) => loaded.has(name))).toEqual(expected);
    },
    60_000,
  );

  it('is tried at every entry', () => {
    const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
    expect(Object.keys(loadedAtOnce).toSorted()).toEqual(entries.toSorted());
  });
});
