import { answerOf } from '../child.js';
import { figure, type Figure } from '../figure.js';
import type { Section, SectionOptions } from '../section.js';
import { median, rotated, Rounds } from '../statistics.js';

/** What an import of the package costs beside the imports that an application has anyhow. */
export const packageSection: Section = { name: 'package', run };

const pairsPerRound = 5;

async function run({ rounds }: SectionOptions): Promise<Figure[]> {
  const ages = new Rounds();
  const names = ['without', 'with'];
  // the first pair fills the file cache
  for (const name of names) await ageOf(name);
  for (let pair = 0; pair < rounds * pairsPerRound; pair++) {
    for (const name of rotated(names, pair)) ages.add(name, await ageOf(name));
  }
  console.log(`imports of an application without us: ${Math.round(median(ages.of('without')))} ms\n`);
  const added = ages.difference('with', 'without');
  return [figure('import.added_ms', added, { better: 'less', floor: 60 }, 'ms')];
}

const ageOf = (name: string): Promise<number> => answerOf<number>(`package/${name}.js`);
