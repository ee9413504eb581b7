import { mutations } from './fuzz/mutations.js';
import { Random } from './fuzz/random.js';
import { describeFault, run, totals } from './fuzz/tally.js';
import { createWorld } from './fuzz/tokens.js';
import { stricterReasons } from './fuzz/verdicts.js';

/**
 * A short run of the differential fuzz. The long one, with a seed of its own:
 * `node --import tsx test/fuzz/run.ts --count 1000000 --seed 1`
 */
describe('mutated tokens', () => {
  const random = new Random(20_260_801);
  const world = createWorld(random);

  it('get the verdict of jose, but for the listed stricter refusals; the kernel throws nothing but token_invalid', async () => {
    const tally = await run(3_000, random, world);

    expect(tally.faults.map(describeFault)).toEqual([]);
    const { accepted, refused, stricter, fault } = totals(tally);
    expect({ fault, all: accepted + refused + stricter }).toEqual({ fault: 0, all: 3_000 });
    // the run means something: all three kinds occur, by every mutation and for most reasons
    expect(Math.min(accepted / 200, refused / 1_000, stricter / 50)).toBeGreaterThan(1);
    expect(mutations.map(({ name }) => name).filter((name) => !tally.byMutation.has(name))).toEqual([]);
    expect(tally.byReason.size).toBeGreaterThan(stricterReasons.length / 2);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }, 60_000);

  it('are the same for the same seed', () => {
    const [one, other] = [new Random(7), new Random(7)];
    for (let round = 0; round < 100; round++) expect(one.below(1_000_000)).toBe(other.below(1_000_000));
    expect(new Random(8).next()).not.toBe(new Random(7).next());
  });
});
