import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import type { Scope } from '../jwt/scope.js';
import { revocationId } from '../stores/revocation-id.js';
import type { RevocationStore } from '../stores/revocation.store.js';
import { asking } from '../stores/store-answer.js';
import type { IssueOptions } from './token-issuer.js';
import type { TokenResponse, TokenService } from './token.service.js';

export interface RefreshParts {
  readonly tokens: TokenService;
  readonly store: RevocationStore | undefined;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly reuseLeeway: number;
  readonly emit: AuthEventListener;
}

/** What a refresh may change of the grant. */
export interface RefreshOptions extends Pick<IssueOptions, 'claims' | 'header' | 'expiresIn'> {
  /**
   * Instead of the scope of the log-in. This is the application's word, for example of a user who was promoted since: it is
   * not compared with what was granted. Never pass on what a client asks for: RFC 6749 §6 allows it the same or less.
   */
  scope?: Scope;
}

type RefreshGrant = Omit<IssueOptions, 'type' | 'fresh'>;

/**
 * New tokens for a refresh token.
 *
 * Without a store, a new access token; the refresh token stays as it is. With one, a new pair, and each refresh token is
 * used once: any number of unused children may come of it within the leeway (lost answers, racing tabs), of which the
 * first to be used is the live branch. Every other use ends the family (RFC 9700 §4.14.2).
 *
 * Each step is one conditional statement; a crash between two of them loses nothing and forks nothing.
 */
export class TokenRefresher {
  constructor(private readonly parts: RefreshParts) {}

  /** What a token must be before {@link refresh} takes it. */
  get requirement() {
    const { store, tokens } = this.parts;
    return {
      type: 'refresh',
      // asked of the store itself: no refresh slips in between a log-out elsewhere and the next poll
      revocation: store === undefined ? true : 'store',
      // a refresh token of another issuer gives none of ours: its subjects are not our subjects
      issuer: tokens.issuer,
    } as const;
  }

  /**
   * @param verified claims of a token that meets {@link requirement}; here nothing of it is checked again.
   * @throws AuthError `token_reused`, `store_unavailable`
   */
  async refresh(subject: string, verified: JwtClaims, options: RefreshOptions): Promise<TokenResponse> {
    const { tokens, store } = this.parts;
    // one that was made elsewhere under our key may name no family: it begins one
    const claims = { ...verified, sid: verified.sid ?? verified.jti! };
    const granted = grantOf(claims, options);
    const lineage = tokens.lineageOf(claims);
    if (store === undefined) {
      const accessToken = await tokens.issueAccessToken(subject, granted, lineage);
      return tokens.response(accessToken, granted.scope, granted.expiresIn);
    }
    const parent = await this.useOnce(store, subject, claims);
    return tokens.issuePair(subject, granted, { ...lineage, parent });
  }

  /** @returns the `jti` that the children come of: this token's, or that of the branch which went on within the leeway. */
  private async useOnce(store: RevocationStore, subject: string, claims: JwtClaims): Promise<string> {
    const { clock, tokens, reuseLeeway } = this.parts;
    const jti = revocationId(claims.jti!);
    const now = clock.now();
    const expiresAt = tokens.keptUntil();
    const parent = claims['prt'];
    // before the use is written: after a crash in between, this token can still come and finish
    if (
      typeof parent === 'string' &&
      !(await asking(store.confirm({ jti: revocationId(parent), usedAt: now, expiresAt }, jti)))
    ) {
      throw await this.reused(subject, claims);
    }
    const use = await asking(store.use({ jti, usedAt: now, expiresAt }));
    if (now - use.usedAt > reuseLeeway) throw await this.reused(subject, claims);
    return use.child ?? jti;
  }

  private async reused(subject: string, claims: JwtClaims): Promise<AuthError> {
    const { tokens, emit, clock } = this.parts;
    const first = await tokens.revoke(claims);
    if (first) emit('refresh.reused', { subject, sid: claims.sid!, jti: claims.jti!, at: clock.now() });
    return new AuthError('token_reused', { reason: 'its family is revoked' });
  }
}

/** The grant as the refresh token remembers it, but for what the application says anew; its audience never changes. */
function grantOf(claims: JwtClaims, { scope, claims: own, header, expiresIn }: RefreshOptions): RefreshGrant {
  const grant = (claims['grant'] ?? {}) as { scope?: Scope; claims?: Record<string, JsonValue>; aud?: string };
  const given = { scope: scope ?? grant.scope, claims: own ?? grant.claims, audience: grant.aud, header, expiresIn };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
