import { AuthError } from '../auth.errors.js';
import type { RefreshUse, Revocation, RevocationCursor, RevocationKind } from './revocation.store.js';
import { RevocationStore } from './revocation.store.js';

/**
 * The deny-list of one process. It forgets everything when the process ends, and other processes never see it.
 *
 * Each method runs to its end before another starts: the reads and writes between two awaits are one step.
 */
export class MemoryRevocationStore extends RevocationStore {
  readonly shared = false;
  readonly #revocations = new Map<string, Revocation>();
  readonly #uses = new Map<string, RefreshUse>();

  async revoke(revocation: Revocation): Promise<boolean> {
    const key = keyOf(revocation.kind, revocation.id);
    const standing = this.#revocations.get(key);
    const next = standing === undefined ? { ...revocation } : raised(standing, revocation);
    this.#revocations.set(key, next);
    return standing === undefined || (revocation.kind === 'sub' && next !== standing);
  }

  async find(token: { jti?: string; sid?: string; sub?: string }): Promise<Revocation[]> {
    return (['jti', 'sid', 'sub'] as const)
      .filter((kind) => token[kind] !== undefined)
      .map((kind) => this.#revocations.get(keyOf(kind, token[kind])))
      .filter((row) => row !== undefined);
  }

  async list(page: { since: number; now: number; after?: RevocationCursor; limit: number }): Promise<Revocation[]> {
    const { since, now, after, limit } = page;
    return [...this.#revocations.values()]
      .filter((row) => row.revokedAt >= since && !isExpired(row, now))
      .filter((row) => after === undefined || compare(row, after) > 0)
      .toSorted(compare)
      .slice(0, limit);
  }

  async use(use: Omit<RefreshUse, 'child'>): Promise<RefreshUse> {
    const key = keyOf('jti', use.jti);
    const standing = this.#uses.get(key) ?? { ...use, child: undefined };
    this.#uses.set(key, standing);
    return standing;
  }

  async confirm(parent: Omit<RefreshUse, 'child'>, child: string): Promise<boolean> {
    const key = keyOf('jti', parent.jti);
    const standing = this.#uses.get(key) ?? { ...parent, child: undefined };
    this.#uses.set(key, { ...standing, child: standing.child ?? child });
    return (standing.child ?? child) === child;
  }

  async prune(now: number, limit: number): Promise<number> {
    return pruneMap(this.#revocations, now, limit) + pruneMap(this.#uses, now, limit);
  }
}

function keyOf(kind: RevocationKind, id: unknown): string {
  if (typeof id !== 'string') throw new AuthError('invalid_argument', { reason: `${kind} must be a string` });
  return `${kind}:${id}`;
}

/** The standing row itself when the other adds nothing to it. */
function raised(standing: Revocation, by: Revocation): Revocation {
  if (by.notBefore <= standing.notBefore && by.expiresAt <= standing.expiresAt) return standing;
  return {
    ...standing,
    notBefore: Math.max(standing.notBefore, by.notBefore),
    revokedAt: Math.max(standing.revokedAt, by.revokedAt),
    expiresAt: Math.max(standing.expiresAt, by.expiresAt),
  };
}

/** At `expiresAt` itself a row still stands: the promise is "at least until then". */
function isExpired(row: { expiresAt: number }, now: number): boolean {
  return row.expiresAt < now;
}

function compare(a: RevocationCursor, b: RevocationCursor): number {
  return a.revokedAt - b.revokedAt || compareText(a.kind, b.kind) || compareText(a.id, b.id);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function pruneMap(rows: Map<string, { expiresAt: number }>, now: number, limit: number): number {
  const expired = [...rows].filter(([, row]) => isExpired(row, now)).slice(0, limit);
  for (const [key] of expired) rows.delete(key);
  return expired.length;
}
