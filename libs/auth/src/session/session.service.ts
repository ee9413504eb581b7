import { randomBytes, randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import { askHook } from '../auth.hook-answers.js';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import { isProven } from '../jwt/equal-text.js';
import type { Scope } from '../jwt/scope.js';
import { parseJwt, unverifiedClaims } from '../jwt/verify.js';
import { revocationId } from '../stores/revocation-id.js';
import type { RevocationList } from '../stores/revocation-list.js';
import { asking } from '../stores/store-answer.js';
import type {
  RefreshTokenRow,
  SessionEnd,
  SessionRow,
  SessionSelection,
  SessionStore,
} from '../stores/session.store.js';
import type { IssueHooks } from './issue-hooks.js';
import { checkJson } from './issued-claims.js';
import { newRefreshSecret, newSessionId, readRefreshSecret, type RefreshSecret } from './refresh-secret.js';
import { isLive, nextStep } from './rotation.js';
import { Session } from './session.js';
import type { IssueOptions, TokenIssuer } from './token-issuer.js';

/** What a session is made with, besides its subject. */
export interface CreateSessionOptions extends Pick<IssueOptions, 'scope' | 'claims' | 'audience'> {
  /** For the server alone: no client sees it. */
  data?: Record<string, JsonValue>;
  tenant?: string;
}

/** A session with the two texts that only its client may hold. */
export interface IssuedSession {
  readonly session: Session;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** To be sent back with each request, where `session.antiCsrf` is `'token'`. */
  readonly antiCsrf: string | undefined;
  readonly scope: Scope | undefined;
  /** Of the access token. */
  readonly claims: JwtClaims;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  /** Epoch milliseconds; a cookie that ended earlier would log out a user who comes back in time. */
  readonly refreshExpiresAt: number;
}

/** Times in milliseconds. */
export interface SessionServiceParts {
  readonly store: SessionStore;
  readonly tokens: TokenIssuer;
  readonly revocations: RevocationList;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
  readonly hooks: Pick<IssueHooks, 'sessionGrant'>;
  readonly idleLifetime: number;
  readonly absoluteLifetime: number;
  readonly reuseLeeway: number;
  /** Each access token carries a value of its own, which its client sends back. */
  readonly withAntiCsrf: boolean;
}

/** A store whose answer was overtaken so often is busy: the client comes again. */
const mostRounds = 3;

/**
 * Sessions: an access token, and an opaque refresh token that changes with each use (RFC 9700 §4.14.2).
 *
 * `rotation.ts` decides what a refresh token may still do; here its decisions are written, each by one conditional
 * statement. A crash between two of them loses nothing and forks nothing.
 */
export class SessionService {
  private readonly logger = new Logger(SessionService.name);

  constructor(private readonly parts: SessionServiceParts) {}

  /** Start a session. Its id is new, whatever came before (SF-01). @throws AuthError `invalid_argument`, `reserved_claim`, `store_unavailable` */
  async create(user: unknown, options: CreateSessionOptions = {}): Promise<IssuedSession> {
    const { store, tokens, revocations, clock, idleLifetime, absoluteLifetime } = this.parts;
    const { scope, claims, audience, data = {}, tenant = null } = options;
    checkJson('data', data);
    const subject = await tokens.subjectOf(user);
    if (typeof subject !== 'string') throw wrong('the subject of a session must be a text');
    if (tenant !== null && (typeof tenant !== 'string' || tenant === ''))
      throw wrong('tenant must be a non-empty text');

    const now = clock.now();
    const id = newSessionId();
    const { row, text } = this.newToken(id, null, now);
    const session: SessionRow = {
      ...{ id, subject, tenant, data, currentId: row.id, previousId: null, rotatedAt: 0, createdAt: now },
      ...{ idleExpiresAt: now + Math.min(idleLifetime, absoluteLifetime), absoluteExpiresAt: now + absoluteLifetime },
      ...{ revokedAt: null, revokeReason: null, grant: withoutUndefined({ scope, claims, audience }) },
    };
    // first what can be refused: nothing is written for a session that nobody gets
    const issued = await this.issue(session, row, text, now);
    await asking(store.create(session, row));
    // all tokens of the subject were revoked meanwhile, and the session was not there yet to be ended with them
    if (issued.claims.iat! <= revocations.notBefore(revocationId(subject))) {
      await this.end(id, 'revoked');
      throw new AuthError('token_revoked', { reason: 'the tokens of the subject were revoked during the log-in' });
    }
    return issued;
  }

  /**
   * The next tokens of a session.
   *
   * @param options `antiCsrf`, what the client sent beside a cookie: where the member is there, it must be the value that the
   *   refresh token came with.
   * @throws AuthError `token_invalid`, `token_revoked`, `token_expired`, `token_reused` (the session is over),
   *   `csrf_failed`, `too_many_refreshes` (429), `store_unavailable`
   */
  async refresh(refreshToken: string, options: { antiCsrf?: unknown } = {}): Promise<IssuedSession> {
    const secret = readRefreshSecret(refreshToken);
    if (secret === undefined) throw new AuthError('token_invalid', { reason: 'this is no refresh token of a session' });
    // a header that was not sent is undefined: it is no proof, and no leave to go without one
    const antiCsrf = Object.hasOwn(options, 'antiCsrf') ? String(options.antiCsrf ?? '') : undefined;
    for (let round = 0; round < mostRounds; round++) {
      const issued = await this.refreshOnce(secret, antiCsrf);
      if (issued !== undefined) return issued;
    }
    throw new AuthError('store_unavailable', { reason: 'other refreshes of the session were faster each time' });
  }

  /** @returns undefined when another call has moved the session meanwhile: then all is to be decided anew. */
  private async refreshOnce(secret: RefreshSecret, antiCsrf: string | undefined): Promise<IssuedSession | undefined> {
    const { store, clock, reuseLeeway } = this.parts;
    const now = clock.now();
    const rows = await asking(store.rotationRows(secret.sessionId, secret.hash));
    if (rows === undefined) throw new AuthError('token_invalid', { reason: 'no session knows this refresh token' });
    if (antiCsrf !== undefined && !isProven(antiCsrf, rows.token.antiCsrf))
      throw new AuthError('csrf_failed', { reason: 'the anti-CSRF value is missing or not that of the refresh token' });
    const step = nextStep(rows, now, reuseLeeway);
    if (step.kind === 'ended') throw ended(rows.session);
    if (step.kind === 'reuse') throw await this.reused(rows.session);
    if (step.kind === 'wait') {
      const retryAfter = Math.ceil(step.milliseconds / 1000);
      throw new AuthError('too_many_refreshes', { reason: 'its children are not used', retryAfter });
    }
    const grant = await this.grantOf(rows.session);
    const { parent, promote } = step;
    if (promote !== undefined && !(await this.promote(secret.sessionId, promote.seen, parent, now))) return undefined;
    // by a slower clock it came before its parent moved up: siblings of one leeway would be no twins
    const { row, text } = this.newToken(secret.sessionId, parent, Math.max(now, rows.session.rotatedAt));
    await asking(store.addToken(row));
    // a log-out, or a faster refresh, may have come between the first read and the new row
    const session = await asking(store.find(secret.sessionId));
    if (session === undefined || !isLive(session, clock.now())) throw ended(session);
    return session.currentId === parent ? this.issue({ ...session, grant }, row, text, now) : undefined;
  }

  /** @throws AuthError `token_revoked` when the application knows the user no more, `store_unavailable` when its hook fails */
  private async grantOf(session: SessionRow): Promise<SessionRow['grant']> {
    const { hooks } = this.parts;
    if (hooks.sessionGrant === undefined) return session.grant;
    const today = await askHook('hooks.sessionGrant', () => hooks.sessionGrant!(new Session(session)));
    if (typeof today === 'object' && today !== null) return { ...session.grant, ...today };
    // any other answer is a mistake of the hook, and no leave to go on
    if (today !== null && today !== undefined)
      throw new AuthError('store_unavailable', { reason: 'hooks.sessionGrant must answer an object, or null' });
    await this.end(session.id, 'revoked');
    throw new AuthError('token_revoked', { reason: 'hooks.sessionGrant knows the user no more' });
  }

  private async promote(sessionId: string, seen: string, to: string, now: number): Promise<boolean> {
    const { store, idleLifetime, reuseLeeway } = this.parts;
    return asking(
      store.promote({
        ...{ sessionId, seen, to, now },
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

  /** Has the session ended, by the word of the store? @throws AuthError `store_unavailable` */
  async isEnded(sessionId: string): Promise<boolean> {
    return (await this.get(sessionId)) === undefined;
  }

  /**
   * End a session.
   *
   * @returns was this the call that ended it? @throws AuthError `store_unavailable`; called again, it does what was left undone.
   */
  async revoke(sessionId: string, reason: SessionEnd = 'revoked'): Promise<boolean> {
    // an id that nobody has leaves no row behind
    const session = await asking(this.parts.store.find(sessionId));
    return session !== undefined && this.end(sessionId, reason);
  }

  /** End the sessions selected. @returns the ids of those that it ended. @throws AuthError as {@link revoke} */
  async revokeAll(selection: SessionSelection): Promise<string[]> {
    const { store, clock } = this.parts;
    const listed = await asking(store.list(selection, clock.now()));
    await this.refuseAccess(listed.map(({ id }) => id));
    const ids = await asking(store.revokeAll(selection, 'revoked', clock.now()));
    await this.refuseAccess(ids);
    return ids;
  }

  /** A session that has not ended; undefined when there is none. @throws AuthError `store_unavailable` */
  async get(sessionId: string): Promise<Session | undefined> {
    const row = await asking(this.parts.store.find(sessionId));
    return row !== undefined && isLive(row, this.parts.clock.now()) ? new Session(row) : undefined;
  }

  /** The sessions that have not ended, the newest first. @throws AuthError `store_unavailable` */
  async list(selection: SessionSelection): Promise<Session[]> {
    const rows = await asking(this.parts.store.list(selection, this.parts.clock.now()));
    return rows.map((row) => new Session(row));
  }

  /**
   * The deny-list first: when the second write fails, the session can still be ended by the next call. The other way round,
   * its access tokens would live on, and nobody would ask again.
   */
  private async end(id: string, reason: SessionEnd): Promise<boolean> {
    await this.refuseAccess([id]);
    return asking(this.parts.store.revoke(id, reason, this.parts.clock.now()));
  }

  /** The access tokens of ended sessions live for a while: the deny-list reaches every process. */
  private async refuseAccess(ids: readonly string[]): Promise<void> {
    const { revocations, tokens, clock, emit } = this.parts;
    for (const id of ids) {
      const first = await revocations.revoke('sid', id, tokens.keptUntil());
      if (first) emit('revoked', { kind: 'sid', id, at: clock.now() });
    }
  }

  private async reused({ id, subject }: SessionRow): Promise<AuthError> {
    const { emit, clock } = this.parts;
    if (await this.end(id, 'reuse')) emit('session.reused', { subject, sid: id, at: clock.now() });
    return new AuthError('token_reused', { reason: 'the session is revoked' });
  }

  private newToken(sessionId: string, parentId: string | null, now: number): { row: RefreshTokenRow; text: string } {
    const { text, hash } = newRefreshSecret(sessionId);
    const antiCsrf = this.parts.withAntiCsrf ? randomBytes(16).toString('base64url') : null;
    return { text, row: { id: randomUUID(), sessionId, tokenHash: hash, parentId, antiCsrf, issuedAt: now } };
  }

  private async issue(session: SessionRow, token: RefreshTokenRow, text: string, now: number): Promise<IssuedSession> {
    const { tokens, idleLifetime } = this.parts;
    const grant = session.grant as Pick<IssueOptions, 'scope' | 'claims' | 'audience'>;
    // a token of less than a second would be none
    if (session.absoluteExpiresAt - now < 1000) throw ended(session);
    const lineage = {
      ...{ subject: session.subject, sid: session.id, authTime: Math.floor(session.createdAt / 1000) },
      endsAt: Math.floor(session.absoluteExpiresAt / 1000),
      refreshId: token.id,
      ...(token.parentId !== null && { refreshParent: token.parentId }),
      ...(token.antiCsrf !== null && { csrf: token.antiCsrf }),
    };
    const accessToken = await tokens.issue('access', session.subject, grant, lineage);
    return {
      session: new Session(session),
      accessToken,
      claims: unverifiedClaims(parseJwt(accessToken)),
      refreshToken: text,
      antiCsrf: token.antiCsrf ?? undefined,
      scope: grant.scope,
      issuedAt: now,
      refreshExpiresAt: Math.min(now + idleLifetime, session.absoluteExpiresAt),
    };
  }
}

function ended(session: SessionRow | undefined): AuthError {
  const isRevoked = session !== undefined && session.revokedAt !== null;
  return new AuthError(isRevoked ? 'token_revoked' : 'token_expired', { reason: 'the session has ended' });
}

function wrong(reason: string): AuthError {
  return new AuthError('invalid_argument', { reason });
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
