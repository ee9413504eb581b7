import type { EntityManager } from 'typeorm';
import { Brackets } from 'typeorm';
import { deleteRows } from './conditional-write.js';
import { RefreshUseEntity } from './refresh-use.entity.js';
import { RevocationEntity } from './revocation.entity.js';

/*
 * First read the keys, then delete by them. PostgreSQL knows no DELETE … LIMIT; a subquery with a limit works everywhere,
 * but MariaDB scans and locks the whole table for it. SQLite takes 32,766 parameters: keep the limit below 30,000.
 *
 * The DELETE asks for the time again: a row raised since the read is live.
 */
const stillExpired = 'expires_at < :now';

/** @param now a whole number. @returns how many expired revocations went, at most `limit`. */
export async function pruneRevocations(db: EntityManager, now: number, limit: number): Promise<number> {
  const expired = await db
    .createQueryBuilder(RevocationEntity, 'row')
    .select(['row.kind', 'row.id'])
    .where('row.expiresAt < :now', { now })
    .orderBy('row.expiresAt')
    .limit(limit)
    .getMany();
  if (expired.length === 0) return 0;

  return deleteRows(db, RevocationEntity, stillExpiredOf(expired), { now });
}

/** @param now a whole number. @returns how many expired uses of refresh tokens went, at most `limit`. */
export async function pruneRefreshUses(db: EntityManager, now: number, limit: number): Promise<number> {
  const expired = await db
    .createQueryBuilder(RefreshUseEntity, 'row')
    .select('row.jti')
    .where('row.expiresAt < :now', { now })
    .orderBy('row.expiresAt')
    .limit(limit)
    .getMany();
  if (expired.length === 0) return 0;

  const ids = expired.map(({ jti }) => jti);
  return deleteRows(db, RefreshUseEntity, `${stillExpired} AND jti IN (:...ids)`, { now, ids });
}

function stillExpiredOf(rows: readonly RevocationEntity[]): Brackets {
  return new Brackets((where) => where.where(stillExpired).andWhere(namedBy(rows)));
}

function namedBy(rows: readonly RevocationEntity[]): Brackets {
  return new Brackets((where) => {
    for (const kind of new Set(rows.map((row) => row.kind))) {
      const ids = rows.filter((row) => row.kind === kind).map(({ id }) => id);
      where.orWhere(`(kind = :${kind} AND id IN (:...${kind}Ids))`, { [kind]: kind, [`${kind}Ids`]: ids });
    }
  });
}
