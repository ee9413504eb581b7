import { isLive } from '../stores/session-life.js';
import type { Children, Descent, RotationRows } from '../stores/session.store.js';

/**
 * What a refresh token is, derived from the rows of its session and never stored.
 *
 * A child counts as soon as it is used, by its access token at the guard or by a refresh of its own; until then its parent
 * still stands, so a lost answer, a crash or a race of tabs logs nobody out. For a short leeway after a token moved up,
 * its siblings and its parent are answered too, on the live branch: nothing ever forks.
 */
export type RefreshTokenState =
  /** The live branch's own token, for as long as its child is not used. */
  | 'current'
  /** A child of it, but the branch has moved within the leeway: it goes on with the branch, which stays where it is. */
  | 'early'
  /** A child of it that was not used yet: now it is. */
  | 'pending'
  /** Overtaken within the leeway, or by a branch that was given out within the leeway: it goes on with the live branch. */
  | 'grace'
  /** A sibling of the current token, issued within one leeway of it: two tabs, of which the cookie jar kept this one. */
  | 'raced'
  /** Somebody has used it before: its holder, or a thief. */
  | 'reused';

/** What a refresh does. */
export type RotationStep =
  /** The session has ended: 401, and nothing is told of a reuse. */
  | { readonly kind: 'ended' }
  /** End the session. */
  | { readonly kind: 'reuse' }
  /** Too many unused children: wait so many milliseconds. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  /** Issue a child of `parent`; where `promote` is true, first move the branch there. */
  | { readonly kind: 'child'; readonly parent: string; readonly promote: boolean };

/** From so many children of one token on, one more a minute: a lost client is answered, a flood of rows is not. */
const manyChildren = 50;
const minute = 60_000;

/** First match wins. `leeway` in milliseconds. */
export function stateOf(rows: RotationRows, now: number, leeway: number): RefreshTokenState {
  const { session, token, current, previous } = rows;
  const isOpen = now - session.rotatedAt <= leeway;
  if (token.id === session.currentId) return 'current';
  if (token.parentId === session.currentId) return isOpen ? 'early' : 'pending';
  const isOfPrevious = token.parentId !== null && token.parentId === session.previousId;
  const isPrevious = token.id === session.previousId;
  if (isOpen && (isPrevious || isOfPrevious || areTwins(token, previous, leeway))) return 'grace';
  if (!isOfPrevious || !areTwins(token, current, leeway)) return 'reused';
  // what the branch gave within the leeway may be on its way to this very tab: moving the branch would log it out
  return now - rows.childrenOfCurrent.newestAt <= leeway ? 'grace' : 'raced';
}

/** The one decision of a refresh, as a pure function of what was read. */
export function nextStep(rows: RotationRows, now: number, leeway: number): RotationStep {
  const { session, token } = rows;
  if (!isLive(session, now)) return { kind: 'ended' };
  const state = stateOf(rows, now, leeway);
  if (state === 'reused') return { kind: 'reuse' };
  const goesOnWithItself = state === 'current' || state === 'pending' || state === 'raced';
  const wait = waitOf(goesOnWithItself ? rows.childrenOfToken : rows.childrenOfCurrent, now);
  if (wait > 0) return { kind: 'wait', milliseconds: wait };
  if (!goesOnWithItself || state === 'current') return { kind: 'child', parent: session.currentId, promote: false };
  return { kind: 'child', parent: token.id, promote: true };
}

function areTwins(one: Descent, other: Descent | null, leeway: number): boolean {
  if (other === null || one.parentId === null || one.parentId !== other.parentId) return false;
  return Math.abs(one.issuedAt - other.issuedAt) <= leeway;
}

function waitOf({ count, newestAt }: Children, now: number): number {
  return count < manyChildren ? 0 : Math.max(0, newestAt + minute - now);
}
