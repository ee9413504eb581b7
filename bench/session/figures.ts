import { figure, type Figure } from '../figure.js';
import { engineNames } from './engines.js';
import type { RefreshMeasured } from './refresh/measure-refresh.js';

/** Rotations per second: through AuthService ÷ the same statements through the driver alone. */
export function refreshFigures({ speed, used, pending }: RefreshMeasured): Figure[] {
  const ratios = engineNames.map((engine) =>
    figure(`${engine}.refresh_vs_sql`, speed.ratio(`${engine} service`, `${engine} bare`), {
      ...{ better: 'more', floor: 0.6, aim: 0.85 },
    }),
  );
  return [
    ...ratios,
    figure('statements.refresh', [Math.max(...used)], { better: 'less', floor: 3 }, ''),
    figure('statements.refresh_pending', [Math.max(...pending)], { better: 'less', floor: 4 }, ''),
  ];
}
