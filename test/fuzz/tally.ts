import { createMutant, type Mutant } from './mutations.js';
import type { Random } from './random.js';
import type { World } from './tokens.js';
import { judge } from './verdicts.js';

/** What became of the mutants of one mutation. */
export interface Counts {
  accepted: number;
  refused: number;
  stricter: number;
  fault: number;
}

export interface Fault {
  readonly fault: string;
  readonly mutant: Mutant;
}

/** The result of a run. */
export interface Tally {
  readonly byMutation: Map<string, Counts>;
  readonly byReason: Map<string, number>;
  /** The first of them, whole. */
  readonly faults: Fault[];
}

const mostFaults = 20;

/** Make and judge `count` mutants, one after the other. */
export async function run(count: number, random: Random, world: World, tell = (_done: number) => {}): Promise<Tally> {
  const tally: Tally = { byMutation: new Map(), byReason: new Map(), faults: [] };
  for (let done = 0; done < count; done++) {
    if (done % 10_000 === 0) tell(done);
    const mutant = createMutant(world, random);
    const outcome = await judge(mutant, world);
    const row = mutant.second === undefined ? mutant.name : 'two mutations, one of the text';
    const counts = tally.byMutation.get(row) ?? { accepted: 0, refused: 0, stricter: 0, fault: 0 };
    counts[outcome.kind] += 1;
    tally.byMutation.set(row, counts);
    if (outcome.kind === 'stricter') tally.byReason.set(outcome.reason, (tally.byReason.get(outcome.reason) ?? 0) + 1);
    if (outcome.kind === 'fault' && tally.faults.length < mostFaults)
      tally.faults.push({ fault: outcome.fault, mutant });
  }
  return tally;
}

/** A fault so that it can be tried again: the keys of a run are of that run alone. */
export function describeFault({ fault, mutant }: Fault): string {
  const { key } = mutant.base.signer;
  const material = JSON.stringify(key.verifyKey.export({ format: 'jwk' }));
  return `${fault}\n  mutation: ${mutant.name}${mutant.second === undefined ? '' : `, then ${mutant.second}`}\n  token: ${JSON.stringify(mutant.text)}\n  ${key.algorithm} ${key.kid ?? ''} ${material}`;
}

/** Sums over all mutations. */
export function totals({ byMutation }: Tally): Counts {
  const sum: Counts = { accepted: 0, refused: 0, stricter: 0, fault: 0 };
  for (const counts of byMutation.values()) {
    for (const kind of Object.keys(sum) as (keyof Counts)[]) sum[kind] += counts[kind];
  }
  return sum;
}
