import { randomBytes, randomUUID } from 'node:crypto';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import type { Scope } from '../jwt/scope.js';
import { parseJwt, unverifiedClaims } from '../jwt/verify.js';
import type { RefreshTokenRow, SessionRow } from '../stores/session.store.js';
import type { FetchedClaims } from './claim-fetcher.js';
import { newRefreshToken, secretHash } from './refresh-token.js';
import { sessionEnded } from './session-ender.js';
import { Session } from './session.js';
import type { IssueOptions, Lineage, TokenIssuer } from './token-issuer.js';

/** A new access token of a session, which only its client may hold. */
export interface IssuedAccess {
  readonly subject: string;
  readonly accessToken: string;
  /** Of the access token. */
  readonly claims: JwtClaims;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
}

/** @throws AuthError for an access token that the session's client could not be given. */
export type AccessCheck = (access: IssuedAccess) => void;

/** A session with the two texts that only its client may hold. */
export interface IssuedSession extends IssuedAccess {
  readonly session: Session;
  readonly refreshToken: string;
  /** To be sent back with each request, where `session.antiCsrf` is `'token'`. */
  readonly antiCsrf: string | undefined;
  readonly scope: Scope | undefined;
  /** Epoch milliseconds; a cookie that ended earlier would log out a user who comes back in time. */
  readonly refreshExpiresAt: number;
}

/** An access token of a session of ours, verified. */
export interface SessionToken {
  readonly subject: string;
  readonly claims: JwtClaims;
  readonly session: {
    readonly id: string;
    readonly refreshId: string;
    readonly parentId: string | undefined;
    readonly tenant: string | null;
  };
}

/** A refresh token that is about to be given out: its row for the store, the texts for the client alone. */
export interface NewRefreshToken {
  readonly row: RefreshTokenRow;
  readonly raw: string;
  readonly antiCsrf: string | undefined;
}

/** What a token says of the moment it is made at. */
export interface Today {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly fetched: FetchedClaims;
}

export interface SessionTokensParts {
  readonly issuer: TokenIssuer;
  /** Milliseconds. */
  readonly idleLifetime: number;
  /** Each access token carries a value of its own, which its client sends back. */
  readonly withAntiCsrf: boolean;
}

/** Makes the two tokens of a session. Asks no store. */
export class SessionTokens {
  constructor(private readonly parts: SessionTokensParts) {}

  /** @param parentId the token it comes of; null for the first one. @param now epoch milliseconds */
  newRefreshToken(sessionId: string, parentId: string | null, now: number): NewRefreshToken {
    const { raw, hash } = newRefreshToken(sessionId);
    const antiCsrf = this.parts.withAntiCsrf ? randomBytes(16).toString('base64url') : undefined;
    const antiCsrfHash = antiCsrf === undefined ? null : secretHash(antiCsrf);
    const row = { id: randomUUID(), sessionId, tokenHash: hash, parentId, antiCsrfHash, issuedAt: now };
    return { row, raw, antiCsrf };
  }

  /**
   * The two tokens of a session.
   *
   * @throws AuthError `token_expired` when no second is left of the session, and as {@link access}
   */
  async issue(session: SessionRow, refresh: NewRefreshToken, today: Today): Promise<IssuedSession> {
    // a token of less than a second would be none
    if (session.absoluteExpiresAt - today.now < 1000) throw sessionEnded(session);
    return {
      ...(await this.access(session, refresh, today)),
      session: new Session(session),
      refreshToken: refresh.raw,
      antiCsrf: refresh.antiCsrf,
      scope: grantOf(session).scope,
      refreshExpiresAt: Math.min(today.now + this.parts.idleLifetime, session.absoluteExpiresAt),
    };
  }

  /** The access token that goes with a refresh token. @throws AuthError as `TokenIssuer.issue` */
  access(session: SessionRow, { row, antiCsrf }: NewRefreshToken, { now, fetched }: Today): Promise<IssuedAccess> {
    const grant = grantOf(session);
    const lineage = {
      subject: session.subject,
      sid: session.id,
      authTime: Math.floor(session.createdAt / 1000),
      endsAt: Math.floor(session.absoluteExpiresAt / 1000),
      refreshId: row.id,
      ...(row.parentId !== null && { refreshParent: row.parentId }),
      ...(antiCsrf !== undefined && { csrf: antiCsrf }),
      ...(session.tenant !== null && { tenant: session.tenant }),
    };
    // what is fetched is of today, whatever the grant says
    const options = { ...grant, claims: { ...grant.claims, ...fetched } };
    return this.sign(session.subject, options, lineage, now);
  }

  /**
   * The access token of a refresh, given to nobody: it names the refresh token before it too, so a session whose first token just
   * fits would end with its first refresh.
   *
   * @throws AuthError `invalid_argument` when it is too long to be read
   */
  tryOutRefresh(session: SessionRow, today: Today): Promise<IssuedAccess> {
    return this.access(session, this.newRefreshToken(session.id, session.currentId, today.now), today);
  }

  /**
   * An access token in place of another one of its session, with other claims of the application. It inherits all that
   * the rotation, the revocation and the anti-CSRF proof read, `jti` too: whoever revokes the one means the other. It ends when
   * that one does: no refresh is put off by it. Its `iat` is new, by which the client sets its clock.
   */
  async reissue(
    { subject, claims, session }: SessionToken,
    own: Record<string, JsonValue>,
    now: number,
  ): Promise<IssuedAccess> {
    const { aud, iat, jti, orig_iat: originalIssuedAt = iat, scope } = claims;
    const options = { claims: own, audience: aud!, ...(scope !== undefined && { scope: scope as Scope }) };
    const lineage = {
      subject,
      originalIssuedAt,
      jti,
      sid: session.id,
      authTime: claims.auth_time,
      endsAt: claims.exp,
      refreshId: session.refreshId,
      refreshParent: session.parentId,
      csrf: claims['csrf'],
      tenant: session.tenant ?? undefined,
    };
    return this.sign(subject, options, lineage as Lineage, now);
  }

  private async sign(subject: string, options: IssueOptions, lineage: Lineage, now: number): Promise<IssuedAccess> {
    const accessToken = await this.parts.issuer.issue('access', subject, options, lineage);
    return { subject, accessToken, claims: unverifiedClaims(parseJwt(accessToken)), issuedAt: now };
  }
}

function grantOf({ grant }: SessionRow): Pick<IssueOptions, 'scope' | 'claims' | 'audience'> {
  return grant;
}
