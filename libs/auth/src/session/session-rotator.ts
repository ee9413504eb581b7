import { Logger } from '@nestjs/common';
import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import { askHook } from '../auth.hook-answers.js';
import { isProven } from '../jwt/equal-text.js';
import { isLive } from '../stores/session-life.js';
import type { RotationRows, SessionRow, SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';
import type { IssueHooks, SessionGrant } from './issue-hooks.js';
import type { ClaimFetcher } from './claim-fetcher.js';
import { readRefreshToken, secretHash, type RefreshToken } from './refresh-token.js';
import { nextStep, type RotationStep } from './rotation.js';
import { sessionEnded, type SessionEnder } from './session-ender.js';
import type { IssuedSession, SessionTokens } from './session-tokens.js';
import { Session } from './session.js';

/** Times in milliseconds. */
export interface SessionRotatorParts {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly hooks: Pick<IssueHooks, 'sessionGrant'>;
  readonly claimFetcher: ClaimFetcher;
  readonly idleLifetime: number;
  readonly reuseLeeway: number;
}

/** A store whose answer was overtaken so often is busy: the client comes again. */
const mostRounds = 3;

type ChildStep = Extract<RotationStep, { kind: 'child' }>;

/**
 * Writes what `rotation.ts` decides of a refresh token, each decision by one conditional statement. A crash between two of
 * them loses nothing and forks nothing.
 */
export class SessionRotator {
  private readonly logger = new Logger('SessionService');

  constructor(
    private readonly parts: SessionRotatorParts,
    private readonly tokens: SessionTokens,
    private readonly ender: SessionEnder,
  ) {}

  /** @param antiCsrf must be the value that the token came with; undefined asks for none. */
  async refresh(refreshToken: string, antiCsrf: string | undefined): Promise<IssuedSession> {
    const token = readRefreshToken(refreshToken);
    if (token === undefined) throw new AuthError('token_invalid', { reason: 'this is no refresh token of a session' });
    for (let round = 0; round < mostRounds; round++) {
      const issued = await this.refreshOnce(token, antiCsrf);
      if (issued !== undefined) return issued;
    }
    throw new AuthError('store_unavailable', { reason: 'other refreshes of the session were faster each time' });
  }

  /** @returns undefined when another call has moved the session meanwhile: then all is to be decided anew. */
  private async refreshOnce(token: RefreshToken, antiCsrf: string | undefined): Promise<IssuedSession | undefined> {
    const now = this.parts.clock.now();
    const rows = await this.rowsOf(token, antiCsrf);
    const { parent, promote } = await this.decide(rows, now);
    const today = await this.grantToday(rows.session);
    // before anything is written: a refresh that an outage stops leaves no child behind
    const fetched = await this.parts.claimFetcher.fetchAll(rows.session);
    if (promote && !(await this.promote(token.sessionId, rows.session.currentId, parent, now))) return undefined;
    // by a slower clock it came before its parent moved up: siblings of one leeway would be no twins
    const child = this.tokens.newRefreshToken(token.sessionId, parent, Math.max(now, rows.session.rotatedAt));
    await asking(this.parts.store.addToken(child.row));
    const session = await this.stillLive(token.sessionId);
    if (session.currentId !== parent) return undefined;
    // what was merged while the application was asked counts: of its answer, what it says itself
    const grant = { ...session.grant, ...today };
    return this.tokens.issue({ ...session, grant }, child, { now, fetched });
  }

  /** @throws AuthError `token_invalid`, `csrf_failed`, `store_unavailable` */
  private async rowsOf({ sessionId, hash }: RefreshToken, antiCsrf: string | undefined): Promise<RotationRows> {
    const rows = await asking(this.parts.store.rotationRows(sessionId, hash));
    if (rows === undefined) throw new AuthError('token_invalid', { reason: 'no session knows this refresh token' });
    if (antiCsrf !== undefined && !isProven(secretHash(antiCsrf), rows.token.antiCsrfHash))
      throw new AuthError('csrf_failed', { reason: 'the anti-CSRF value is missing or not that of the refresh token' });
    return rows;
  }

  /** @throws AuthError `token_expired`, `token_revoked`, `token_reused`, `too_many_refreshes` */
  private async decide(rows: RotationRows, now: number): Promise<ChildStep> {
    const step = nextStep(rows, now, this.parts.reuseLeeway);
    if (step.kind === 'child') return step;
    if (step.kind === 'ended') throw sessionEnded(rows.session);
    if (step.kind === 'reuse') throw await this.ender.endReused(rows.session);
    const retryAfter = Math.ceil(step.milliseconds / 1000);
    throw new AuthError('too_many_refreshes', { reason: 'its children are not used', retryAfter });
  }

  /** A log-out, or a faster refresh, may have come between the first read and the new row. @throws AuthError `token_expired`, `token_revoked` */
  private async stillLive(sessionId: string): Promise<SessionRow> {
    const { store, clock } = this.parts;
    const session = await asking(store.find(sessionId));
    if (session === undefined || !isLive(session, clock.now())) throw sessionEnded(session);
    return session;
  }

  /**
   * What the application says of the grant; what it says nothing of stays as it is.
   *
   * @throws AuthError `token_revoked` when the application knows the user no more, `store_unavailable` when its hook fails
   */
  private async grantToday(session: SessionRow): Promise<SessionGrant> {
    const { hooks } = this.parts;
    if (hooks.sessionGrant === undefined) return {};
    const today = await askHook('hooks.sessionGrant', () => hooks.sessionGrant!(new Session(session)));
    if (typeof today === 'object' && today !== null) return today;
    // any other answer is a mistake of the hook, and no leave to go on
    if (today !== null && today !== undefined)
      throw new AuthError('store_unavailable', { reason: 'hooks.sessionGrant must answer an object, or null' });
    await this.ender.end(session.id, 'revoked');
    throw new AuthError('token_revoked', { reason: 'hooks.sessionGrant knows the user no more' });
  }

  private async promote(sessionId: string, seen: string, to: string, now: number): Promise<boolean> {
    const { store, idleLifetime, reuseLeeway } = this.parts;
    return asking(
      store.promote({
        sessionId,
        seen,
        to,
        now,
        rotatedBefore: now - reuseLeeway,
        idleExpiresAt: now + idleLifetime,
      }),
    );
  }

  /**
   * The first use of an access token that came of a refresh: its refresh token becomes the current one.
   *
   * @returns the time from which on to ask again, in epoch milliseconds; Infinity when it is settled. A store that fails
   *   refuses nobody.
   */
  async confirm({ id, refreshId, parentId }: { id: string; refreshId: string; parentId: string }): Promise<number> {
    const { store, clock, reuseLeeway } = this.parts;
    const now = clock.now();
    try {
      if (await this.promote(id, parentId, refreshId, now)) return Infinity;
      const session = await asking(store.find(id));
      if (session === undefined || session.currentId !== parentId || !isLive(session, now)) return Infinity;
      return session.rotatedAt + reuseLeeway + 1;
    } catch (error) {
      this.logger.warn(
        `the use of a session could not be noted: ${error instanceof Error ? error.name : typeof error}`,
      );
      return 0;
    }
  }
}
