import { median, Rounds } from '../../statistics.js';
import { readable, table } from '../../table.js';
import { answerOf } from '../child.js';
import type { Measured } from './verify.process.js';

/** Nanoseconds of each way to verify a token, all in one process, in alternating rounds. */
export async function measureVerify(rounds: number): Promise<Rounds> {
  const measured = await answerOf<Measured>('verify/verify.process.js', [String(rounds)]);
  const times = new Rounds();
  for (const [name, values] of Object.entries(measured)) for (const value of values) times.add(name, value);
  const rows = Object.keys(measured).map((name) => {
    const raw = `${name.split(' ')[0]} raw`;
    return [name, readable(median(times.of(name)) / 1000), readable(median(times.ratio(name, raw)))];
  });
  console.log(`${table(['verify', 'µs', '÷ raw'], rows)}\n`);
  return times;
}
