import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { TokenLocation } from './token-location.js';
import type { SessionUse, VerifiedToken } from './verified-token.js';

/**
 * A token whose requirement was met, as a handler gets it by `@CurrentToken()`. Cannot be changed.
 *
 * `raw` is the bearer text itself: printing or serialising a Token leaves it out.
 */
export class Token {
  readonly #verified: VerifiedToken;

  constructor(
    verified: VerifiedToken,
    /** Where the request carried it; undefined when it came by `AuthService.verify()`. */
    readonly location: TokenLocation | undefined,
    /** True when `override` let the request through, and `sub`, `claims` and `scope` were not asked. */
    readonly overridden: boolean,
  ) {
    this.#verified = verified;
  }

  /** The text that was sent. */
  get raw(): string {
    return this.#verified.raw;
  }
  get header(): JwtHeader {
    return this.#verified.header;
  }
  get claims(): JwtClaims {
    return this.#verified.claims;
  }
  /** `access`, `refresh`, or a type of the application; undefined when a trusted issuer names none. */
  get type(): string | undefined {
    return this.#verified.type;
  }
  /** The subject, from the claim that `jwt.subjectClaim` names. */
  get sub(): string {
    return this.#verified.subject;
  }
  /** As the token holds it: an object, or a text of names. */
  get scope(): JwtClaims[string] {
    return this.#verified.claims['scope'];
  }
  get iss(): string | undefined {
    return this.claims.iss;
  }
  /** Seconds since the epoch. */
  get exp(): number | undefined {
    return this.claims.exp;
  }
  /** Seconds since the epoch. */
  get iat(): number | undefined {
    return this.claims.iat;
  }
  get jti(): string | undefined {
    return this.claims.jti;
  }
  get sid(): string | undefined {
    return this.claims.sid;
  }
  /** Of the access token of a session that began here; undefined of every other, whatever claims another issuer gave it. */
  get session(): SessionUse | undefined {
    return this.#verified.session;
  }
  /** Made here: its subject is a user of ours, and no namesake of another issuer that is trusted. */
  get isOwn(): boolean {
    return this.#verified.isOwn;
  }
  get isOfSession(): boolean {
    return this.session !== undefined;
  }
  /** The lifetime in seconds: `exp` less `iat`. */
  get maxAge(): number | undefined {
    const { exp, iat } = this.claims;
    return exp === undefined || iat === undefined ? undefined : exp - iat;
  }

  toJSON(): object {
    const { type, sub, scope, claims, location, overridden } = this;
    return { type, sub, scope, claims, location, overridden };
  }
}
