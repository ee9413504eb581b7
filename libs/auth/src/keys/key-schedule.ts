import type { SigningKeyRow } from '../stores/signing-key.store.js';

/** Instances read the keys so often, in milliseconds. */
export const readEvery = 10_000;
/** So soon, in milliseconds, every instance that reaches the store knows a new key: one reading may fail. */
export const agreedWithin = 2 * readEvery;
/**
 * So long, in milliseconds, a key stands in the key set before it signs. Others may keep the set for half of that
 * (`Cache-Control`); the rest is for instances that read late and for clocks that differ.
 */
export const publishedFor = 600_000;
/** Clocks of instances may differ by so much, in milliseconds: a key that is retired here may still sign there. */
export const allowedSkew = 60_000;

/** When a key begins to sign, in epoch milliseconds of one clock. */
export type TurnOf = (row: SigningKeyRow) => number;

/** How keys are used at one moment. */
export interface KeySchedule {
  readonly signing: SigningKeyRow;
  /** The others whose tokens are good: the next one, which is published before it signs, and the retired ones. */
  readonly verifying: readonly SigningKeyRow[];
  /** Ended for a day and more: no clock makes a token of theirs good again. The oldest first. */
  readonly dead: readonly SigningKeyRow[];
  /** When any of this changes by itself; Infinity when only a new key can change it. */
  readonly changesAt: number;
}

/**
 * What the rows mean now. A key signs until the next one does, and verifies for `overlap` longer, so that every token lives
 * to its end; where the next one ends the older ones, not a moment longer.
 *
 * @param rows at least one, the oldest first.
 * @param overlap milliseconds: the life of the longest token, and what clocks may differ.
 * @param turnOf when a key begins to sign, by the clock of `now`; see {@link turnHere}.
 */
export function keySchedule(
  rows: readonly SigningKeyRow[],
  now: number,
  overlap: number,
  turnOf: TurnOf = ({ signsFrom }) => signsFrom,
): KeySchedule {
  const keys = withEnds(rows, overlap, turnOf);
  // the first key of all signs at once, also by a clock that is behind its maker's
  const signing = rows.findLast((row) => turnOf(row) <= now) ?? rows[0]!;
  const living = keys.filter(({ end }) => end > now);
  const changes = living.flatMap(({ row, end }) => [turnOf(row), end]).filter((time) => time > now);
  return {
    signing,
    verifying: living.map(({ row }) => row).filter((row) => row !== signing),
    dead: keys.filter(({ end }) => end + aDay <= now).map(({ row }) => row),
    changesAt: Math.min(...changes),
  };
}

/**
 * The turn of a key that ends the older ones, by the clock of this instance. Its maker set it `agreedWithin` ahead by a clock that
 * may differ by more: an instance that is ahead would sign with it before others know it, and one that is behind would use a
 * stolen key for longer. But it was written between two readings, so its turn comes `agreedWithin` after one of them, or between.
 *
 * @param before when the rows were last read without it; -Infinity where they never were.
 * @param read when they were first read with it.
 */
export function turnHere({ signsFrom }: Pick<SigningKeyRow, 'signsFrom'>, before: number, read: number): number {
  // by a clock that was set back in between, the latest counts
  return Math.min(Math.max(signsFrom, before + agreedWithin), read + agreedWithin);
}

/** The key that is to be made now, if any: so early that it is published for long enough when its turn comes. */
export function dueKey(
  rows: readonly SigningKeyRow[],
  now: number,
  rotateEvery: number,
): Pick<SigningKeyRow, 'generation' | 'signsFrom'> | undefined {
  const newest = rows.at(-1);
  if (newest === undefined) return { generation: 1, signsFrom: now };
  const turn = newest.signsFrom + rotateEvery;
  if (turn - publishedFor > now) return undefined;
  return { generation: newest.generation + 1, signsFrom: Math.max(turn, now + publishedFor) };
}

const aDay = 86_400_000;

/** The newest never ends by itself. A key that ends the older ones ends those before its predecessor too. */
function withEnds(
  rows: readonly SigningKeyRow[],
  overlap: number,
  turnOf: TurnOf,
): { row: SigningKeyRow; end: number }[] {
  let end = Infinity;
  const newestFirst = rows.toReversed().map((row) => {
    const own = { row, end };
    end = Math.min(end, row.endsOlder ? turnOf(row) : turnOf(row) + overlap);
    return own;
  });
  return newestFirst.toReversed();
}
