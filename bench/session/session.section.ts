import type { Figure } from '../figure.js';
import type { Section, SectionOptions } from '../section.js';
import { refreshFigures } from './figures.js';
import { measureRefresh } from './refresh/measure-refresh.js';

/** Sessions in a database: what a refresh costs above its statements. */
export const sessionSection: Section = { name: 'session', run };

async function run({ rounds }: SectionOptions): Promise<Figure[]> {
  return refreshFigures(await measureRefresh(rounds));
}
