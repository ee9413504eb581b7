import { figure, type Figure } from '../figure.js';
import type { ClientAdded } from './client/measure-client.js';
import type { RefreshMeasured } from './refresh/measure-refresh.js';

/** How often a provider hears of an access token that has ended: once, however many calls find it so. */
export function refreshFigures({ inProcess, amongProcesses, failed }: RefreshMeasured): Figure[] {
  return [
    figure('refresh.at_provider', [Math.max(...inProcess, ...amongProcesses)], { better: 'less', floor: 1 }, ''),
    figure('refresh.at_provider_in_process', inProcess, { better: 'less', floor: 1 }, ''),
    figure('refresh.at_provider_among_processes', amongProcesses, { better: 'less', floor: 1 }, ''),
    figure('refresh.failed_calls', [failed], { better: 'less', floor: 0 }, ''),
  ];
}

/** What the client adds: with the cache of grants to the same `fetch`, and without it to the same read and `fetch` by hand. */
export function clientFigures({ microseconds, foreign }: ClientAdded): Figure[] {
  return [
    figure('client.added_us', microseconds.difference('cached', 'fetch'), { better: 'less', floor: 150 }, 'µs'),
    figure('client.added_us_uncached', microseconds.difference('uncached', 'fetch'), { better: 'less' }, 'µs'),
    figure('client.indexed_read_us', microseconds.of('read'), { better: 'less' }, 'µs'),
    figure(
      'client.added_us_beyond_read',
      microseconds.difference('uncached', 'readThenFetch'),
      { better: 'less', floor: 100 },
      'µs',
    ),
    figure('isolation.foreign', [Math.max(...foreign)], { better: 'less', floor: 0 }, ''),
  ];
}

export function danceFigure(milliseconds: readonly number[]): Figure {
  return figure('dance.cpu_ms', milliseconds, { better: 'less', floor: 15 }, 'ms');
}
