import { median, Rounds } from '../../statistics.js';
import { readable, table } from '../../table.js';
import { answerOf } from '../../child.js';
import type { Family, Measured } from './verify.process.js';

/** Nanoseconds of each way to verify a token, those of one family in one process, in alternating rounds. */
export async function measureVerify(rounds: number): Promise<Rounds> {
  const measured: Measured = {
    ...(await answerFor('hmac', rounds)),
    ...(await answerFor('asymmetric', rounds)),
  };
  const times = new Rounds();
  for (const [name, values] of Object.entries(measured)) for (const value of values) times.add(name, value);
  const rows = Object.keys(measured).map((name) => {
    const raw = `${name.split(' ')[0]} raw`;
    return [name, readable(median(times.of(name)) / 1000), readable(median(times.ratio(name, raw)))];
  });
  console.log(`${table(['verify', 'µs', '÷ raw'], rows)}\n`);
  return times;
}

function answerFor(family: Family, rounds: number): Promise<Measured> {
  return answerOf<Measured>('guard/verify/verify.process.js', [String(rounds), family]);
}
