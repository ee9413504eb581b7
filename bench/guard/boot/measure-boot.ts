import { median, rotated, Rounds } from '../../statistics.js';
import { answerOf } from '../../child.js';

const pairsPerRound = 3;

/** AuthModule's share of the boot, in milliseconds: process start to the end of `init()`, imports and all. */
export async function measureBoot(rounds: number): Promise<number[]> {
  const results = new Rounds();
  // the first pair fills the file cache
  for (const name of ['empty', 'latchkey']) await answerOf<number>(`guard/boot/${name}.js`);
  for (let pair = 0; pair < rounds * pairsPerRound; pair++) {
    for (const name of rotated(['empty', 'latchkey'], pair))
      results.add(name, await answerOf<number>(`guard/boot/${name}.js`));
  }
  console.log(`boot of an empty application: ${Math.round(median(results.of('empty')))} ms\n`);
  return results.difference('latchkey', 'empty');
}
