import { median } from './statistics.js';

/** What a figure must reach (`floor`) and what we would like (`aim`). */
export interface Target {
  readonly better: 'more' | 'less';
  readonly floor?: number;
  readonly aim?: number;
}

/** One named number of the contract, with the rounds it is the median of. */
export interface Figure extends Target {
  readonly name: string;
  readonly unit: string;
  readonly rounds: readonly number[];
}

export function figure(name: string, rounds: readonly number[], target: Target, unit = '×'): Figure {
  return { name, unit, rounds, ...target };
}

/** In words. A missed floor is said, not punished: the exit code stays 0, for a busy machine misses floors too. */
export function verdict({ rounds, better, floor, aim }: Figure): string {
  const value = median(rounds);
  const reaches = (target: number): boolean => (better === 'more' ? value >= target : value <= target);
  if (floor !== undefined && !reaches(floor)) return 'BELOW THE FLOOR';
  if (aim === undefined) return 'meets the floor';
  if (reaches(aim)) return 'reaches the aim';
  return floor === undefined ? 'misses the aim' : 'meets the floor, misses the aim';
}
