import { randomUUID } from 'node:crypto';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { endOf } from '../stores/session-life.js';
import type { GrantChange, Promotion, SessionEnd, SessionRow, SessionSelection } from '../stores/session.store.js';
import { insertRow, updateRows } from './conditional-write.js';
import { jsonColumn } from './json-column.js';
import { SessionEntity } from './session.entity.js';
import { SqlStatement, type Raw } from './sql-statement.js';
import { wholeNumberColumn, wholeNumberOrNullColumn } from './whole-number.js';

/** Conditions name columns, not properties: an UPDATE and a SELECT share them. */
const stillLive = 'revoked_at IS NULL AND idle_expires_at > :now AND absolute_expires_at > :now';

export async function insertSession(db: EntityManager, session: SessionRow): Promise<void> {
  const row = { ...toSession(session), revokeBatch: null, endsAt: endOf(session) };
  // TypeORM's type looks into the objects, and finds what may be a function; as a text they are values
  await insertRow(db, SessionEntity, row as QueryDeepPartialEntity<SessionEntity>);
}

const columns = [
  ...(['id', 'subject', 'tenant_id', 'current_id', 'previous_id', 'rotated_at', 'created_at'] as const),
  ...(['idle_expires_at', 'absolute_expires_at', 'revoked_at', 'revoke_reason', 'granted', 'data'] as const),
  ...(['device', 'network'] as const),
];

/** The columns of a session, for {@link readSession}. */
export type RawSession = Record<(typeof columns)[number], Raw>;
export const sessionColumns = columns.map((column) => `session.${column}`).join(', ');

const findOne = new SqlStatement<'id'>(
  (table) => `SELECT ${sessionColumns} FROM ${table(SessionEntity)} session WHERE session.id = :id`,
);

export async function findSession(db: EntityManager, id: string): Promise<SessionRow | undefined> {
  const [row] = await findOne.rows<keyof RawSession>(db, { id });
  return row && readSession(row);
}

/** @returns the live sessions selected, the newest first. */
export async function listSessions(db: EntityManager, selection: SessionSelection, now: number): Promise<SessionRow[]> {
  const rows = await db
    .createQueryBuilder(SessionEntity, 'row')
    .where(selected(selection), { ...selection, now })
    .andWhere(stillLive)
    .orderBy({ 'row.createdAt': 'DESC', 'row.id': 'ASC' })
    .getMany();
  return rows.map(toSession);
}

/** The value seen, not the column, becomes the previous one: MySQL would take the new current_id where that is set first. */
const moveBranch = new SqlStatement<keyof Promotion>((table) => {
  const idle = lesser('absolute_expires_at', ':idleExpiresAt');
  return (
    `UPDATE ${table(SessionEntity)} SET previous_id = :seen, current_id = :to, rotated_at = :now, ` +
    `idle_expires_at = ${idle}, ends_at = ${idle} ` +
    `WHERE id = :sessionId AND current_id = :seen AND rotated_at < :rotatedBefore AND ${stillLive}`
  );
});

/** Move the live branch. Of concurrent calls, one finds `seen` still current. */
export async function promote(db: EntityManager, promotion: Promotion): Promise<boolean> {
  return (await moveBranch.affected(db, { ...promotion })) > 0;
}

/** Of concurrent calls that saw the same grant, one finds it there: the text of the column decides. */
export async function replaceGrant(db: EntityManager, { sessionId, seen, grant, now }: GrantChange): Promise<boolean> {
  const changes = { grant } as QueryDeepPartialEntity<SessionEntity>;
  const condition = `id = :sessionId AND granted = :seen AND ${stillLive}`;
  const parameters = { sessionId, seen: jsonColumn.to(seen) as string, now };
  return (await updateRows(db, SessionEntity, changes, condition, parameters)) > 0;
}

export async function updateData(
  db: EntityManager,
  id: string,
  data: SessionRow['data'],
  now: number,
): Promise<boolean> {
  const changes = { data } as QueryDeepPartialEntity<SessionEntity>;
  return (await updateRows(db, SessionEntity, changes, `id = :id AND ${stillLive}`, { id, now })) > 0;
}

export async function revokeSession(db: EntityManager, id: string, reason: SessionEnd, now: number): Promise<boolean> {
  const changes = { revokedAt: now, revokeReason: reason, endsAt: () => lesser('ends_at', ':now') };
  return (await updateRows(db, SessionEntity, changes, 'id = :id AND revoked_at IS NULL', { id, now })) > 0;
}

/**
 * End the sessions selected, by one statement that leaves its mark on them. Expired ones too: the clock of another process
 * may be behind, and keep them alive.
 *
 * The mark tells which ones they were: RETURNING would, but MariaDB has none for an UPDATE, and ids read before it would
 * not be those that it met.
 *
 * @returns the mark; undefined when it met none.
 */
export async function revokeSelected(
  db: EntityManager,
  selection: SessionSelection,
  reason: SessionEnd,
  now: number,
): Promise<string | undefined> {
  const revokeBatch = randomUUID();
  const changes = { revokedAt: now, revokeReason: reason, revokeBatch, endsAt: () => lesser('ends_at', ':now') };
  const condition = `${selected(selection)} AND revoked_at IS NULL`;
  const met = await updateRows(db, SessionEntity, changes, condition, { ...selection, now });
  return met > 0 ? revokeBatch : undefined;
}

/** The index on subject and creation finds them; a subject has as many as its limit, and those that ended of late. */
export async function leastRecentlyUsed(
  db: EntityManager,
  subject: string,
  keep: number,
  now: number,
): Promise<string[]> {
  const rows = await db
    .createQueryBuilder(SessionEntity, 'row')
    .select('row.id', 'id')
    .where('subject = :subject', { subject })
    .andWhere(stillLive, { now })
    .orderBy('CASE WHEN rotated_at > created_at THEN rotated_at ELSE created_at END', 'DESC')
    .addOrderBy('id', 'DESC')
    .offset(keep)
    .limit(100)
    .getRawMany<{ id: string }>();
  return rows.map((row) => row.id);
}

/** @param subject whose sessions they are: the index is on it. */
export async function idsOfBatch(db: EntityManager, subject: string, batch: string): Promise<string[]> {
  const rows = await db
    .createQueryBuilder(SessionEntity, 'row')
    .select('row.id')
    .where('row.subject = :subject AND row.revokeBatch = :batch', { subject, batch })
    .getMany();
  return rows.map(({ id }) => id);
}

/** A session as the driver gives it. */
export function readSession(row: RawSession): SessionRow {
  const time = (value: Raw): number => wholeNumberColumn.from(value) as number;
  return {
    id: row.id as string,
    subject: row.subject as string,
    tenant: row.tenant_id as string | null,
    currentId: row.current_id as string,
    previousId: row.previous_id as string | null,
    rotatedAt: time(row.rotated_at),
    createdAt: time(row.created_at),
    idleExpiresAt: time(row.idle_expires_at),
    absoluteExpiresAt: time(row.absolute_expires_at),
    revokedAt: wholeNumberOrNullColumn.from(row.revoked_at) as number | null,
    revokeReason: row.revoke_reason as SessionEnd | null,
    grant: jsonColumn.from(row.granted) as SessionRow['grant'],
    data: jsonColumn.from(row.data) as SessionRow['data'],
    device: row.device as string | null,
    network: row.network as string | null,
  };
}

/** These and nothing else: an argument or an entity may carry more. */
export function toSession(row: SessionRow): SessionRow {
  const { id, subject, tenant, currentId, previousId, rotatedAt, createdAt, idleExpiresAt, absoluteExpiresAt } = row;
  const { revokedAt, revokeReason, grant, data, device, network } = row;
  return {
    ...{ id, subject, tenant, currentId, previousId, rotatedAt, createdAt, idleExpiresAt, absoluteExpiresAt },
    ...{ revokedAt, revokeReason, grant, data, device, network },
  };
}

function selected({ tenant, except }: SessionSelection): string {
  const ofTenant = tenant === undefined ? '' : ' AND tenant_id = :tenant';
  const butOne = except === undefined ? '' : ' AND id <> :except';
  return `subject = :subject${ofTenant}${butOne}`;
}

/** SQLite's two-argument MIN is PostgreSQL's and MySQL's LEAST; CASE is everybody's. */
function lesser(column: string, parameter: string): string {
  return `CASE WHEN ${column} < ${parameter} THEN ${column} ELSE ${parameter} END`;
}
