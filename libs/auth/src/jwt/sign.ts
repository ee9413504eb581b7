import type { JwtClaims, JwtHeader } from './claims.js';
import type { JwtKey } from './keys.js';
import { signText } from './signature.js';

/**
 * A signed token in compact form (RFC 7515 §7.1). `alg` and `kid` come from the key, whatever `header` says.
 *
 * Does not look at the claims: who issues decides what they hold.
 */
export function signJwt(key: JwtKey, header: Omit<JwtHeader, 'alg' | 'kid'>, claims: JwtClaims): string {
  // JSON leaves an undefined kid out
  const full = { ...header, alg: key.algorithm, kid: key.kid };
  const input = `${encode(full)}.${encode(claims)}`;
  return `${input}.${signText(key, input)}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
