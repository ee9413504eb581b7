import type { DataSource, EntityManager } from 'typeorm';
import { OAuthFlowStore, type ConsumedFlow } from '../stores/oauth-flow.store.js';
import { checkColumnTexts } from './column-checks.js';
import { deleteRows, insertIfAbsent } from './conditional-write.js';
import { OAuthFlowEntity } from './oauth-flow.entity.js';
import { onPrimary } from './on-primary.js';
import { wholeNumber } from './whole-number.js';

/** The answered log-ins in the application's database, written on the primary: all processes see them. */
export class TypeormOAuthFlowStore extends OAuthFlowStore {
  readonly #dataSource: () => DataSource;

  /** @param dataSource is asked at each use, never before. What it throws passes through. */
  constructor(dataSource: () => DataSource) {
    super();
    this.#dataSource = dataSource;
  }

  async consume({ id, expiresAt }: ConsumedFlow): Promise<boolean> {
    checkColumnTexts({ id });
    return this.#run((db) => insertIfAbsent(db, OAuthFlowEntity, { id, expiresAt }));
  }

  async prune(expiredBefore: number, limit: number): Promise<number> {
    return this.#run((db) => prune(db, wholeNumber(expiredBefore), limit));
  }

  #run<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    return onPrimary(this.#dataSource(), 'OAuth flows', work);
  }
}

/** First the keys, then the rows by them: see `prune.statements.ts`. Nothing raises a row that has expired. */
async function prune(db: EntityManager, expiredBefore: number, limit: number): Promise<number> {
  const expired = await db
    .createQueryBuilder(OAuthFlowEntity, 'row')
    .select('row.id')
    .where('row.expiresAt < :expiredBefore', { expiredBefore })
    .orderBy('row.expiresAt')
    .limit(limit)
    .getMany();
  if (expired.length === 0) return 0;

  const ids = expired.map(({ id }) => id);
  return deleteRows(db, OAuthFlowEntity, 'id IN (:...ids)', { ids });
}
