import type { DataSource, EntityManager } from 'typeorm';
import type { RefreshUse, Revocation, RevocationCursor } from '../stores/revocation.store.js';
import { RevocationStore } from '../stores/revocation.store.js';
import { checkColumnText, checkText } from './column-checks.js';
import { confirm, use } from './refresh-use.statements.js';
import { onPrimary } from './on-primary.js';
import type { RevocationName } from './revocation.statements.js';
import { find, list, revoke } from './revocation.statements.js';
import { pruneRefreshUses, pruneRevocations } from './prune.statements.js';
import { wholeNumber } from './whole-number.js';

/**
 * The deny-list in the application's database, read and written on the primary.
 *
 * Opens no transaction, see {@link onPrimary} for what happens inside one.
 */
export class TypeormRevocationStore extends RevocationStore {
  readonly shared = true;
  readonly #dataSource: () => DataSource;

  /** @param dataSource is asked at each use, never before. What it throws passes through. */
  constructor(dataSource: () => DataSource) {
    super();
    this.#dataSource = dataSource;
  }

  async revoke(revocation: Revocation): Promise<boolean> {
    checkColumnText(revocation.kind, revocation.id);
    return this.#run((db) => revoke(db, revocation));
  }

  async find(token: { jti?: string; sid?: string; sub?: string }): Promise<Revocation[]> {
    const named = (['jti', 'sid', 'sub'] as const)
      .map((kind) => ({ kind, id: token[kind] }))
      .filter((name): name is RevocationName => name.id !== undefined);
    for (const { kind, id } of named) checkText(kind, id);
    return named.length === 0 ? [] : this.#run((db) => find(db, named));
  }

  async list(page: { since: number; now: number; after?: RevocationCursor; limit: number }): Promise<Revocation[]> {
    return this.#run((db) => list(db, page));
  }

  async use(refreshUse: Omit<RefreshUse, 'child'>): Promise<RefreshUse> {
    checkColumnText('jti', refreshUse.jti);
    return this.#run((db) => use(db, refreshUse));
  }

  async confirm(parent: Omit<RefreshUse, 'child'>, child: string): Promise<boolean> {
    checkColumnText('jti', parent.jti);
    checkColumnText('child', child);
    return this.#run((db) => confirm(db, parent, child));
  }

  async prune(now: number, limit: number): Promise<number> {
    const time = wholeNumber(now);
    const revocations = await this.#run((db) => pruneRevocations(db, time, limit));
    return revocations + (await this.#run((db) => pruneRefreshUses(db, time, limit)));
  }

  #run<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    return onPrimary(this.#dataSource(), 'revocations', work);
  }
}
