import { allowedSkew } from '../../keys/key-schedule.js';
import type { Finding } from './finding.js';

/**
 * Compare a clock of somewhere else with that of the application.
 *
 * @param ask answers with epoch milliseconds.
 * @param tolerance seconds: `jwt.clockTolerance`.
 */
export async function checkClock(
  whose: string,
  ask: () => Promise<number>,
  { now, tolerance }: { now: () => number; tolerance: number },
): Promise<Finding> {
  const before = now();
  const there = await ask();
  const ahead = Math.round(there - (before + now()) / 2);
  const level = Math.abs(ahead) > allowedSkew ? 'fail' : Math.abs(ahead) > tolerance * 1000 ? 'warn' : 'ok';
  const found = `the clock of ${whose} is ${Math.abs(ahead)} ms ${ahead < 0 ? 'behind' : 'ahead'}`;
  const mend = level === 'ok' ? '' : `: keep clocks within ${tolerance} s (jwt.clockTolerance), by NTP`;
  return { level, subject: 'clock', text: found + mend };
}
