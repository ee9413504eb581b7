import type { EntityManager } from 'typeorm';
import { Brackets } from 'typeorm';
import type { Revocation, RevocationCursor } from '../stores/revocation.store.js';
import { insertIfAbsent, updateRows } from './conditional-write.js';
import { RevocationEntity } from './revocation.entity.js';
import { wholeNumber } from './whole-number.js';

/** The key of a revocation. */
export type RevocationName = Pick<Revocation, 'kind' | 'id'>;

/**
 * Insert the row, or raise the one that stands.
 *
 * A row of a `jti` or `sid` is raised too, without being the answer: one that is about to be pruned must not stand in for
 * one that has longer to live.
 */
export async function revoke(db: EntityManager, row: Revocation, attempts = 3): Promise<boolean> {
  if (await insertIfAbsent(db, RevocationEntity, toRevocation(row))) return true;
  if (await raise(db, row)) return row.kind === 'sub';
  if (await isCovered(db, row)) return false;

  // the row that stood in the way of the insert was pruned before it could be raised
  if (attempts <= 1) throw new RevocationContention();
  return revoke(db, row, attempts - 1);
}

/** Raise only, in one statement: of concurrent calls, each leaves the greatest values of all. */
async function raise(db: EntityManager, row: Revocation): Promise<boolean> {
  const changes = {
    notBefore: () => greater('not_before', ':notBefore'),
    revokedAt: () => greater('revoked_at', ':revokedAt'),
    expiresAt: () => greater('expires_at', ':expiresAt'),
  };
  // must never meet a row that it leaves as it is: MySQL counts the rows met, or the rows changed, by a flag
  const condition = 'kind = :kind AND id = :id AND (not_before < :notBefore OR expires_at < :expiresAt)';
  return (await updateRows(db, RevocationEntity, changes, condition, toParameters(row))) > 0;
}

/** SQLite's two-argument MAX is PostgreSQL's and MySQL's GREATEST; CASE is everybody's. */
function greater(column: string, parameter: string): string {
  return `CASE WHEN ${column} < ${parameter} THEN ${parameter} ELSE ${column} END`;
}

async function isCovered(db: EntityManager, row: Revocation): Promise<boolean> {
  return db
    .createQueryBuilder(RevocationEntity, 'row')
    .where('row.kind = :kind AND row.id = :id', toParameters(row))
    .andWhere('row.notBefore >= :notBefore AND row.expiresAt >= :expiresAt')
    .getExists();
}

/** @param named at least one, else every row would match. */
export async function find(db: EntityManager, named: readonly RevocationName[]): Promise<Revocation[]> {
  const matches = new Brackets((where) => {
    for (const [index, { kind, id }] of named.entries()) {
      where.orWhere(`(row.kind = :kind${index} AND row.id = :id${index})`, {
        [`kind${index}`]: kind,
        [`id${index}`]: id,
      });
    }
  });
  const rows = await db.createQueryBuilder(RevocationEntity, 'row').where(matches).getMany();
  return rows.map(toRevocation);
}

export async function list(
  db: EntityManager,
  page: { since: number; now: number; after?: RevocationCursor; limit: number },
): Promise<Revocation[]> {
  const { since, now, after, limit } = page;
  const query = db
    .createQueryBuilder(RevocationEntity, 'row')
    .where('row.revokedAt >= :since AND row.expiresAt >= :now', {
      since: wholeNumber(since),
      now: wholeNumber(now),
    })
    .orderBy({ 'row.revokedAt': 'ASC', 'row.kind': 'ASC', 'row.id': 'ASC' })
    .limit(limit);
  if (after !== undefined) {
    // the first condition alone would do as a filter, but only it lets the index start at the cursor
    query
      .andWhere('row.revokedAt >= :revokedAt', after)
      .andWhere('(row.revokedAt > :revokedAt OR row.kind > :kind OR (row.kind = :kind AND row.id > :id))');
  }
  return (await query.getMany()).map(toRevocation);
}

/** These five and nothing else: an argument or an entity may carry more. */
function toRevocation({ kind, id, notBefore, revokedAt, expiresAt }: Revocation): Revocation {
  return { kind, id, notBefore, revokedAt, expiresAt };
}

function toParameters({ kind, id, notBefore, revokedAt, expiresAt }: Revocation): Revocation {
  return {
    kind,
    id,
    notBefore: wholeNumber(notBefore),
    revokedAt: wholeNumber(revokedAt),
    expiresAt: wholeNumber(expiresAt),
  };
}

/** Named for the log: the store's error says only this. */
class RevocationContention extends Error {}
