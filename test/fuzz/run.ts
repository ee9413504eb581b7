/**
 * The differential fuzz: mutated tokens, judged by Latchkey and by jose.
 *
 *     node --import tsx test/fuzz/run.ts --count 1000000 --seed 1
 *
 * The seed fixes every choice; keys and randomised signatures are new in each run, so a fault is printed with its key.
 */
import { parseArgs } from 'node:util';
import { Random } from './random.js';
import { describeFault, run, totals, type Counts } from './tally.js';
import { createWorld } from './tokens.js';

const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } });
const count = Number(values.count ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed))
  throw new TypeError('--count and --seed are whole numbers');
console.log(`seed ${seed}, ${count} mutants`);

const random = new Random(seed);
const world = createWorld(random);
const began = performance.now();
const tally = await run(count, random, world, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done}`);
});
const seconds = (performance.now() - began) / 1000;

const row = (name: string, { accepted, refused, stricter, fault }: Counts) =>
  [name.padEnd(56), ...[accepted, refused, stricter, fault].map((value) => String(value).padStart(9))].join('');
console.log(`\n${'mutation'.padEnd(56)} accepted  refused stricter    fault`);
for (const [name, counts] of [...tally.byMutation].toSorted(([a], [b]) => a.localeCompare(b)))
  console.log(row(name, counts));
console.log(row('all', totals(tally)));
console.log('\nstricter than jose, because');
for (const [name, times] of [...tally.byReason].toSorted(([, a], [, b]) => b - a))
  console.log(`${String(times).padStart(9)}  ${name}`);
console.log(`\n${seconds.toFixed(0)} s, ${((seconds / count) * 1e6).toFixed(0)} µs each, seed ${seed}`);
for (const fault of tally.faults) console.log(`\nFAULT ${describeFault(fault)}`);
if (Object.keys(Object.prototype).length > 0) throw new Error('Object.prototype was changed');
process.exitCode = totals(tally).fault > 0 ? 1 : 0;
