import { answerOf } from '../../child.js';
import { median } from '../../statistics.js';
import { readable, table } from '../../table.js';
import { engineNames, type EngineName } from '../engines.js';
import type { Measured } from './scale.process.js';

/** What an engine does with 1,000,000 sessions, each engine by a process of its own. */
export type ScaleMeasured = Record<EngineName, Measured>;

export async function measureScale(rounds: number): Promise<ScaleMeasured> {
  const measured: Partial<ScaleMeasured> = {};
  for (const engine of engineNames)
    measured[engine] = await answerOf<Measured>('session/scale/scale.process.js', [engine, String(rounds)]);
  const all = measured as ScaleMeasured;
  printCosts(all);
  printSizes(all.postgres);
  return all;
}

function printCosts(measured: ScaleMeasured): void {
  const rows = engineNames.map((engine) => {
    const { few, many, perSecond, cleanup } = measured[engine];
    const slowest = cleanup.reduce((one, other) => (other.milliseconds > one.milliseconds ? other : one));
    return [
      engine,
      ...[median(few), median(many), perSecond, slowest.milliseconds].map(readable),
      slowest.sql.replace(/^(\w+).*?\b(auth_\w+).*$/s, '$1 $2'),
    ];
  });
  const head = [
    '1,000,000 sessions',
    'refresh of 1,000, ms',
    'of 1,000,000, ms',
    '16 clients, refreshes/s',
    'clean-up, ms',
    '',
  ];
  console.log(`${table(head, rows)}\n`);
}

function printSizes({ sizes }: Measured): void {
  const rows = Object.entries(sizes).map(([name, bytes]) => [name, readable(bytes / 2 ** 20), readable(bytes / 1e6)]);
  console.log(`${table(['postgres, a row each of 1,000,000', 'MB', 'bytes a row'], rows)}\n`);
}
