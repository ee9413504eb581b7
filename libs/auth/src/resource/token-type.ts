import { AuthError } from '../auth.errors.js';
import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';

/** The type that a `typ` names (RFC 9068 §2.1); `JWT` and no `typ` name none. */
const typeOfTyp = new Map<string | undefined, string | undefined>([
  [undefined, undefined],
  ['jwt', undefined],
  ['at+jwt', 'access'],
  ['rt+jwt', 'refresh'],
]);

/**
 * What a token is for: header and claim must agree (RFC 8725 §3.11, §3.12).
 *
 * Tokens made here always say it in the claim. Of another issuer the header suffices; one that says nothing is of no type,
 * and no route accepts it, unless `acceptUntypedTokens` says so.
 *
 * @throws AuthError `token_invalid`
 */
export function tokenType(
  header: JwtHeader,
  claims: JwtClaims,
  typeClaim: string,
  issuer: TrustedIssuer | undefined,
): string | undefined {
  // as we write it; a media type has no case, and may have its prefix (RFC 7515 §4.1.9)
  const typ = typeOfTyp.has(header.typ) ? header.typ : header.typ?.toLowerCase().replace(/^application\//, '');
  if (!typeOfTyp.has(typ))
    throw new AuthError('token_invalid', { reason: 'typ is not that of an access or refresh token' });
  const byHeader = typeOfTyp.get(typ);
  const claimed = Object.hasOwn(claims, typeClaim) ? claims[typeClaim] : undefined;

  if (issuer !== undefined) {
    if (byHeader !== undefined) return byHeader;
    return typeof claimed === 'string' ? claimed : issuer.acceptUntypedTokens ? 'access' : undefined;
  }
  if (typeof claimed !== 'string' || (byHeader !== undefined && byHeader !== claimed)) {
    throw new AuthError('token_invalid', { reason: 'the type claim is missing, or not that of typ' });
  }
  return claimed;
}
