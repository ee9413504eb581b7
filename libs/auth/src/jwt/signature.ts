import { constants, createHmac, sign, verify } from 'node:crypto';
import { algorithms } from './algorithms.js';
import { isCanonicalBase64url } from './base64url.js';
import { equalText } from './equal-text.js';
import type { JwtKey } from './keys.js';

/** The signature of `input`, as base64url text (RFC 7515 §5.1). The key must be able to sign. */
export function signText(key: JwtKey, input: string): string {
  const algorithm = algorithms[key.algorithm];
  switch (algorithm.family) {
    case 'HMAC':
      return createHmac(algorithm.hash, key.signKey!).update(input).digest('base64url');
    case 'RSA':
      return sign(algorithm.hash, Buffer.from(input), key.signKey!).toString('base64url');
    case 'RSA-PSS':
      return sign(algorithm.hash, Buffer.from(input), { key: key.signKey!, ...pss(algorithm.bytes) }).toString(
        'base64url',
      );
    case 'ECDSA':
      return sign(algorithm.hash, Buffer.from(input), { key: key.signKey!, dsaEncoding: 'ieee-p1363' }).toString(
        'base64url',
      );
    case 'EdDSA':
      return sign(null, Buffer.from(input), key.signKey!).toString('base64url');
  }
}

/** Is `signature` (base64url) the key's signature of `input`? Never throws; the key's algorithm decides, not the token's. */
export function verifyText(key: JwtKey, input: string, signature: string): boolean {
  const algorithm = algorithms[key.algorithm];
  if (algorithm.family === 'HMAC') {
    // texts are compared, so another spelling of the right bytes is refused too
    return equalText(createHmac(algorithm.hash, key.verifyKey).update(input).digest('base64url'), signature);
  }
  if (!isCanonicalBase64url(signature)) return false;
  const bytes = Buffer.from(signature, 'base64url');
  const data = Buffer.from(input);
  switch (algorithm.family) {
    case 'RSA':
      return verify(algorithm.hash, data, key.verifyKey, bytes);
    case 'RSA-PSS':
      return verify(algorithm.hash, data, { key: key.verifyKey, ...pss(algorithm.bytes) }, bytes);
    case 'ECDSA':
      // the length first: OpenSSL would read a longer text as other numbers (RFC 7518 §3.4)
      if (bytes.length !== algorithm.bytes) return false;
      return verify(algorithm.hash, data, { key: key.verifyKey, dsaEncoding: 'ieee-p1363' }, bytes);
    case 'EdDSA':
      return bytes.length === algorithm.bytes && verify(null, data, key.verifyKey, bytes);
  }
}

/** The salt is as long as the hash (RFC 7518 §3.5); any other length is refused. */
function pss(saltLength: number): { padding: number; saltLength: number } {
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}
