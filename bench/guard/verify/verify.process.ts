import { rotated } from '../../statistics.js';
import { asymmetricOperations, hmacOperations } from './operations.js';
import { Stopwatch } from './stopwatch.js';

/** Nanoseconds by operation, one value a round. */
export type Measured = Readonly<Record<string, readonly number[]>>;

async function measure(rounds: number): Promise<Measured> {
  const watches = [...(await hmacOperations()), ...asymmetricOperations()].map((operation) => new Stopwatch(operation));
  for (const watch of watches) await watch.warmUp();

  const measured = Object.fromEntries(watches.map(({ operation }) => [operation.name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const watch of rotated(watches, round * 3)) {
      measured[watch.operation.name]!.push(await watch.nanoseconds());
    }
  }
  return measured;
}

process.send!(await measure(Number(process.argv[2])), () => process.exit());
