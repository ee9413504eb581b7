import { createHmac, sign, type KeyObject } from 'node:crypto';
import { percentEncode } from './percent-encoding.js';

/** How requests are signed (RFC 5849 §3.4); HMAC-SHA256 is the same as HMAC-SHA1 with another digest. */
export type SignatureMethod = 'HMAC-SHA1' | 'HMAC-SHA256' | 'RSA-SHA1' | 'PLAINTEXT';

export const signatureMethods = [
  'HMAC-SHA1',
  'HMAC-SHA256',
  'RSA-SHA1',
  'PLAINTEXT',
] as const satisfies readonly SignatureMethod[];

/**
 * Sign a signature base string. Holds the client's secret or key.
 *
 * @param tokenSecret empty as long as there is no token. RSA-SHA1 does not look at it.
 */
export type Signature = (baseString: string, tokenSecret: string) => string;

/** RFC 5849 §3.4.2. */
export function hmacSignature(digest: 'sha1' | 'sha256', consumerSecret: string): Signature {
  return (baseString, tokenSecret) =>
    createHmac(digest, keyOf(consumerSecret, tokenSecret)).update(baseString).digest('base64');
}

/** RFC 5849 §3.4.3: RSASSA-PKCS1-v1_5. */
export function rsaSignature(privateKey: KeyObject): Signature {
  return (baseString) => sign('sha1', Buffer.from(baseString), privateKey).toString('base64');
}

/** RFC 5849 §3.4.4: the secrets themselves, for connections alone that nobody reads along. */
export function plaintextSignature(consumerSecret: string): Signature {
  return (_baseString, tokenSecret) => keyOf(consumerSecret, tokenSecret);
}

function keyOf(consumerSecret: string, tokenSecret: string): string {
  return `${percentEncode(consumerSecret)}&${percentEncode(tokenSecret)}`;
}
