import { Brackets, type EntityManager } from 'typeorm';
import { deleteRows, updateRows } from './conditional-write.js';
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
  const condition = 'id IN (:...ids) AND ends_at < :endedBefore AND revoked_at IS NULL';
  const changes = { revokedAt: endedBefore, revokeReason: 'expired' } as const;
  await updateRows(db, SessionEntity, changes, condition, { ids, endedBefore });
}

/** The key of a refresh token. */
type TokenKey = Pick<RefreshTokenEntity, 'sessionId' | 'id'>;

/**
 * @returns which of them are closed. No other may lose a token: a session whose idle expiry has slid since the first read is
 *   live, and its tokens prove reuse.
 */
export async function closedSessions(
  db: EntityManager,
  ids: readonly string[],
  endedBefore: number,
): Promise<string[]> {
  const closed = await db
    .createQueryBuilder(SessionEntity, 'row')
    .select('row.id')
    .where('row.id IN (:...ids) AND row.endsAt < :endedBefore AND row.revokedAt IS NOT NULL', { ids, endedBefore })
    .getMany();
  return closed.map(({ id }) => id);
}

/** @param ids of closed sessions. @returns tokens of theirs, at most `limit`: the session of a busy client has thousands. */
export async function tokensOf(db: EntityManager, ids: readonly string[], limit: number): Promise<TokenKey[]> {
  return db
    .createQueryBuilder(RefreshTokenEntity, 'row')
    .select(['row.sessionId', 'row.id'])
    .where('row.sessionId IN (:...ids)', { ids })
    .limit(limit)
    .getMany();
}

/**
 * Before their sessions: after a crash between the two, what is left is a session that nobody can use and the next call
 * finds.
 */
export async function deleteTokens(db: EntityManager, tokens: readonly TokenKey[]): Promise<void> {
  await deleteRows(db, RefreshTokenEntity, namedBy(tokens), {});
}

/** @returns how many of the sessions went. */
export async function deleteSessions(db: EntityManager, ids: readonly string[], endedBefore: number): Promise<number> {
  return deleteRows(db, SessionEntity, 'ends_at < :endedBefore AND id IN (:...ids)', { endedBefore, ids });
}

function namedBy(tokens: readonly TokenKey[]): Brackets {
  const sessions = [...new Set(tokens.map(({ sessionId }) => sessionId))];
  return new Brackets((where) => {
    for (const [index, sessionId] of sessions.entries()) {
      const ids = tokens.filter((token) => token.sessionId === sessionId).map(({ id }) => id);
      where.orWhere(`(session_id = :session${index} AND id IN (:...ids${index}))`, {
        [`session${index}`]: sessionId,
        [`ids${index}`]: ids,
      });
    }
  });
}
