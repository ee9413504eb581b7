import { randomUUID } from 'node:crypto';
import type { Clock } from '../auth.clock.js';
import { seconds, type Duration, type Lifetime } from '../auth.durations.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import type { JwtClaims } from '../jwt/claims.js';
import type { JwtOptions } from '../jwt/jwt.options.js';
import { scopeText, type Scope } from '../jwt/scope.js';
import { revocationId } from '../stores/revocation-id.js';
import type { RevocationList } from '../stores/revocation-list.js';
import type { RevocationKind } from '../stores/revocation.store.js';
import { ownClaims } from './issued-claims.js';
import type { Granted, IssueOptions, Lineage, TokenIssuer } from './token-issuer.js';

/** The answer of a token endpoint (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds; absent when the token does not expire. */
  readonly expires_in?: number;
  readonly refresh_token?: string;
  /** The names granted; absent when there are none. */
  readonly scope?: string;
}

export interface TokenServiceParts {
  readonly options: JwtOptions;
  readonly tokens: TokenIssuer;
  readonly clock: Clock;
  readonly revocations: RevocationList;
  readonly emit: AuthEventListener;
}

/** Stateless tokens: issue, and revoke by token, family or subject. */
export class TokenService {
  private readonly tokens: TokenIssuer;

  constructor(private readonly parts: TokenServiceParts) {
    this.tokens = parts.tokens;
  }

  /** `iss` of the tokens made here. */
  get issuer(): string {
    return this.parts.options.issuer;
  }

  async issueAccessToken(user: unknown, options: IssueOptions = {}, lineage: Lineage = {}): Promise<string> {
    return this.tokens.issue(options.type ?? 'access', user, options, { sid: randomUUID(), ...lineage });
  }

  /** Scope and claims are for routes that take the refresh token itself. Each starts a family, named by `sid`. */
  async issueRefreshToken(
    user: unknown,
    options: Omit<IssueOptions, 'type'> = {},
    lineage: Lineage = {},
  ): Promise<string> {
    return this.tokens.issue('refresh', user, options, { sid: randomUUID(), ...lineage });
  }

  /** An access and a refresh token of one new family. Scope and claims go into the access token, and come back at each refresh. */
  async issueTokens(user: unknown, options: Omit<IssueOptions, 'type'> = {}): Promise<TokenResponse> {
    return this.issuePair(user, options, { sid: randomUUID() });
  }

  /**
   * The access token once more, with new times: at most `longest` seconds. Freshness that has no end of its own is not
   * carried on: it would never end.
   */
  async reissueAccessToken(claims: JwtClaims, subject: string, longest: number): Promise<string> {
    const { scope, fresh, aud, csrf } = claims;
    const freshUntil = typeof fresh === 'number' ? { freshUntil: fresh } : {};
    const lineage = { ...this.lineageOf(claims), csrf, ...freshUntil } as Lineage;
    const expiresIn = Math.min(longest, seconds(this.parts.options.accessTokenLifetime)) as Duration;
    const options = { claims: ownClaims(claims, this.parts.options), scope: scope as Scope, audience: aud!, expiresIn };
    return this.issueAccessToken(subject, options, lineage);
  }

  /** What a token made from one with these claims inherits. */
  lineageOf(claims: JwtClaims): Lineage {
    const { sid, auth_time: authTime, iat, orig_iat: originalIssuedAt = iat } = claims;
    return {
      subject: claims[this.parts.options.subjectClaim]!,
      originalIssuedAt: originalIssuedAt as number,
      ...(sid !== undefined && { sid }),
      ...(authTime !== undefined && { authTime }),
    };
  }

  /** The pair that `lineage` continues. */
  async issuePair(user: unknown, options: Omit<IssueOptions, 'type'>, lineage: Lineage): Promise<TokenResponse> {
    const { scope, claims, audience: aud, fresh, header, expiresIn } = options;
    const grant: Granted = { ...(scope && { scope }), ...(claims && { claims }), ...(aud && { aud }) };
    const accessToken = await this.issueAccessToken(user, options, withoutGrant(lineage));
    const refreshToken = await this.issueRefreshToken(
      user,
      // its audience is we ourselves, who refresh it; `grant` remembers whom the access token is for
      { ...(header && { header }), ...(fresh && { fresh }) },
      { ...lineage, ...(Object.keys(grant).length > 0 && { grant }) },
    );
    return { ...this.response(accessToken, scope, expiresIn), refresh_token: refreshToken };
  }

  /** The answer for one access token. */
  response(accessToken: string, scope: Scope | undefined, expiresIn?: Lifetime): TokenResponse {
    const lifetime = seconds(expiresIn ?? this.parts.options.accessTokenLifetime);
    const names = scopeText(scope);
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      ...(lifetime !== Infinity && { expires_in: lifetime }),
      ...(names !== '' && { scope: names }),
    };
  }

  /**
   * Revoke a token: its whole family when it has one, so that a log-out ends access and refresh together (RFC 7009 §2.1),
   * or with `family: false` this one alone.
   *
   * @throws AuthError `store_unavailable`
   */
  async revoke(claims: JwtClaims, { family = true }: { family?: boolean } = {}): Promise<boolean> {
    const kind = family && claims.sid !== undefined ? 'sid' : 'jti';
    const id = claims[kind];
    if (id === undefined) throw new AuthError('invalid_argument', { reason: 'the token has no jti to revoke it by' });
    if (claims.iss === this.issuer) return this.revokeBy(kind, id);
    // ids of another issuer are names of its own, and its tokens may live longer than ours
    const until = Math.max(this.tokens.keptUntil(), ((claims.exp ?? 0) + 2 * 60) * 1000);
    return this.revokeBy(kind, id, { issuer: claims.iss, until });
  }

  /** Every token of the subject issued up to now is dead; those issued from now on live. */
  async revokeAll(subject: string): Promise<void> {
    if (typeof subject !== 'string' || subject === '')
      throw new AuthError('invalid_argument', { reason: 'the subject must be a text' });
    const { clock, revocations } = this.parts;
    // what was issued since a revocation of this same second lies one second ahead
    const notBefore = Math.max(Math.floor(clock.now() / 1000), revocations.notBefore(revocationId(subject)) + 1);
    await this.revokeBy('sub', subject, { notBefore });
  }

  /** See {@link TokenIssuer.keptUntil}. */
  keptUntil(): number {
    return this.tokens.keptUntil();
  }

  private async revokeBy(
    kind: RevocationKind,
    id: string,
    {
      issuer,
      until = this.tokens.keptUntil(),
      notBefore = 0,
    }: { issuer?: string; until?: number; notBefore?: number } = {},
  ): Promise<boolean> {
    const { revocations, emit, clock } = this.parts;
    const first = await revocations.revoke(kind, revocationId(id, issuer), until, notBefore);
    if (first) emit('revoked', { kind, id, at: clock.now() });
    return first;
  }
}

/** What is only for the refresh token stays there. */
function withoutGrant({ parent: _parent, grant: _grant, ...lineage }: Lineage): Lineage {
  return lineage;
}
