import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { RevocableToken } from '../stores/revocation-mirror.js';

/** A token of an issuer we believe, within its time. Its type, revocation and claims are not looked at yet. */
export interface VerifiedToken {
  readonly raw: string;
  readonly header: JwtHeader;
  /** Frozen to the bottom. */
  readonly claims: JwtClaims;
  readonly subject: string;
  readonly type: string | undefined;
  /** The names it can be revoked by; those of other issuers never equal ours. */
  readonly revocable: RevocableToken;
  /** Accepted values of `aud`, of the issuer that made it. */
  readonly audience: readonly string[];
}
