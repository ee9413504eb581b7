import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { RevocableToken } from '../stores/revocation-mirror.js';

/** The session of an access token, and the refresh token that came with it. */
export interface SessionUse {
  readonly id: string;
  readonly refreshId: string;
  /** The parent of that refresh token, when it was not the session's current one as the token was made. */
  readonly parentId: string | undefined;
  /** Null where the application has no tenants. */
  readonly tenant: string | null;
}

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
  /** Where a session of ours made it. */
  readonly session: SessionUse | undefined;
  /** Made here, and not by another issuer that is trusted. */
  readonly isOwn: boolean;
  /** Accepted values of `aud`, of the issuer that made it. */
  readonly audience: readonly string[];
}
