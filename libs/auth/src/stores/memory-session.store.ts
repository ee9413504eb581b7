import { AuthError } from '../auth.errors.js';
import { endOf, isLive, lastUseOf } from './session-life.js';
import type {
  Children,
  Descent,
  GrantChange,
  Promotion,
  RefreshTokenRow,
  RotationRows,
  SessionEnd,
  SessionRow,
  SessionSelection,
} from './session.store.js';
import { SessionStore } from './session.store.js';

/**
 * The sessions of one process. They end with it, and other processes never see them.
 *
 * Each method runs to its end before another starts: the reads and writes between two awaits are one step.
 */
export class MemorySessionStore extends SessionStore {
  readonly #sessions = new Map<string, SessionRow>();
  /** By session id. */
  readonly #tokens = new Map<string, RefreshTokenRow[]>();

  async create(session: SessionRow, token: RefreshTokenRow): Promise<void> {
    checkTexts(session.id, session.subject, session.currentId, token.sessionId, token.id, token.tokenHash);
    if (this.#sessions.has(session.id)) throw refusal('a session of this id was written before');
    this.#sessions.set(session.id, copyOf(session));
    this.#tokens.set(session.id, [token]);
  }

  async rotationRows(sessionId: string, tokenHash: string): Promise<RotationRows | undefined> {
    checkTexts(sessionId, tokenHash);
    const session = this.#sessions.get(sessionId);
    const tokens = this.#tokens.get(sessionId) ?? [];
    const token = tokens.find((row) => row.tokenHash === tokenHash);
    if (session === undefined || token === undefined) return undefined;
    const current = tokens.find(({ id }) => id === session.currentId) as Descent;
    const previous = tokens.find(({ id }) => id === session.previousId) ?? null;
    return {
      session: copyOf(session),
      token,
      current,
      previous,
      childrenOfToken: childrenOf(token.id, tokens),
      childrenOfCurrent: childrenOf(current.id, tokens),
    };
  }

  async addToken(token: RefreshTokenRow): Promise<void> {
    checkTexts(token.sessionId, token.id, token.tokenHash);
    this.#tokens.get(token.sessionId)?.push(token);
  }

  async promote({ sessionId, seen, to, now, rotatedBefore, idleExpiresAt }: Promotion): Promise<boolean> {
    checkTexts(sessionId, seen, to);
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.currentId !== seen || session.rotatedAt >= rotatedBefore) return false;
    if (!isLive(session, now)) return false;
    const idle = Math.min(idleExpiresAt, session.absoluteExpiresAt);
    this.#sessions.set(sessionId, {
      ...session,
      previousId: seen,
      currentId: to,
      rotatedAt: now,
      idleExpiresAt: idle,
    });
    return true;
  }

  async find(sessionId: string): Promise<SessionRow | undefined> {
    checkTexts(sessionId);
    const session = this.#sessions.get(sessionId);
    return session && copyOf(session);
  }

  async replaceGrant({ sessionId, seen, grant, now }: GrantChange): Promise<boolean> {
    const session = this.#live(sessionId, now);
    if (session === undefined || JSON.stringify(session.grant) !== JSON.stringify(seen)) return false;
    this.#sessions.set(sessionId, { ...session, grant: copied(grant) });
    return true;
  }

  async updateData(sessionId: string, data: SessionRow['data'], now: number): Promise<boolean> {
    const session = this.#live(sessionId, now);
    if (session === undefined) return false;
    this.#sessions.set(sessionId, { ...session, data: copied(data) });
    return true;
  }

  async revoke(sessionId: string, reason: SessionEnd, now: number): Promise<boolean> {
    checkTexts(sessionId);
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.revokedAt !== null) return false;
    this.#sessions.set(sessionId, { ...session, revokedAt: now, revokeReason: reason });
    return true;
  }

  async revokeSelected(selection: SessionSelection, reason: SessionEnd, now: number): Promise<string[]> {
    const found = this.#selected(selection).filter(({ revokedAt }) => revokedAt === null);
    for (const session of found) this.#sessions.set(session.id, { ...session, revokedAt: now, revokeReason: reason });
    return found.map(({ id }) => id);
  }

  async list(selection: SessionSelection, now: number): Promise<SessionRow[]> {
    return this.#selected(selection)
      .filter((session) => isLive(session, now))
      .toSorted((one, other) => other.createdAt - one.createdAt)
      .map(copyOf);
  }

  async leastRecentlyUsed(subject: string, keep: number, now: number): Promise<string[]> {
    return this.#selected({ subject })
      .filter((session) => isLive(session, now))
      .toSorted((one, other) => lastUseOf(other) - lastUseOf(one) || (one.id < other.id ? 1 : -1))
      .slice(keep, keep + 100)
      .map(({ id }) => id);
  }

  async prune(endedBefore: number, limit: number): Promise<number> {
    const gone = [...this.#sessions.values()].filter((session) => endOf(session) < endedBefore).slice(0, limit);
    for (const { id } of gone) {
      this.#sessions.delete(id);
      this.#tokens.delete(id);
    }
    return gone.length;
  }

  #live(sessionId: string, now: number): SessionRow | undefined {
    checkTexts(sessionId);
    const session = this.#sessions.get(sessionId);
    return session !== undefined && isLive(session, now) ? session : undefined;
  }

  #selected({ subject, tenant, except }: SessionSelection): SessionRow[] {
    checkTexts(subject, ...[tenant, except].filter((text) => text !== undefined));
    return [...this.#sessions.values()].filter(
      (session) =>
        session.subject === subject && session.id !== except && (tenant === undefined || session.tenant === tenant),
    );
  }
}

/** An object or undefined would find nothing here, but the first row of a database. */
function checkTexts(...texts: unknown[]): void {
  if (!texts.every((text) => typeof text === 'string')) throw refusal('an id must be a string');
}

function refusal(reason: string): AuthError {
  return new AuthError('invalid_argument', { reason });
}

/** What an application changes in its own objects changes no row, as with a database. */
function copyOf(session: SessionRow): SessionRow {
  return { ...session, grant: copied(session.grant), data: copied(session.data) };
}

function copied<T>(json: T): T {
  return JSON.parse(JSON.stringify(json)) as T;
}

function childrenOf(parent: string, tokens: readonly RefreshTokenRow[]): Children {
  const children = tokens.filter(({ parentId }) => parentId === parent);
  return { count: children.length, newestAt: Math.max(0, ...children.map(({ issuedAt }) => issuedAt)) };
}
