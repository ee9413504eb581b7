import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from '../figure.js';
import type { Section, SectionOptions } from '../section.js';
import { measureBoot } from './boot/measure-boot.js';
import { measureCache } from './verify/measure-cache.js';
import { measureVerify } from './verify/measure-verify.js';
import { bootFigure, cacheFigure, httpFigures, verifyFigures } from './figures.js';
import { measureHttp } from './http.js';
import { distinctTokens, manyTokens } from './tokens.js';

/** A guarded route against the same route unguarded and against its peers; verification alone; memory; boot. */
export const guardSection: Section = { name: 'guard', run };

async function run({ rounds }: SectionOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
  try {
    const tokenFile = join(folder, 'tokens.txt');
    await writeFile(tokenFile, `${distinctTokens(manyTokens).join('\n')}\n`);
    for (const adapter of ['express', 'fastify'] as const) {
      figures.push(...httpFigures(adapter, await measureHttp(adapter, rounds, tokenFile)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  figures.push(...verifyFigures(await measureVerify(rounds)));
  figures.push(cacheFigure(await measureCache(rounds)));
  figures.push(bootFigure(await measureBoot(rounds)));
  return figures;
}
