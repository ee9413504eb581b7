import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../auth.clock.js';
import { parseDuration, seconds, type Duration, type Lifetime } from '../auth.durations.js';
import { AuthError } from '../auth.errors.js';
import { askHook } from '../auth.hook-answers.js';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import { longestConfigured, type JwtOptions } from '../jwt/jwt.options.js';
import type { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey, type JwtKey } from '../jwt/keys.js';
import { scopeNames, type Scope } from '../jwt/scope.js';
import { signJwt } from '../jwt/sign.js';
import { longestToken } from '../jwt/verify.js';
import { revocationId } from '../stores/revocation-id.js';
import type { RevocationList } from '../stores/revocation-list.js';
import type { IssueHooks } from './issue-hooks.js';
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

/** What a refresh token remembers of its grant, so that a refresh gives the same again (RFC 6749 §6). */
export interface Granted {
  readonly scope?: Scope;
  readonly claims?: Record<string, JsonValue>;
  readonly aud?: string | readonly string[];
}

/** What only Latchkey writes into a token. */
export interface Lineage {
  /** The subject as the parent holds it, which may be no text. */
  readonly subject?: JsonValue;
  /** `iat` of the first token: a token never outlives what revokes its ancestors. */
  readonly originalIssuedAt?: number;
  /** Of the token whose place it takes. Default: a new one. */
  readonly jti?: string;
  readonly sid?: string;
  /** The second at which its session ends at the latest: no token outlives it. */
  readonly endsAt?: number;
  readonly authTime?: number;
  readonly parent?: string;
  readonly grant?: Granted;
  readonly csrf?: string;
  readonly freshUntil?: number;
  /** Of a session: the row of the refresh token that came with it, and that one's parent while it is not yet current. */
  readonly refreshId?: string;
  readonly refreshParent?: string;
  readonly tenant?: string;
}

export interface TokenIssuerParts {
  readonly options: JwtOptions;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly hooks: IssueHooks;
  readonly revocations: RevocationList;
  /** Tokens travel in cookies here: each carries a `csrf` claim. */
  readonly withCsrf: boolean;
}

/** Makes one signed token (RFC 7519 §4.1, RFC 9068 §2): what the application gave, what its hooks add, what only we write. */
export class TokenIssuer {
  /** In seconds. */
  readonly longestLifetime: number;

  constructor(private readonly parts: TokenIssuerParts) {
    this.longestLifetime = longestConfigured(parts.options);
  }

  /** Milliseconds: until then a token issued now, anywhere in the cluster, can be presented. */
  keptUntil(): number {
    const furthest = 8.64e15;
    if (this.longestLifetime === Infinity) return furthest;
    return this.parts.clock.now() + (this.longestLifetime + 2 * 60) * 1000;
  }

  /** @throws AuthError `reserved_claim`, `invalid_argument`, or `store_unavailable` when a hook fails */
  async issue(type: string, user: unknown, options: IssueOptions, lineage: Lineage): Promise<string> {
    const { hooks, options: jwt } = this.parts;
    if (typeof type !== 'string' || !/^[\w.-]{1,64}$/.test(type))
      throw new AuthError('invalid_argument', { reason: 'type must be a name' });
    const subject = lineage.subject ?? (await this.subjectOf(user));
    const about = { type };
    const claims = { ...(await askHook('hooks.claims', () => hooks.claims?.(user, about))), ...options.claims };
    const header = { ...(await askHook('hooks.header', () => hooks.header?.(user, about))), ...options.header };
    checkClaimNames(claims, jwt);
    checkHeaderNames(header);
    const key = await this.signingKey(subject, type);
    const typ = type === 'access' ? 'at+jwt' : type === 'refresh' ? 'rt+jwt' : 'JWT';
    const issued = { ...claims, ...this.registered(subject, type, options, lineage) } as JwtClaims;
    const token = signJwt(key, { ...header, typ }, issued);
    if (token.length <= longestToken) return token;
    throw new AuthError('invalid_argument', {
      reason: `the token is longer than ${longestToken} characters, which nobody reads: put less into it`,
    });
  }

  private registered(subject: unknown, type: string, options: IssueOptions, lineage: Lineage): Record<string, unknown> {
    const { options: jwt, clock, revocations } = this.parts;
    const now = Math.floor(clock.now() / 1000);
    const expiry = Math.min(now + this.lifetimeOf(type, options.expiresIn), lineage.endsAt ?? Infinity);
    const authTime = options.fresh === undefined ? lineage.authTime : now;
    return {
      iss: jwt.issuer,
      [jwt.subjectClaim]: subject,
      aud: options.audience ?? jwt.audience ?? jwt.issuer,
      // revokeAll() is to the second: a token of the same second must lie behind it
      iat: Math.max(now, revocations.notBefore(revocationId(textOf(subject))) + 1),
      ...(lineage.originalIssuedAt !== undefined && { orig_iat: lineage.originalIssuedAt }),
      ...(jwt.notBefore && { nbf: now }),
      ...(expiry !== Infinity && { exp: expiry }),
      jti: lineage.jti ?? randomUUID(),
      [jwt.typeClaim]: type,
      ...(lineage.sid !== undefined && { sid: lineage.sid }),
      ...(authTime !== undefined && { auth_time: authTime }),
      ...(lineage.freshUntil !== undefined && { fresh: lineage.freshUntil }),
      ...(type !== 'refresh' && options.fresh !== undefined && { fresh: freshClaim(options.fresh, now) }),
      ...(options.scope !== undefined && { scope: this.scopeClaim(options.scope) }),
      ...this.csrfClaim(lineage),
      ...(lineage.refreshId !== undefined && { rti: lineage.refreshId }),
      ...(lineage.refreshParent !== undefined && { rtp: lineage.refreshParent }),
      ...(lineage.tenant !== undefined && { tid: lineage.tenant }),
      ...(lineage.parent !== undefined && { prt: lineage.parent }),
      ...(lineage.grant !== undefined && { grant: lineage.grant }),
    };
  }

  /** Sessions have a value of their own, or another proof. */
  private csrfClaim({ csrf, refreshId }: Lineage): { csrf?: string } {
    if (csrf !== undefined) return { csrf };
    if (!this.parts.withCsrf || refreshId !== undefined) return {};
    return { csrf: randomBytes(16).toString('base64url') };
  }

  /** @throws AuthError `reserved_claim`, `invalid_argument` */
  checkClaims(claims: object): void {
    checkClaimNames(claims, this.parts.options);
  }

  /** The application's own claims of a token: all but those that only Latchkey writes. */
  ownClaims(claims: JwtClaims): Record<string, JsonValue> {
    return ownClaims(claims, this.parts.options);
  }

  /** The subject that a user becomes. @throws AuthError `invalid_argument`, `store_unavailable` when the hook fails */
  async subjectOf(user: unknown): Promise<unknown> {
    const { hooks, options } = this.parts;
    const subject =
      hooks.subject === undefined || typeof user === 'string'
        ? user
        : await askHook('hooks.subject', () => hooks.subject!(user));
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
    const given = await askHook('hooks.signingKey', () => hooks.signingKey!(about));
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
