/** The algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that Latchkey signs and verifies with. `none` is not one of them. */
export const algorithms = {
  HS256: { family: 'HMAC', hash: 'sha256', bytes: 32 },
  HS384: { family: 'HMAC', hash: 'sha384', bytes: 48 },
  HS512: { family: 'HMAC', hash: 'sha512', bytes: 64 },
  RS256: { family: 'RSA', hash: 'sha256' },
  RS384: { family: 'RSA', hash: 'sha384' },
  RS512: { family: 'RSA', hash: 'sha512' },
  PS256: { family: 'RSA-PSS', hash: 'sha256', bytes: 32 },
  PS384: { family: 'RSA-PSS', hash: 'sha384', bytes: 48 },
  PS512: { family: 'RSA-PSS', hash: 'sha512', bytes: 64 },
  ES256: { family: 'ECDSA', hash: 'sha256', curve: 'prime256v1', bytes: 64 },
  ES384: { family: 'ECDSA', hash: 'sha384', curve: 'secp384r1', bytes: 96 },
  ES512: { family: 'ECDSA', hash: 'sha512', curve: 'secp521r1', bytes: 132 },
  EdDSA: { family: 'EdDSA', curve: 'ed25519', bytes: 64 },
} as const;

export type JwtAlgorithm = keyof typeof algorithms;

export const algorithmNames = Object.keys(algorithms) as readonly JwtAlgorithm[];

/** Compares with case (RFC 7518 §3.1): `hs256` and `None` are no algorithms. */
export function isAlgorithm(name: unknown): name is JwtAlgorithm {
  return typeof name === 'string' && Object.hasOwn(algorithms, name);
}
