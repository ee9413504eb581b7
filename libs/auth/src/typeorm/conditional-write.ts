import type { Brackets, EntityManager, EntityTarget, ObjectLiteral, QueryDeepPartialEntity } from 'typeorm';
import { driverCode } from './on-primary.js';

/** A row with this key is there already: better-sqlite3 (two), pg, mysql2. */
const duplicateCodes = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE', '23505', 'ER_DUP_ENTRY']);

/** Insert a row, which the database refuses when its key is taken. */
export async function insertRow<T extends ObjectLiteral>(
  db: EntityManager,
  entity: EntityTarget<T>,
  row: QueryDeepPartialEntity<T>,
): Promise<void> {
  await db.createQueryBuilder().insert().into(entity).values(row).updateEntity(false).callListeners(false).execute();
}

/**
 * Insert a row unless its key is taken.
 *
 * Not by `orIgnore()`: on MySQL and SQLite that also ignores a value that does not fit.
 *
 * @returns true for exactly one of any number of concurrent calls with the same key.
 */
export async function insertIfAbsent<T extends ObjectLiteral>(
  db: EntityManager,
  entity: EntityTarget<T>,
  row: QueryDeepPartialEntity<T>,
): Promise<boolean> {
  try {
    await insertRow(db, entity, row);
    return true;
  } catch (error) {
    if (duplicateCodes.has(driverCode(error) ?? '')) return false;
    throw error;
  }
}

/**
 * Change the rows that meet a condition, which names columns.
 *
 * @returns how many they were. @throws Error when the driver does not tell
 */
export async function updateRows<T extends ObjectLiteral>(
  db: EntityManager,
  entity: EntityTarget<T>,
  changes: QueryDeepPartialEntity<T>,
  condition: string,
  parameters: ObjectLiteral,
): Promise<number> {
  const update = db.createQueryBuilder().update(entity).set(changes).callListeners(false);
  return affectedRows(await update.where(condition, parameters).execute());
}

/** Delete the rows that meet a condition. As {@link updateRows}. */
export async function deleteRows<T extends ObjectLiteral>(
  db: EntityManager,
  entity: EntityTarget<T>,
  condition: string | Brackets,
  parameters: ObjectLiteral,
): Promise<number> {
  const deletion = db.createQueryBuilder().delete().from(entity).callListeners(false);
  return affectedRows(await deletion.where(condition, parameters).execute());
}

/**
 * How many rows an UPDATE or DELETE met.
 *
 * @throws Error when the driver does not tell: zero would be a guess.
 */
export function affectedRows(result: { affected?: number | null }): number {
  if (typeof result.affected !== 'number') throw new MissingRowCount();
  return result.affected;
}

class MissingRowCount extends Error {}
