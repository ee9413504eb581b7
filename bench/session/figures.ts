import { figure, type Figure } from '../figure.js';
import { engineNames } from './engines.js';
import type { Rounds } from '../statistics.js';
import type { RefreshMeasured } from './refresh/measure-refresh.js';
import type { ScaleMeasured } from './scale/measure-scale.js';

/** The default of `revocation.poll`, in milliseconds. */
const pollInterval = 1_000;

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

/** What grows with the number of sessions, and what must not. */
export function scaleFigures(measured: ScaleMeasured): Figure[] {
  const perEngine = engineNames.flatMap((engine) => {
    const { few, many, cleanup } = measured[engine];
    const ratios = many.map((value, round) => value / few[round]!);
    const slowest = cleanup.map(({ milliseconds }) => milliseconds);
    return [
      figure(`${engine}.cost_1m_vs_1k`, ratios, { better: 'less', floor: 1.5 }),
      figure(`${engine}.cleanup_ms_max`, slowest, { better: 'less', floor: 100 }, 'ms'),
    ];
  });
  const writes = Math.max(...engineNames.map((engine) => measured[engine].revokeWrites));
  return [...perEngine, figure('statements.revoke_subject', [writes], { better: 'less', floor: 1 }, '')];
}

/** Requests per second of one route: with a token of a session ÷ with a stateless one. */
export function guardFigure(speed: Rounds): Figure {
  return figure('guard.session_vs_stateless', speed.ratio('session', 'stateless'), { better: 'more', floor: 0.95 });
}

export function mirrorFigure(megabytes: readonly number[]): Figure {
  return figure('mirror.mb_per_1m', megabytes, { better: 'less', floor: 200 }, 'MB');
}

/** Milliseconds from a revocation in one process to the refusal in another. */
export function revokeFigures(poll: readonly number[], redis: readonly number[]): Figure[] {
  return [
    figure('revoke.p99_ms_poll', poll, { better: 'less', floor: pollInterval + 100 }, 'ms'),
    figure('revoke.p99_ms_redis', redis, { better: 'less', floor: 100 }, 'ms'),
  ];
}
