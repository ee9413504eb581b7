import type { DataSource, EntityManager } from 'typeorm';
import type { SigningKeyRow } from '../stores/signing-key.store.js';
import { SigningKeyStore } from '../stores/signing-key.store.js';
import { checkColumnTexts, checkWholeNumbers } from './column-checks.js';
import { deleteRows, insertIfAbsent } from './conditional-write.js';
import { onPrimary } from './on-primary.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/**
 * The signing keys in the application's database, read and written on the primary.
 *
 * Opens no transaction, see {@link onPrimary} for what happens inside one.
 */
export class TypeormSigningKeyStore extends SigningKeyStore {
  readonly #dataSource: () => DataSource;

  /** @param dataSource is asked at each use, never before. What it throws passes through. */
  constructor(dataSource: () => DataSource) {
    super();
    this.#dataSource = dataSource;
  }

  async list(): Promise<SigningKeyRow[]> {
    const rows = await this.#run((db) =>
      db.createQueryBuilder(SigningKeyEntity, 'row').addSelect('row.sealed').orderBy('row.generation').getMany(),
    );
    return rows.map(toRow);
  }

  async add(row: SigningKeyRow): Promise<boolean> {
    const { generation, kid, algorithm, createdAt, signsFrom } = row;
    checkColumnTexts({ kid, algorithm });
    checkWholeNumbers({ generation, createdAt, signsFrom });
    return this.#run((db) => insertIfAbsent(db, SigningKeyEntity, toRow(row)));
  }

  async remove(generations: readonly number[]): Promise<void> {
    // an empty list would be no valid SQL
    if (generations.length === 0) return;
    for (const generation of generations) checkWholeNumbers({ generation });
    await this.#run((db) => deleteRows(db, SigningKeyEntity, 'generation IN (:...generations)', { generations }));
  }

  #run<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    return onPrimary(this.#dataSource(), 'signing keys', work);
  }
}

/** These and nothing else: an argument or an entity may carry more. */
function toRow({ generation, kid, algorithm, createdAt, signsFrom, endsOlder, sealed }: SigningKeyRow): SigningKeyRow {
  return { generation, kid, algorithm, createdAt, signsFrom, endsOlder, sealed };
}
