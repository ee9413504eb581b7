import type { EntityManager } from 'typeorm';
import { affectedRows } from './conditional-write.js';
import { RefreshTokenEntity } from './refresh-token.entity.js';
import { SessionEntity } from './session.entity.js';

/*
 * First the ids, then each statement by them, with a condition of its own: see prune.statements.ts. A session whose idle
 * expiry has slid since the read is live again.
 */

/** @returns the ids of sessions that ended before then, the oldest first, at most `limit`. */
export async function endedSessions(db: EntityManager, endedBefore: number, limit: number): Promise<string[]> {
  const ended = await db
    .createQueryBuilder(SessionEntity, 'row')
    .select('row.id')
    .where('row.endsAt < :endedBefore', { endedBefore })
    .orderBy('row.endsAt')
    .limit(limit)
    .getMany();
  return ended.map(({ id }) => id);
}

/**
 * Close what has ended: from here on no clock that is behind can keep it alive, and its rows can go one after the other. A
 * crash in between leaves a closed session, which the next clean-up finds.
 */
export async function closeSessions(db: EntityManager, ids: readonly string[], endedBefore: number): Promise<void> {
  await db
    .createQueryBuilder()
    .update(SessionEntity)
    .set({ revokedAt: endedBefore, revokeReason: 'expired' })
    .where('id IN (:...ids) AND ends_at < :endedBefore AND revoked_at IS NULL', { ids, endedBefore })
    .callListeners(false)
    .execute();
}

/**
 * Before their sessions: after a crash between the two, what is left is a session that nobody can use and the next call
 * finds. A session whose idle expiry has slid since the read keeps its tokens: they prove reuse.
 */
export async function deleteTokensOf(db: EntityManager, ids: readonly string[], endedBefore: number): Promise<void> {
  const standing = db
    .createQueryBuilder()
    .subQuery()
    .select('1')
    .from(SessionEntity, 'session')
    .where('session.id = session_id AND session.endsAt >= :endedBefore')
    .getQuery();
  const deletion = db.createQueryBuilder().delete().from(RefreshTokenEntity).callListeners(false);
  await deletion
    .where('session_id IN (:...ids)', { ids })
    .andWhere(`NOT EXISTS ${standing}`, { endedBefore })
    .execute();
}

/** @returns how many of the sessions went. */
export async function deleteSessions(db: EntityManager, ids: readonly string[], endedBefore: number): Promise<number> {
  const deletion = db.createQueryBuilder().delete().from(SessionEntity).callListeners(false);
  const stillEnded = deletion.where('ends_at < :endedBefore', { endedBefore });
  return affectedRows(await stillEnded.andWhere('id IN (:...ids)', { ids }).execute());
}
