import { randomBytes, randomUUID } from 'node:crypto';
import type { JwtClaims } from '../jwt/claims.js';
import type { Scope } from '../jwt/scope.js';
import { parseJwt, unverifiedClaims } from '../jwt/verify.js';
import type { RefreshTokenRow, SessionRow } from '../stores/session.store.js';
import { newRefreshToken, secretHash } from './refresh-token.js';
import { sessionEnded } from './session-ender.js';
import { Session } from './session.js';
import type { IssueOptions, TokenIssuer } from './token-issuer.js';

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

/** A refresh token that is about to be given out: its row for the store, the texts for the client alone. */
export interface NewRefreshToken {
  readonly row: RefreshTokenRow;
  readonly raw: string;
  readonly antiCsrf: string | undefined;
}

export interface SessionTokensParts {
  readonly tokens: TokenIssuer;
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

  /** The access token that goes with a refresh token. @throws AuthError `token_expired` when no second is left of the session, and as `TokenIssuer.issue` */
  async issue(session: SessionRow, { row, raw, antiCsrf }: NewRefreshToken, now: number): Promise<IssuedSession> {
    const grant = session.grant as Pick<IssueOptions, 'scope' | 'claims' | 'audience'>;
    // a token of less than a second would be none
    if (session.absoluteExpiresAt - now < 1000) throw sessionEnded(session);
    const lineage = {
      ...{ subject: session.subject, sid: session.id, authTime: Math.floor(session.createdAt / 1000) },
      endsAt: Math.floor(session.absoluteExpiresAt / 1000),
      refreshId: row.id,
      ...(row.parentId !== null && { refreshParent: row.parentId }),
      ...(antiCsrf !== undefined && { csrf: antiCsrf }),
    };
    const accessToken = await this.parts.tokens.issue('access', session.subject, grant, lineage);
    return {
      session: new Session(session),
      accessToken,
      claims: unverifiedClaims(parseJwt(accessToken)),
      refreshToken: raw,
      antiCsrf,
      scope: grant.scope,
      issuedAt: now,
      refreshExpiresAt: Math.min(now + this.parts.idleLifetime, session.absoluteExpiresAt),
    };
  }
}
