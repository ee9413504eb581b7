import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { Children, Descent, RefreshTokenRow, RotationRows } from '../stores/session.store.js';
import { insertRow } from './conditional-write.js';
import { RefreshTokenEntity } from './refresh-token.entity.js';
import { SessionEntity } from './session.entity.js';
import { toSession } from './session.statements.js';

/** A token with what is joined to it. */
interface JoinedToken extends RefreshTokenEntity {
  readonly session: SessionEntity;
  readonly current: RefreshTokenEntity;
  readonly previous: RefreshTokenEntity | null;
}

/** Aliases of what is counted; pg and mysql2 give the numbers as texts. */
type Counted = Record<'token_count' | 'token_newest' | 'current_count' | 'current_newest', string | number | null>;

type SubQuery = (query: SelectQueryBuilder<object>) => SelectQueryBuilder<object>;

export async function insertToken(db: EntityManager, token: RefreshTokenRow): Promise<void> {
  const { id, sessionId, tokenHash, parentId, antiCsrfHash, issuedAt } = token;
  await insertRow(db, RefreshTokenEntity, { id, sessionId, tokenHash, parentId, antiCsrfHash, issuedAt });
}

/** What a refresh is decided on, by one statement, so that all rows are of one moment. Every join is keyed by the session. */
export async function rotationRows(
  db: EntityManager,
  sessionId: string,
  tokenHash: string,
): Promise<RotationRows | undefined> {
  const { entities, raw } = await db
    .createQueryBuilder(RefreshTokenEntity, 'token')
    .addSelect('token.antiCsrfHash')
    .innerJoinAndMapOne('token.session', SessionEntity, 'session', 'session.id = token.sessionId')
    .innerJoinAndMapOne('token.current', RefreshTokenEntity, 'current', tokenOfSession('current', 'currentId'))
    .leftJoinAndMapOne('token.previous', RefreshTokenEntity, 'previous', tokenOfSession('previous', 'previousId'))
    .addSelect(ofChildren('token', 'COUNT(*)'), 'token_count')
    .addSelect(ofChildren('token', 'MAX(child.issuedAt)'), 'token_newest')
    .addSelect(ofChildren('current', 'COUNT(*)'), 'current_count')
    .addSelect(ofChildren('current', 'MAX(child.issuedAt)'), 'current_newest')
    .where('token.sessionId = :sessionId AND token.tokenHash = :tokenHash', { sessionId, tokenHash })
    .getRawAndEntities<Counted>();
  const [token] = entities as JoinedToken[];
  const [counted] = raw;
  if (token === undefined || counted === undefined) return undefined;
  return {
    session: toSession(token.session),
    token: { ...descentOf(token), sessionId, tokenHash, antiCsrfHash: token.antiCsrfHash },
    current: descentOf(token.current),
    previous: token.previous === null ? null : descentOf(token.previous),
    childrenOfToken: childrenOf(counted.token_count, counted.token_newest),
    childrenOfCurrent: childrenOf(counted.current_count, counted.current_newest),
  };
}

function tokenOfSession(alias: string, id: 'currentId' | 'previousId'): string {
  return `${alias}.sessionId = session.id AND ${alias}.id = session.${id}`;
}

function ofChildren(parent: 'token' | 'current', value: string): SubQuery {
  return (query) =>
    query
      .select(value)
      .from(RefreshTokenEntity, 'child')
      .where(`child.sessionId = ${parent}.sessionId AND child.parentId = ${parent}.id`);
}

function descentOf({ id, parentId, issuedAt }: RefreshTokenEntity): Descent {
  return { id, parentId, issuedAt };
}

function childrenOf(count: string | number | null, newestAt: string | number | null): Children {
  return { count: Number(count), newestAt: Number(newestAt) }; // no children, no newest: null is 0
}
