import type { EntityManager } from 'typeorm';
import type { Children, Descent, RefreshTokenRow, RotationRows } from '../stores/session.store.js';
import { RefreshTokenEntity } from './refresh-token.entity.js';
import { SessionEntity } from './session.entity.js';
import { readSession, sessionColumns, type RawSession } from './session.statements.js';
import { SqlStatement, type Raw } from './sql-statement.js';
import { wholeNumber } from './whole-number.js';

const insert = new SqlStatement<keyof RefreshTokenRow>(
  (table) =>
    `INSERT INTO ${table(RefreshTokenEntity)} (session_id, id, token_hash, parent_id, anti_csrf_hash, issued_at) ` +
    'VALUES (:sessionId, :id, :tokenHash, :parentId, :antiCsrfHash, :issuedAt)',
);

export async function insertToken(db: EntityManager, token: RefreshTokenRow): Promise<void> {
  const { id, sessionId, tokenHash, parentId, antiCsrfHash, issuedAt } = token;
  await insert.affected(db, { id, sessionId, tokenHash, parentId, antiCsrfHash, issuedAt: wholeNumber(issuedAt) });
}

/** What one row of the answer holds beside the session. */
type Joined = Record<
  | `token_${'id' | 'parent_id' | 'issued_at' | 'anti_csrf_hash' | 'children' | 'newest'}`
  | `live_${'parent_id' | 'issued_at' | 'children' | 'newest'}`
  | `former_${'parent_id' | 'issued_at'}`,
  Raw
>;

/** Every table is asked by the session's id: where they are partitioned by it, one partition answers. */
const joined = new SqlStatement<'sessionId' | 'tokenHash'>((table) => {
  const tokens = table(RefreshTokenEntity);
  const ofSession = (alias: string): string => `${alias}.session_id = :sessionId`;
  const ofChildren = (parent: 'token' | 'live', value: string): string =>
    `(SELECT ${value} FROM ${tokens} child WHERE ${ofSession('child')} AND child.parent_id = ${parent}.id)`;
  return `SELECT ${sessionColumns},
    token.id AS token_id, token.parent_id AS token_parent_id,
    token.issued_at AS token_issued_at, token.anti_csrf_hash AS token_anti_csrf_hash,
    live.parent_id AS live_parent_id, live.issued_at AS live_issued_at,
    former.parent_id AS former_parent_id, former.issued_at AS former_issued_at,
    ${ofChildren('token', 'COUNT(*)')} AS token_children, ${ofChildren('token', 'MAX(child.issued_at)')} AS token_newest,
    ${ofChildren('live', 'COUNT(*)')} AS live_children, ${ofChildren('live', 'MAX(child.issued_at)')} AS live_newest
    FROM ${tokens} token
    JOIN ${table(SessionEntity)} session ON session.id = :sessionId
    JOIN ${tokens} live ON ${ofSession('live')} AND live.id = session.current_id
    LEFT JOIN ${tokens} former ON ${ofSession('former')} AND former.id = session.previous_id
    WHERE ${ofSession('token')} AND token.token_hash = :tokenHash`;
});

/** What a refresh is decided on, by one statement, so that all rows are of one moment. */
export async function rotationRows(
  db: EntityManager,
  sessionId: string,
  tokenHash: string,
): Promise<RotationRows | undefined> {
  const [row] = await joined.rows<keyof RawSession | keyof Joined>(db, { sessionId, tokenHash });
  if (row === undefined) return undefined;
  const session = readSession(row);
  const token = descent(row.token_id, row.token_parent_id, row.token_issued_at);
  const hasPrevious = row.former_issued_at !== null;
  return {
    session,
    token: { ...token, sessionId, tokenHash, antiCsrfHash: row.token_anti_csrf_hash as string | null },
    current: descent(session.currentId, row.live_parent_id, row.live_issued_at),
    previous: hasPrevious ? descent(session.previousId, row.former_parent_id, row.former_issued_at) : null,
    childrenOfToken: children(row.token_children, row.token_newest),
    childrenOfCurrent: children(row.live_children, row.live_newest),
  };
}

function descent(id: Raw, parentId: Raw, issuedAt: Raw): Descent {
  return { id: id as string, parentId: parentId as string | null, issuedAt: Number(issuedAt) };
}

function children(count: Raw, newestAt: Raw): Children {
  return { count: Number(count), newestAt: Number(newestAt) }; // no children, no newest: null is 0
}
