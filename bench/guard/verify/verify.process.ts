import { rotated } from '../../statistics.js';
import { asymmetricOperations, hmacOperations } from './operations.js';
import { Stopwatch } from './stopwatch.js';

/** Nanoseconds by operation, one value a round. */
export type Measured = Readonly<Record<string, readonly number[]>>;

/** Each in a process of its own: the 12,000 tokens of the one are no garbage of the other. */
const operations = { hmac: hmacOperations, asymmetric: asymmetricOperations };
export type Family = keyof typeof operations;

async function measure(rounds: number, family: Family): Promise<Measured> {
  const watches = (await operations[family]()).map((operation) => new Stopwatch(operation));
  for (const watch of watches) await watch.warmUp();

  const measured = Object.fromEntries(watches.map(({ operation }) => [operation.name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const watch of rotated(watches, round * 3)) {
      measured[watch.operation.name]!.push(await watch.nanoseconds());
    }
  }
  return measured;
}

const [rounds, family] = process.argv.slice(2) as [string, Family];
process.send!(await measure(Number(rounds), family), () => process.exit());
