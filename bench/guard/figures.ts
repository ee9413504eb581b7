import { figure, type Figure, type Target } from '../figure.js';
import type { Rounds } from '../statistics.js';
import type { Adapter } from './variants.js';

/** The contract's targets, in one place. */
const targets = {
  express: {
    warm: { better: 'more', floor: 0.9, aim: 0.97 },
    cold: { better: 'more', floor: 0.82, aim: 0.9 },
    documented: { better: 'more', floor: 5 },
    keyObject: { better: 'more', floor: 1.3 },
  },
  fastify: {
    warm: { better: 'more', floor: 0.83, aim: 0.95 },
    cold: { better: 'more', floor: 0.55, aim: 0.7 },
    documented: { better: 'more', floor: 17 },
    keyObject: { better: 'more', floor: 1.5 },
  },
} satisfies Record<Adapter, Record<string, Target>>;

/** Requests per second: of the guarded route ÷ the unguarded one, and ÷ passport-jwt's. */
export function httpFigures(adapter: Adapter, speed: Rounds): Figure[] {
  const { warm, cold, documented, keyObject } = targets[adapter];
  return [
    figure(`${adapter}.warm`, speed.ratio('latchkey', 'unguarded'), warm),
    figure(`${adapter}.cold`, speed.ratio('latchkey, cold', 'unguarded, cold'), cold),
    figure(`${adapter}.vs_passport_documented`, speed.ratio('latchkey', 'passport documented'), documented),
    figure(`${adapter}.vs_passport_keyobject`, speed.ratio('latchkey', 'passport KeyObject'), keyObject),
  ];
}

/** Nanoseconds of a verification ÷ those of the bare operation of node:crypto. */
export function verifyFigures(times: Rounds): Figure[] {
  const asymmetric = ['RS256', 'ES256', 'EdDSA'].map((alg) =>
    atMost(`verify.${alg.toLowerCase()}.kernel_vs_raw`, times.ratio(`${alg} kernel`, `${alg} raw`), 1.25),
  );
  return [
    atMost('verify.hs256.kernel_vs_raw', times.ratio('HS256 kernel', 'HS256 raw'), 1.5),
    atMost('verify.hs256.insert_vs_raw', times.ratio('HS256 insert', 'HS256 raw'), 2.2),
    atMost('verify.hs256.warm_vs_raw', times.ratio('HS256 warm', 'HS256 raw'), 0.4),
    ...asymmetric,
  ];
}

export function cacheFigure(megabytes: readonly number[]): Figure {
  return figure('cache.mb_per_10k', megabytes, { better: 'less', aim: 25 }, 'MB');
}

export function bootFigure(milliseconds: readonly number[]): Figure {
  return figure('boot.ms', milliseconds, { better: 'less', aim: 100 }, 'ms');
}

function atMost(name: string, ratios: readonly number[], floor: number): Figure {
  return figure(name, ratios, { better: 'less', floor });
}
