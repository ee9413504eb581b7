import { createVerifier } from 'fast-jwt';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { issuer, secret, secretKey } from '../tokens.js';
import type { Operation } from './stopwatch.js';

/** The same check of an HS256 token by the libraries people use: signature, times, issuer, audience. */
export function peers(token: (index: number) => string): Operation[] {
  const expected = { issuer, audience: issuer, algorithms: ['HS256' as const] };
  const fastJwt = createVerifier({ key: secret, algorithms: ['HS256'], allowedIss: issuer, allowedAud: issuer });
  return [
    { name: 'HS256 fast-jwt', run: (index) => fastJwt(token(index)) },
    { name: 'HS256 jsonwebtoken, KeyObject', run: (index) => jsonwebtoken.verify(token(index), secretKey, expected) },
    { name: 'HS256 jose', waits: true, run: (index) => jwtVerify(token(index), secretKey, expected) },
    { name: 'HS256 jsonwebtoken, string', run: (index) => jsonwebtoken.verify(token(index), secret, expected) },
  ];
}
