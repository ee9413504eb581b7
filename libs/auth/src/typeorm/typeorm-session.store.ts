import type { DataSource, EntityManager } from 'typeorm';
import type {
  GrantChange,
  Promotion,
  RefreshTokenRow,
  RotationRows,
  SessionEnd,
  SessionRow,
  SessionSelection,
} from '../stores/session.store.js';
import { SessionStore } from '../stores/session.store.js';
import { checkColumnTexts, checkJsonObject, checkText, checkWholeNumbers } from './column-checks.js';
import { onPrimary } from './on-primary.js';
import {
  closedSessions,
  closeSessions,
  deleteSessions,
  deleteTokens,
  endedSessions,
  tokensOf,
} from './session-prune.statements.js';
import { insertToken, rotationRows } from './refresh-token.statements.js';
import {
  findSession,
  idsOfBatch,
  insertSession,
  leastRecentlyUsed,
  listSessions,
  promote,
  replaceGrant,
  revokeSelected,
  revokeSession,
  updateData,
} from './session.statements.js';

/** Of tokens, in one call of `prune`. */
const mostPieces = 10;

/**
 * Sessions in the application's database, read and written on the primary: on a replica that lags, a refresh token that
 * was just issued would be unknown.
 *
 * Opens no transaction, see {@link onPrimary} for what happens inside one. A refresh takes three statements, or four where
 * the token is used for the first time. What is no text or no whole number is refused before any (ST-05, ST-06).
 */
export class TypeormSessionStore extends SessionStore {
  readonly #dataSource: () => DataSource;

  /** @param dataSource is asked at each use, never before. What it throws passes through. */
  constructor(dataSource: () => DataSource) {
    super();
    this.#dataSource = dataSource;
  }

  async create(session: SessionRow, token: RefreshTokenRow): Promise<void> {
    checkSession(session);
    checkToken(token);
    await this.#run((db) => insertSession(db, session));
    await this.#run((db) => insertToken(db, token));
  }

  async rotationRows(sessionId: string, tokenHash: string): Promise<RotationRows | undefined> {
    checkText('sessionId', sessionId);
    checkText('tokenHash', tokenHash);
    return this.#run((db) => rotationRows(db, sessionId, tokenHash));
  }

  async addToken(token: RefreshTokenRow): Promise<void> {
    checkToken(token);
    await this.#run((db) => insertToken(db, token));
  }

  async promote(promotion: Promotion): Promise<boolean> {
    const { sessionId, seen, to, now, rotatedBefore, idleExpiresAt } = promotion;
    checkColumnTexts({ sessionId, seen, to });
    checkWholeNumbers({ now, rotatedBefore, idleExpiresAt });
    return this.#run((db) => promote(db, promotion));
  }

  async find(sessionId: string): Promise<SessionRow | undefined> {
    checkText('sessionId', sessionId);
    return this.#run((db) => findSession(db, sessionId));
  }

  async replaceGrant(change: GrantChange): Promise<boolean> {
    const { sessionId, seen, grant, now } = change;
    checkText('sessionId', sessionId);
    checkJsonObject('seen', seen);
    checkJsonObject('grant', grant);
    checkWholeNumbers({ now });
    return this.#run((db) => replaceGrant(db, change));
  }

  async updateData(sessionId: string, data: SessionRow['data'], now: number): Promise<boolean> {
    checkText('sessionId', sessionId);
    checkJsonObject('data', data);
    checkWholeNumbers({ now });
    return this.#run((db) => updateData(db, sessionId, data, now));
  }

  async revoke(sessionId: string, reason: SessionEnd, now: number): Promise<boolean> {
    checkText('sessionId', sessionId);
    checkColumnTexts({ reason });
    checkWholeNumbers({ now });
    return this.#run((db) => revokeSession(db, sessionId, reason, now));
  }

  async revokeSelected(selection: SessionSelection, reason: SessionEnd, now: number): Promise<string[]> {
    checkSelection(selection);
    checkColumnTexts({ reason });
    checkWholeNumbers({ now });
    const batch = await this.#run((db) => revokeSelected(db, selection, reason, now));
    return batch === undefined ? [] : this.#run((db) => idsOfBatch(db, selection.subject, batch));
  }

  async list(selection: SessionSelection, now: number): Promise<SessionRow[]> {
    checkSelection(selection);
    checkWholeNumbers({ now });
    return this.#run((db) => listSessions(db, selection, now));
  }

  async leastRecentlyUsed(subject: string, keep: number, now: number): Promise<string[]> {
    checkText('subject', subject);
    checkWholeNumbers({ keep, now });
    return this.#run((db) => leastRecentlyUsed(db, subject, keep, now));
  }

  /**
   * @param endedBefore well in the past: by a clock that is behind ours a session may still live, and a token that is added
   *   while its session goes stays for good.
   */
  async prune(endedBefore: number, limit: number): Promise<number> {
    checkWholeNumbers({ endedBefore, limit });
    const ended = await this.#run((db) => endedSessions(db, endedBefore, limit));
    if (ended.length === 0) return 0;
    await this.#run((db) => closeSessions(db, ended, endedBefore));
    const closed = await this.#run((db) => closedSessions(db, ended, endedBefore));
    if (closed.length === 0) return 0;
    if (!(await this.#deleteTokensOf(closed, limit))) return limit;
    return this.#run((db) => deleteSessions(db, closed, endedBefore));
  }

  /** By so many pieces at most that a call ends in good time. @returns are all of them gone? */
  async #deleteTokensOf(sessions: readonly string[], limit: number): Promise<boolean> {
    for (let piece = 0; piece < mostPieces; piece++) {
      const tokens = await this.#run((db) => tokensOf(db, sessions, limit));
      if (tokens.length > 0) await this.#run((db) => deleteTokens(db, tokens));
      if (tokens.length < limit) return true;
    }
    return false;
  }

  #run<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    return onPrimary(this.#dataSource(), 'sessions', work);
  }
}

function checkSession(session: SessionRow): void {
  const { id, subject, tenant, currentId, previousId, revokeReason, revokedAt, grant, data, device, network } = session;
  const { rotatedAt, createdAt, idleExpiresAt, absoluteExpiresAt } = session;
  checkColumnTexts({ id, subject, currentId, ...withoutNull({ tenant, previousId, revokeReason, device, network }) });
  checkWholeNumbers({ rotatedAt, createdAt, idleExpiresAt, absoluteExpiresAt, ...withoutNull({ revokedAt }) });
  checkJsonObject('grant', grant);
  checkJsonObject('data', data);
}

function checkToken({ id, sessionId, tokenHash, parentId, antiCsrfHash, issuedAt }: RefreshTokenRow): void {
  checkColumnTexts({ id, sessionId, tokenHash, ...withoutNull({ parentId, antiCsrfHash }) });
  checkWholeNumbers({ issuedAt });
}

function checkSelection({ subject, tenant, except }: SessionSelection): void {
  checkText('subject', subject);
  if (tenant !== undefined) checkText('tenant', tenant);
  if (except !== undefined) checkText('except', except);
}

function withoutNull(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
