import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine, as every report states it: figures of two machines are not compared. */
export function machine(): string {
  const processors = cpus();
  const load = loadavg().map((value) => value.toFixed(2));
  return [
    `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
    `${type()} ${release()}, Node ${process.version}`,
    `load average ${load.join(' ')} before the start`,
  ].join('\n');
}
