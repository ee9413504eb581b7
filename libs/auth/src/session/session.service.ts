import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import type { JsonValue } from '../jwt/claims.js';
import type { FetchedClaim } from '../jwt/session-claim.options.js';
import type { RevocationList } from '../stores/revocation-list.js';
import { isLive } from '../stores/session-life.js';
import type { SessionEnd, SessionSelection, SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';
import type { IssueHooks } from './issue-hooks.js';
import type { ClaimFetcher } from './claim-fetcher.js';
import { SessionChanges, merged } from './session-changes.js';
import { SessionEnder } from './session-ender.js';
import { SessionRotator } from './session-rotator.js';
import { SessionStarter, type CreateSessionOptions } from './session-starter.js';
import {
  SessionTokens,
  type AccessCheck,
  type IssuedAccess,
  type IssuedSession,
  type SessionToken,
} from './session-tokens.js';
import { Session } from './session.js';
import type { TokenIssuer } from './token-issuer.js';

/** Times in milliseconds. */
export interface SessionServiceParts {
  readonly store: SessionStore;
  readonly issuer: TokenIssuer;
  readonly revocations: RevocationList;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
  readonly hooks: Pick<IssueHooks, 'sessionGrant'>;
  readonly claimFetcher: ClaimFetcher;
  readonly idleLifetime: number;
  readonly absoluteLifetime: number;
  readonly reuseLeeway: number;
  /** How many live sessions a subject may have. */
  readonly maxPerSubject: number;
  /** Each access token carries a value of its own, which its client sends back. */
  readonly withAntiCsrf: boolean;
}

/** How a refresh token of a session came. */
export interface RefreshSessionOptions {
  /** From a cookie, which a browser sends by itself, also when another site asks. */
  fromCookie: boolean;
  /** What the client sent as `anti-csrf`, undefined when it sent nothing. Where `session.antiCsrf` is `'token'`, a cookie needs it. */
  antiCsrf?: string | readonly string[] | undefined;
}

/** Sessions: an access token, and an opaque refresh token that changes with each use (RFC 9700 §4.14.2). */
export class SessionService {
  private readonly tokens: SessionTokens;
  private readonly ender: SessionEnder;
  private readonly starter: SessionStarter;
  private readonly rotator: SessionRotator;
  private readonly changes: SessionChanges;

  constructor(private readonly parts: SessionServiceParts) {
    this.tokens = new SessionTokens(parts);
    this.ender = new SessionEnder(parts);
    this.starter = new SessionStarter(parts, this.tokens, this.ender);
    this.rotator = new SessionRotator(parts, this.tokens, this.ender);
    this.changes = new SessionChanges(parts, this.tokens);
  }

  /** The subject of a user's sessions. @throws AuthError `invalid_argument` when it is no text */
  subjectOf(user: unknown): Promise<string> {
    return this.starter.subjectOf(user);
  }

  /** See {@link SessionStarter.create}. */
  create(user: unknown, options: CreateSessionOptions = {}, mustFit?: AccessCheck): Promise<IssuedSession> {
    return this.starter.create(user, options, mustFit);
  }

  /**
   * The next tokens of a session.
   *
   * @param options by default the client handed the token over, and nothing is to be proved.
   * @throws AuthError `token_invalid`, `token_revoked`, `token_expired`, `token_reused` (the session is over),
   *   `csrf_failed`, `too_many_refreshes` (429), `store_unavailable`; `invalid_argument` for options that do not say how it came
   */
  async refresh(
    refreshToken: string,
    { fromCookie, antiCsrf }: RefreshSessionOptions = { fromCookie: false },
  ): Promise<IssuedSession> {
    if (typeof fromCookie !== 'boolean')
      throw new AuthError('invalid_argument', { reason: 'fromCookie must be true or false' });
    if (!fromCookie || !this.parts.withAntiCsrf) return this.rotator.refresh(refreshToken, undefined);
    // what was not sent is no proof, and no leave to go without one
    return this.rotator.refresh(refreshToken, typeof antiCsrf === 'string' ? antiCsrf : '');
  }

  /**
   * The first use of an access token that came of a refresh: its refresh token becomes the current one.
   *
   * @returns the time from which on to ask again, in epoch milliseconds; Infinity when it is settled. A store that fails
   *   refuses nobody.
   */
  confirm(use: { id: string; refreshId: string; parentId: string }): Promise<number> {
    return this.rotator.confirm(use);
  }

  /** See {@link SessionChanges.updateData}. */
  updateData(sessionId: string, data: Record<string, JsonValue>): Promise<boolean> {
    return this.changes.updateData(sessionId, data);
  }

  /** See {@link SessionChanges.mergeClaims}. Access tokens have them from the next refresh on, or by {@link reissue}. */
  mergeClaims(sessionId: string, changes: Record<string, JsonValue>, mustFit?: AccessCheck): Promise<boolean> {
    return this.changes.mergeClaims(sessionId, changes, mustFit);
  }

  /** An access token like another one, with changed claims; null takes one away. */
  reissue(token: SessionToken, changes: Record<string, JsonValue>): Promise<IssuedAccess> {
    const { issuer, clock } = this.parts;
    return this.tokens.reissue(token, merged(issuer.ownClaims(token.claims), changes), clock.now());
  }

  /** An access token like another one, with claims that were fetched anew. @throws AuthError `store_unavailable` when one cannot be had */
  async refetch(token: SessionToken, claims: readonly FetchedClaim[]): Promise<IssuedAccess> {
    const { subject, session } = token;
    return this.reissue(token, await this.parts.claimFetcher.fetch(claims, { ...session, subject }));
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
  revoke(sessionId: string, reason: SessionEnd = 'revoked'): Promise<boolean> {
    return this.ender.revoke(sessionId, reason);
  }

  /** End the sessions selected. @returns the ids of those that it ended. @throws AuthError as {@link revoke} */
  revokeSelected(selection: SessionSelection): Promise<string[]> {
    return this.ender.revokeSelected(selection);
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
}
