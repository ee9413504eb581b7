import { Logger } from '@nestjs/common';
import { Random } from '../../../../test/fuzz/random.js';
import { leeway, openSessions, use, wait } from '../../../../test/sessions/session.fixture.js';
import { Simulation } from '../../../../test/sessions/simulation.js';

/**
 * Random runs of tabs, thieves, crashes and clocks against the promises of the rotation. A failure prints its seed; ten
 * thousand runs with a seed of their own:
 *
 *     SEED=1 RUNS=10000 node --experimental-vm-modules node_modules/jest/bin/jest.js --selectProjects unit \
 *       --testPathPatterns rotation.property
 */
const seed = Number(process.env['SEED'] ?? 20_260_801);
const runs = Number(process.env['RUNS'] ?? 1_000);
const steps = 60;
/** Milliseconds. */
const longest = Math.max(60_000, runs * 60);

beforeAll(() => Logger.overrideLogger(false));

/** Each run has a seed of its own, so that it can be run alone. */
async function each(run: (random: Random) => Promise<void>): Promise<void> {
  for (let index = 0; index < runs; index++) {
    try {
      await run(new Random(seed + index));
    } catch (error) {
      throw new Error(`SEED=${seed + index} RUNS=1: ${(error as Error).message}`, { cause: error });
    }
  }
}

describe('the rotation of refresh tokens', () => {
  it(
    'logs out no honest tab, lets no token outlive a sign-out, and leaves one live branch',
    async () => {
      const seen: Record<string, number> = {};
      await each(async (random) => {
        const simulation = new Simulation(random, { thief: random.oneIn(2), signOut: random.oneIn(3) });
        await simulation.run(steps);
        for (const [what, count] of Object.entries(simulation.seen)) seen[what] = (seen[what] ?? 0) + count;
      });
      // the runs mean something: all of this has happened
      const states = ['current', 'early', 'pending', 'grace', 'raced', 'reused'];
      const statements = ['promote true', 'promote false', 'promote sideways', 'revoke true', 'revoke false'];
      const refusals = ['token_reused', 'token_revoked', 'token_expired'].map((code) => `tab is refused: ${code}`);
      if (runs >= 1_000)
        for (const what of [...states, ...statements, ...refusals, 'tab loses', 'thief gets', 'thief loses'])
          expect([what, seen[what]]).toEqual([what, expect.any(Number)]);
    },
    longest,
  );

  it(
    'lets a victim and a thief who act more than a leeway apart have three turns in all, whoever goes first',
    async () => {
      const most: number[] = [];
      await each(async (random) => {
        const { sessions, clock, store } = openSessions();
        let stolen = await sessions.create('ada');
        for (let turn = random.below(4); turn > 0; turn--) {
          stolen = await sessions.refresh(stolen.refreshToken);
          if (random.oneIn(2)) await use(sessions, stolen);
          wait(clock, random.below(3 * leeway));
        }
        const held = [stolen, stolen];
        let turns = 0;
        for (let party = random.below(2); turns <= 3; party = 1 - party) {
          wait(clock, leeway + 1 + random.below(2 * leeway));
          if (random.oneIn(3)) await use(sessions, held[party]!);
          const next = await sessions.refresh(held[party]!.refreshToken).catch(() => undefined);
          if (next === undefined) break;
          turns += 1;
          held[party] = next;
          if (random.oneIn(3)) await use(sessions, next);
        }
        if (turns > 3) throw new Error(`(d) ${turns} turns`);
        const row = await store.find(stolen.session.id);
        if (row?.revokeReason !== 'reuse') throw new Error(`(d) the session was ended by ${row?.revokeReason}`);
        most.push(turns);
      });
      if (runs >= 1_000) expect([...new Set(most)].toSorted()).toEqual([1, 2, 3]);
    },
    longest,
  );

  it('is the same run for the same seed', async () => {
    const traces = [];
    for (let round = 0; round < 2; round++) {
      const simulation = new Simulation(new Random(seed), { thief: true, signOut: true });
      await simulation.run(steps);
      traces.push(simulation.trace);
    }
    expect(traces[0]).toEqual(traces[1]);
    expect(traces[0]!.length).toBeGreaterThan(steps / 2);
  });
});
