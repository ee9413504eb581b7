import type { Clock } from '../auth.clock.js';
import { longestLifetime, seconds } from '../auth.durations.js';
import { AuthError } from '../auth.errors.js';
import { deepFreeze, type JwtClaims } from '../jwt/claims.js';
import { longestConfigured, type JwtOptions, type KeyOptions } from '../jwt/jwt.options.js';
import type { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey, type JwtKey } from '../jwt/keys.js';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { parseJwt, unverifiedClaims, verifyJwt, type ParsedJwt, type VerifiedJwt } from '../jwt/verify.js';
import { revocationId } from '../stores/revocation-id.js';
import type { RevocableToken } from '../stores/revocation-mirror.js';
import type { RequestHooks } from './request-hooks.js';
import type { TokenRequirement } from './token-requirement.js';
import { tokenType } from './token-type.js';
import type { SessionUse, VerifiedToken } from './verified-token.js';
import { VerifiedTokenCache } from './verified-token-cache.js';
import { whenReady } from './when-ready.js';

/** What of a requirement concerns this step. */
export type VerifyRequirement = Partial<Pick<TokenRequirement, 'audience' | 'issuer' | 'allowExpired'>> & {
  /** A token of ours will do, whoever it was made for: to refresh and to end it. */
  readonly anyAudience?: boolean;
};

export interface TokenVerifierParts {
  readonly options: JwtOptions;
  readonly keys: KeyRing;
  readonly trustedIssuers: readonly TrustedIssuer[];
  readonly clock: Clock;
  readonly hooks: RequestHooks;
}

/**
 * Step 2 of 5: signature, issuer, audience, times and subject (RFC 7515 §5.2, RFC 7519 §7.2, RFC 9068 §4).
 *
 * Answers at once for tokens of our own keys; waits only for keys of other issuers and of the hook.
 */
export class TokenVerifier {
  private readonly cache = new VerifiedTokenCache();
  private readonly trusted: ReadonlyMap<string, TrustedIssuer>;
  private readonly ownAudience: readonly string[];
  private readonly tolerance: number;
  private readonly longest: number;
  private readonly mayLackExpiry: ReadonlySet<string | undefined>;

  constructor(private readonly parts: TokenVerifierParts) {
    const { options } = parts;
    parts.keys.onRemoval(() => this.cache.clear());
    this.trusted = new Map(parts.trustedIssuers.map((issuer) => [issuer.issuer, issuer]));
    this.ownAudience = [options.audience ?? options.issuer].flat();
    this.tolerance = seconds(options.clockTolerance);
    this.longest = longestConfigured(options);
    const never = { access: options.accessTokenLifetime, refresh: options.refreshTokenLifetime };
    this.mayLackExpiry = new Set(
      Object.entries(never).flatMap(([type, lifetime]) => (lifetime === 'never' ? [type] : [])),
    );
  }

  /**
   * @throws AuthError `token_invalid`, `token_expired`, or `keys_unavailable` when another issuer's keys cannot be had.
   */
  verify(raw: string, requirement: VerifyRequirement): VerifiedToken | Promise<VerifiedToken> {
    const known = this.cache.get(raw);
    if (known !== undefined) return this.checkRoute(known, requirement);
    return whenReady(this.verifyAnew(raw), (token) => this.checkRoute(token, requirement));
  }

  private verifyAnew(raw: string): VerifiedToken | Promise<VerifiedToken> {
    const parsed = parseJwt(raw);
    // chooses the key set, and nothing else: describe() compares the issuer once the signature is verified
    const issuer = this.trusted.size === 0 ? undefined : this.trusted.get(unverifiedClaims(parsed).iss!);
    if (issuer !== undefined)
      return issuer.find(parsed.header).then((key) => this.describe(verifyJwt(parsed, key), issuer));
    if (this.parts.hooks.verificationKey !== undefined) {
      return this.keyOfHook(parsed).then((key) => this.describe(verifyJwt(parsed, key), undefined));
    }
    const key = this.parts.keys.find(parsed.header as { alg: unknown; kid: unknown });
    if (key === undefined) throw new AuthError('token_invalid', { reason: 'no key applies', unknownKey: true });
    const token = this.describe(verifyJwt(parsed, key), undefined);
    // expired ones stay out: they are asked for once, to be refused
    if (token.claims.exp === undefined || token.claims.exp > this.parts.clock.now() / 1000) this.cache.set(token);
    return token;
  }

  private async keyOfHook(parsed: ParsedJwt): Promise<JwtKey> {
    const claims = unverifiedClaims(parsed);
    let found: KeyOptions | undefined;
    try {
      found = await this.parts.hooks.verificationKey!({ header: parsed.header, claims });
    } catch (cause) {
      throw new AuthError('keys_unavailable', { reason: 'hooks.verificationKey failed', cause });
    }
    if (!found) throw invalid('hooks.verificationKey knows no key');
    try {
      return createJwtKey('hooks.verificationKey', found);
    } catch (cause) {
      // a key of the wrong kind, picked by what a stranger sent: the token's fault, told in the log
      throw new AuthError('token_invalid', { reason: 'hooks.verificationKey gave a key that does not fit', cause });
    }
  }

  /** What does not change while the token lives: issuer, subject, type. */
  private describe({ raw, header, claims }: VerifiedJwt, issuer: TrustedIssuer | undefined): VerifiedToken {
    const { options } = this.parts;
    if (claims.iss !== (issuer?.issuer ?? options.issuer)) throw invalid('iss is not the issuer');
    if (issuer === undefined && claims.jti === undefined) throw invalid('jti is missing');
    const subject = subjectOf(claims, options);
    const type = tokenType(header, claims, options.typeClaim, issuer);
    if (issuer === undefined) checkLifetime(claims, this.longest);
    if (claims.exp === undefined && !(issuer === undefined && this.mayLackExpiry.has(type)))
      throw invalid('exp is missing');
    return {
      raw,
      header,
      claims: deepFreeze(claims),
      subject,
      type,
      revocable: revocableOf(claims, subject, issuer?.issuer),
      session: issuer === undefined ? sessionOf(claims) : undefined,
      isOwn: issuer === undefined,
      audience: issuer?.audience ?? this.ownAudience,
    };
  }

  /** What the clock and the route say. */
  private checkRoute(token: VerifiedToken, requirement: VerifyRequirement): VerifiedToken {
    const { claims } = token;
    const now = this.parts.clock.now() / 1000;
    if (claims.nbf !== undefined && claims.nbf > now + this.tolerance) throw invalid('nbf lies ahead');
    if (claims.exp !== undefined && claims.exp > now + longestLifetime + this.tolerance)
      throw invalid('exp lies too far ahead');
    if (requirement.issuer !== undefined && claims.iss !== requirement.issuer)
      throw invalid('iss is not the issuer of the route');
    if (!this.hasAudience(token, requirement)) throw invalid('aud is not ours');
    if (this.isExpired(token, now)) {
      this.cache.delete(token.raw);
      if (requirement.allowExpired !== true || this.isForgotten(token)) throw new AuthError('token_expired', { token });
    }
    return token;
  }

  /** Only of interest where `allowExpired` let it through. */
  isExpired({ claims }: VerifiedToken, now = this.parts.clock.now() / 1000): boolean {
    return claims.exp !== undefined && claims.exp + this.tolerance <= now;
  }

  /** So long ago that a revocation of it may have been pruned: `allowExpired` would bring it back to life. */
  private isForgotten({ claims }: VerifiedToken): boolean {
    const isOwn = claims.iss === this.parts.options.issuer;
    const lastDay = isOwn ? claims.iat! + this.longest : claims.exp!;
    return lastDay + 60 < this.parts.clock.now() / 1000;
  }

  private hasAudience({ claims, audience }: VerifiedToken, requirement: VerifyRequirement): boolean {
    if (requirement.audience === undefined && this.asksNoAudience(claims, requirement)) return true;
    const accepted = requirement.audience ?? audience;
    const { aud } = claims;
    if (typeof aud === 'string') return accepted.includes(aud);
    return aud !== undefined && aud.some((name) => accepted.includes(name));
  }

  /** Only of tokens made here: what another issuer made for somebody else is not for us. */
  private asksNoAudience({ iss }: JwtClaims, { anyAudience }: VerifyRequirement): boolean {
    return iss === this.parts.options.issuer && (anyAudience === true || this.parts.options.acceptAnyAudience);
  }
}

function subjectOf(claims: JwtClaims, options: JwtOptions): string {
  const subject = Object.hasOwn(claims, options.subjectClaim) ? claims[options.subjectClaim] : undefined;
  if (typeof subject === 'string' && subject !== '') return subject;
  if (!options.requireStringSubject && subject !== undefined && subject !== '') return JSON.stringify(subject);
  throw invalid('the subject is missing or no text');
}

/** A revocation is kept as long as a token of ours can live: one that was made to live longer would outlast it. */
function checkLifetime({ iat, exp }: JwtClaims, longest: number): void {
  if (iat === undefined) throw invalid('iat is missing');
  if (exp !== undefined && exp - iat > longest) throw invalid('the token lives longer than is configured');
}

function revocableOf(claims: JwtClaims, subject: string, issuer: string | undefined): RevocableToken {
  const id = (text: string | undefined) => (text === undefined ? undefined : revocationId(text, issuer));
  return {
    jti: id(claims.jti),
    sid: id(claims.sid),
    sub: revocationId(subject, issuer),
    iat: issuedAt(claims, issuer),
  };
}

/** Of our own tokens only: another issuer's may name whatever it likes. */
function sessionOf({ sid, rti: refreshId, rtp: parentId, tid: tenant }: JwtClaims): SessionUse | undefined {
  if (sid === undefined || typeof refreshId !== 'string') return undefined;
  return {
    ...{ id: sid, refreshId, parentId: typeof parentId === 'string' ? parentId : undefined },
    tenant: typeof tenant === 'string' ? tenant : null,
  };
}

/** Of a token that was made from another one, when that one was issued: it dies with what revokes its ancestors. */
function issuedAt({ iat, orig_iat: original }: JwtClaims, issuer: string | undefined): number | undefined {
  return issuer === undefined && iat !== undefined && typeof original === 'number' ? Math.min(iat, original) : iat;
}

function invalid(reason: string): AuthError {
  return new AuthError('token_invalid', { reason });
}
