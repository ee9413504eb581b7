import { answerOf } from '../../child.js';
import { median, Rounds } from '../../statistics.js';
import { readable, table } from '../../table.js';
import { engineNames } from '../engines.js';
import type { Measured } from './refresh.process.js';

export interface RefreshMeasured {
  /** Rotations per second, `<engine> service` and `<engine> bare`. */
  readonly speed: Rounds;
  /** Statements of a refresh, on each engine. */
  readonly used: readonly number[];
  readonly pending: readonly number[];
}

/** Rotations of refresh tokens on each engine, each in a process of its own. */
export async function measureRefresh(rounds: number): Promise<RefreshMeasured> {
  const speed = new Rounds();
  const used: number[] = [];
  const pending: number[] = [];
  const rows: string[][] = [];
  for (const engine of engineNames) {
    const measured = await answerOf<Measured>('session/refresh/refresh.process.js', [engine, String(rounds)]);
    for (const name of ['service', 'bare'] as const)
      for (const value of measured[name]) speed.add(`${engine} ${name}`, value);
    used.push(measured.used);
    pending.push(measured.pending);
    const ratio = median(speed.ratio(`${engine} service`, `${engine} bare`));
    rows.push([
      engine,
      ...[measured.service, measured.bare].map((values) => readable(median(values))),
      readable(ratio),
      String(measured.used),
      String(measured.pending),
    ]);
  }
  const head = ['refresh', 'rotations/s', 'bare driver', 'ratio', 'statements', 'child unused'];
  console.log(`${table(head, rows)}\n`);
  return { speed, used, pending };
}
