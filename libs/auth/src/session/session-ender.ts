import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import type { RevocationList } from '../stores/revocation-list.js';
import type { SessionEnd, SessionRow, SessionSelection, SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';
import type { TokenIssuer } from './token-issuer.js';

export interface SessionEnderParts {
  readonly store: SessionStore;
  readonly issuer: TokenIssuer;
  readonly revocations: RevocationList;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
}

/**
 * Ends sessions before their time. The deny-list comes first: when the second write fails, the session can still be ended by
 * the next call. The other way round, its access tokens would live on, and nobody would ask again.
 */
export class SessionEnder {
  constructor(private readonly parts: SessionEnderParts) {}

  /** @returns was this the call that ended it? An id that nobody has leaves no row behind. @throws AuthError `store_unavailable` */
  async revoke(sessionId: string, reason: SessionEnd): Promise<boolean> {
    const session = await asking(this.parts.store.find(sessionId));
    return session !== undefined && this.end(sessionId, reason);
  }

  /** @returns the ids of those that it ended. @throws AuthError `store_unavailable` */
  async revokeSelected(selection: SessionSelection): Promise<string[]> {
    const { store, clock } = this.parts;
    const listed = new Set((await asking(store.list(selection, clock.now()))).map(({ id }) => id));
    await this.refuseAccess([...listed]);
    const ids = await asking(store.revokeSelected(selection, 'revoked', clock.now()));
    // one may have begun since the list was read
    await this.refuseAccess(ids.filter((id) => !listed.has(id)));
    return ids;
  }

  /** Of a session that is known to be there. @returns was this the call that ended it? @throws AuthError `store_unavailable` */
  async end(id: string, reason: SessionEnd): Promise<boolean> {
    await this.refuseAccess([id]);
    return asking(this.parts.store.revoke(id, reason, this.parts.clock.now()));
  }

  /**
   * A log-in is never refused for the number of sessions: those that were not used for the longest time end. Never the one that
   * has just begun, even if a faster clock has made others newer: then there is one too many until the next log-in.
   *
   * @throws AuthError `store_unavailable`
   */
  async endSurplus({ id: begun, subject }: SessionRow, limit: number): Promise<void> {
    const { store, clock } = this.parts;
    const ids = await asking(store.leastRecentlyUsed(subject, limit, clock.now()));
    await Promise.all(ids.filter((id) => id !== begun).map((id) => this.end(id, 'limit')));
  }

  /** A refresh token came back. @returns the refusal @throws AuthError `store_unavailable` */
  async endReused({ id, subject }: SessionRow): Promise<AuthError> {
    const { emit, clock } = this.parts;
    if (await this.end(id, 'reuse')) emit('session.reused', { subject, sid: id, at: clock.now() });
    return new AuthError('token_reused', { reason: 'the session is revoked' });
  }

  /** The access tokens of ended sessions live for a while: the deny-list reaches every process. */
  private async refuseAccess(ids: readonly string[]): Promise<void> {
    const { revocations, issuer, clock, emit } = this.parts;
    const until = issuer.keptUntil();
    // side by side: a row each, and a user may have many
    const deny = async (id: string): Promise<void> => {
      const first = await revocations.revoke('sid', id, until);
      if (first) emit('revoked', { kind: 'sid', id, at: clock.now() });
    };
    await Promise.all(ids.map(deny));
  }
}

/** The refusal of what comes for a session that has ended, or is not there. */
export function sessionEnded(session: SessionRow | undefined): AuthError {
  const isRevoked = session !== undefined && session.revokedAt !== null;
  return new AuthError(isRevoked ? 'token_revoked' : 'token_expired', { reason: 'the session has ended' });
}
