import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** What `npm pack --json` says of a package. */
export interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/**
 * Pack the package as its `prepack` would, from the build that is there: whoever calls has built it.
 *
 * @param options of `npm pack`, such as `--dry-run`.
 */
export function pack(...options: string[]): Packed {
  execFileSync(process.execPath, [resolve('libs/auth/documents.mjs')]);
  const told = execFileSync('npm', ['pack', '--json', '--ignore-scripts', ...options, '--workspace', 'nest-latchkey'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (JSON.parse(told) as Packed[])[0]!;
}
