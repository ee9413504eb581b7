import { createHmac, createSecretKey, randomBytes, randomUUID, sign, type KeyObject } from 'node:crypto';

/** What every variant is configured with. */
export const issuer = 'https://api.example.com';
export const subject = 'alice';

/** A secret as people keep it: text from the environment. Made anew for each run; child processes get it by `BENCH_SECRET`. */
export const secret = (process.env['BENCH_SECRET'] ??= randomBytes(32).toString('base64url'));
export const secretKey = createSecretKey(secret, 'utf8');

/** Signs a text with one algorithm; returns base64url. */
export type Signer = (input: string) => string;

export const hs256: Signer = (input) => createHmac('sha256', secretKey).update(input).digest('base64url');

export function asymmetric(hash: string | null, key: KeyObject): Signer {
  return (input) => sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** An access token as an application issues it, of about 430 characters. Each has its own `jti`, so no two are alike. */
export function accessToken(alg = 'HS256', signer: Signer = hs256, header: { kid?: string } = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: issuer,
    sub: subject,
    jti: randomUUID(),
    sid: '9b2f6c0e-8d31-4c7a-b0a5-1f4e2d7c6a98',
    iat: now,
    nbf: now,
    exp: now + 3600,
    type: 'access',
    scope: { admin: true },
  };
  const input = `${encode({ alg, typ: 'at+jwt', ...header })}.${encode(claims)}`;
  return `${input}.${signer(input)}`;
}

/** More tokens than any cache of the variants holds (10,000): used in turn, each is new again when it comes again. */
export const manyTokens = 60_000;

export function distinctTokens(count: number): string[] {
  return Array.from({ length: count }, () => accessToken());
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
