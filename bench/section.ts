import type { Figure } from './figure.js';

export interface SectionOptions {
  /** How often everything is measured, in alternating order; each figure is the median. */
  readonly rounds: number;
}

/** A part of the benchmark that runs alone by its name. */
export interface Section {
  readonly name: string;
  /** Prints tables of what it measures on its way; returns the figures of the contract. */
  run(options: SectionOptions): Promise<Figure[]>;
}
