import type { ValueTransformer } from 'typeorm';

/** What a bigint column holds for Infinity, the end of what never ends. */
const endless = Number.MAX_SAFE_INTEGER;

/**
 * A time as the columns hold it: a bigint knows no fraction and no Infinity, and MariaDB would round down without a word.
 * Upwards, so that nothing ends early; `<` and `>=` against such a column answer as they would for the time itself.
 *
 * A parameter of a condition must be passed through here by hand: TypeORM transforms inserted values only.
 */
export function wholeNumber(value: number): number {
  return Math.min(Math.ceil(value), endless);
}

/** pg and mysql2 give a bigint as text, better-sqlite3 as a number or, by an option, as a BigInt. */
export const wholeNumberColumn: ValueTransformer = {
  to: wholeNumber,
  from: (stored: string | number | bigint) => (Number(stored) === endless ? Infinity : Number(stored)),
};

/** The same for a time that is not there yet. */
export const wholeNumberOrNullColumn: ValueTransformer = {
  to: (value: number | null) => (value === null ? null : wholeNumber(value)),
  from: (stored: string | number | bigint | null) => (stored === null ? null : wholeNumberColumn.from(stored)),
};
