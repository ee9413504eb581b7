import { answerOf } from '../../child.js';

/** Megabytes of heap that 10,000 verified tokens take, each time in a new process. */
export async function measureCache(rounds: number): Promise<number[]> {
  const measured: number[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push(await answerOf<number>('guard/verify/cache.process.js', [], ['--expose-gc']));
  }
  return measured;
}
