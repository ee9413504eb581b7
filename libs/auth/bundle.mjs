import { chmodSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * From `build/`, where tsc leaves a module for each source, to `dist/`: a module for each entry and command of package.json, and one for what
 * several entries share. Node needs a third of the time to load them. Decorators and their metadata are as tsc wrote them.
 */
const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = [...Object.values(exports).flatMap((entry) => entry.default ?? []), ...Object.values(bin)];

await build({
  entryPoints: entries.map((path) => path.replace('./dist/', './build/')),
  outbase: 'build',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  // class names stand in Nest's messages, and a bundle renames what two modules call the same
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
});

for (const path of Object.values(bin)) chmodSync(path, 0o755);
