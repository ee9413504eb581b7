import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../auth.clock.js';
import { parseDuration, seconds, type Duration, type Lifetime } from '../auth.durations.js';
import { AuthError } from '../auth.errors.js';
import type { AuthEventListener } from '../auth.events.js';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import type { JwtOptions } from '../jwt/jwt.options.js';
import type { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey, type JwtKey } from '../jwt/keys.js';
import { scopeNames, scopeText, type Scope } from '../jwt/scope.js';
import { signJwt } from '../jwt/sign.js';
import { revocationId, type RevocationList } from '../stores/revocation-list.js';
import type { RevocationKind } from '../stores/revocation.store.js';
import { askIssueHook, type IssueHooks } from './issue-hooks.js';
import { checkClaimNames, checkHeaderNames, checkJson, ownClaims } from './issued-claims.js';

/** What a token is issued with, besides its subject. */
export interface IssueOptions {
  /** Of a single token: `'access'` (default) or a type of the application, such as `'password_reset'`. */
  type?: string;
  /** What the access token grants; a false member of an object grants nothing. */
  scope?: Scope;
  /** Extra claims; reserved ones are refused. */
  claims?: Record<string, JsonValue>;
  /** Extra members of the header. */
  header?: Record<string, JsonValue>;
  /** The user has just authenticated: writes `auth_time`, and `fresh` as true or as the second until which it holds. */
  fresh?: true | Duration;
  /** Lifetime, instead of the configured one; at most the longer of the two configured ones. */
  expiresIn?: Lifetime;
  /** `aud`, instead of the module's. */
  audience?: string | readonly string[];
}

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

/** What a refresh token remembers of its grant, so that a refresh gives the same again (RFC 6749 §6). */
interface Granted {
  readonly scope?: Scope;
  readonly claims?: Record<string, JsonValue>;
  readonly aud?: string | readonly string[];
}

/** What only Latchkey writes into a token. */
interface Lineage {
  /** The subject as the parent holds it, which may be no text. */
  readonly subject?: JsonValue;
  /** `iat` of the first token: a token never outlives what revokes its ancestors. */
  readonly originalIssuedAt?: number;
  readonly sid?: string;
  readonly authTime?: number;
  readonly parent?: string;
  readonly grant?: Granted;
  readonly csrf?: string;
  readonly freshUntil?: number;
}

export interface TokenServiceParts {
  readonly options: JwtOptions;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly hooks: IssueHooks;
  readonly revocations: RevocationList;
  readonly emit: AuthEventListener;
  /** Tokens travel in cookies here: each carries a `csrf` claim. */
  readonly withCsrf: boolean;
}

/** Stateless tokens: issue, and revoke by token, family or subject. */
export class TokenService {
  /** No token of ours lives longer, in seconds; so long a revocation is kept. */
  readonly longestLifetime: number;

  constructor(private readonly parts: TokenServiceParts) {
    const { accessTokenLifetime, refreshTokenLifetime } = parts.options;
    this.longestLifetime = Math.max(seconds(accessTokenLifetime), seconds(refreshTokenLifetime));
  }

  /** `iss` of the tokens made here. */
  get issuer(): string {
    return this.parts.options.issuer;
  }

  async issueAccessToken(user: unknown, options: IssueOptions = {}, lineage: Lineage = {}): Promise<string> {
    return this.issue(options.type ?? 'access', user, options, lineage);
  }

  /** Scope and claims are for routes that take the refresh token itself. Each starts a family, named by `sid`. */
  async issueRefreshToken(
    user: unknown,
    options: Omit<IssueOptions, 'type'> = {},
    lineage: Lineage = {},
  ): Promise<string> {
    return this.issue('refresh', user, options, { sid: randomUUID(), ...lineage });
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
      { ...(header && { header }), ...(aud && { audience: aud }), ...(fresh && { fresh }) },
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
    const until = Math.max(this.keptUntil(), ((claims.exp ?? 0) + 2 * 60) * 1000);
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

  private async revokeBy(
    kind: RevocationKind,
    id: string,
    { issuer, until = this.keptUntil(), notBefore = 0 }: { issuer?: string; until?: number; notBefore?: number } = {},
  ): Promise<boolean> {
    const { revocations, emit, clock } = this.parts;
    const first = await revocations.revoke(kind, revocationId(id, issuer), until, notBefore);
    if (first) emit('revoked', { kind, id, at: clock.now() });
    return first;
  }

  /** Milliseconds: until then a token issued now, anywhere in the cluster, can be presented. */
  keptUntil(): number {
    const furthest = 8.64e15;
    if (this.longestLifetime === Infinity) return furthest;
    return this.parts.clock.now() + (this.longestLifetime + 2 * 60) * 1000;
  }

  private async issue(type: string, user: unknown, options: IssueOptions, lineage: Lineage): Promise<string> {
    const { hooks, options: jwt } = this.parts;
    if (typeof type !== 'string' || !/^[\w.-]{1,64}$/.test(type))
      throw new AuthError('invalid_argument', { reason: 'type must be a name' });
    const subject = lineage.subject ?? (await this.subjectOf(user));
    const about = { type };
    const claims = { ...(await askIssueHook('hooks.claims', () => hooks.claims?.(user, about))), ...options.claims };
    const header = { ...(await askIssueHook('hooks.header', () => hooks.header?.(user, about))), ...options.header };
    checkClaimNames(claims, jwt);
    checkHeaderNames(header);
    const key = await this.signingKey(subject, type);
    const typ = type === 'access' ? 'at+jwt' : type === 'refresh' ? 'rt+jwt' : 'JWT';
    return signJwt(key, { ...header, typ }, {
      ...claims,
      ...this.registered(subject, type, options, lineage),
    } as JwtClaims);
  }

  private registered(subject: unknown, type: string, options: IssueOptions, lineage: Lineage): Record<string, unknown> {
    const { options: jwt, withCsrf, clock, revocations } = this.parts;
    const now = Math.floor(clock.now() / 1000);
    const lifetime = this.lifetimeOf(type, options.expiresIn);
    const authTime = options.fresh === undefined ? lineage.authTime : now;
    return {
      iss: jwt.issuer,
      [jwt.subjectClaim]: subject,
      aud: options.audience ?? jwt.audience ?? jwt.issuer,
      // revokeAll() is to the second: a token of the same second must lie behind it
      iat: Math.max(now, revocations.notBefore(revocationId(textOf(subject))) + 1),
      ...(lineage.originalIssuedAt !== undefined && { orig_iat: lineage.originalIssuedAt }),
      ...(jwt.notBefore && { nbf: now }),
      ...(lifetime !== Infinity && { exp: now + lifetime }),
      jti: randomUUID(),
      [jwt.typeClaim]: type,
      ...(lineage.sid !== undefined && { sid: lineage.sid }),
      ...(authTime !== undefined && { auth_time: authTime }),
      ...(lineage.freshUntil !== undefined && { fresh: lineage.freshUntil }),
      ...(type !== 'refresh' && options.fresh !== undefined && { fresh: freshClaim(options.fresh, now) }),
      ...(options.scope !== undefined && { scope: this.scopeClaim(options.scope) }),
      ...(withCsrf && { csrf: lineage.csrf ?? randomBytes(16).toString('base64url') }),
      ...(lineage.parent !== undefined && { prt: lineage.parent }),
      ...(lineage.grant !== undefined && { grant: lineage.grant }),
    };
  }

  private async subjectOf(user: unknown): Promise<unknown> {
    const { hooks, options } = this.parts;
    const subject =
      hooks.subject === undefined || typeof user === 'string'
        ? user
        : await askIssueHook('hooks.subject', () => hooks.subject!(user));
    if (typeof subject === 'string' && subject !== '') return subject;
    if (!options.requireStringSubject && subject !== undefined && subject !== null && subject !== '') {
      checkJson('subject', subject);
      return subject;
    }
    throw new AuthError('invalid_argument', {
      reason: 'the subject must be a non-empty text: give one, or write hooks.subject',
    });
  }

  private lifetimeOf(type: string, expiresIn: Lifetime | undefined): number {
    const { accessTokenLifetime, refreshTokenLifetime } = this.parts.options;
    const configured = type === 'refresh' ? refreshTokenLifetime : accessTokenLifetime;
    if (expiresIn === undefined) return seconds(configured);
    if (expiresIn === 'never' && configured === 'never') return Infinity;
    const lifetime = parseDuration(expiresIn) ?? 0;
    if (lifetime > 0 && lifetime <= this.longestLifetime) return lifetime;
    throw new AuthError('invalid_argument', {
      reason:
        "expiresIn must be a duration up to the longer configured lifetime, and 'never' only where that is configured",
    });
  }

  private scopeClaim(scope: Scope): JsonValue {
    checkJson('scope', scope);
    if (typeof scope === 'string' || this.parts.options.scopeFormat === 'object') return scope as JsonValue;
    return scopeNames(scope).join(' ');
  }

  private async signingKey(subject: unknown, type: string): Promise<JwtKey> {
    const { hooks, keys } = this.parts;
    if (hooks.signingKey === undefined) return keys.current;
    const about = { subject: textOf(subject), type };
    const given = await askIssueHook('hooks.signingKey', () => hooks.signingKey!(about));
    const key = createJwtKey('hooks.signingKey', given);
    if (key.signKey === undefined)
      throw new AuthError('invalid_argument', { reason: 'hooks.signingKey gave a public key' });
    return key;
  }
}

function freshClaim(fresh: true | Duration, now: number): true | number {
  if (fresh === true) return true;
  const length = parseDuration(fresh);
  if (length === undefined || length === 0)
    throw new AuthError('invalid_argument', { reason: "fresh must be true or a duration such as '5m'" });
  return now + length;
}

/** As a token's reader names it: the text itself, JSON of anything else. */
function textOf(subject: unknown): string {
  return typeof subject === 'string' ? subject : JSON.stringify(subject);
}

/** What is only for the refresh token stays there. */
function withoutGrant({ parent: _parent, grant: _grant, ...lineage }: Lineage): Lineage {
  return lineage;
}
