import { answerOf } from '../../child.js';

/** Megabytes that 1,000,000 revoked sessions take in every process, each time in a new one. */
export async function measureMirror(rounds: number): Promise<number[]> {
  const measured: number[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push(await answerOf<number>('session/mirror/mirror.process.js', [], ['--expose-gc']));
  }
  return measured;
}
