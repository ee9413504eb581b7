import { createHmac, verify } from 'node:crypto';
import type { LoopbackClient } from '../loopback.options.js';
import { isSame } from '../oauth2/clients.js';

/** Name and value, decoded. A name can stand there many times. */
export type Parameters = readonly (readonly [string, string])[];

export interface SignedRequest {
  readonly method: string;
  /** With the query. */
  readonly url: URL;
  /** Of the header, the query and the form; without `realm`. */
  readonly parameters: Parameters;
}

/** Is it the signature of whoever holds both secrets (RFC 5849 §3.4)? Undefined for a method that is unknown. */
export function isSignature(
  signature: string,
  request: SignedRequest,
  { clientSecret = '', publicKey }: LoopbackClient,
  tokenSecret: string,
): boolean | undefined {
  const text = signatureBaseString(request);
  const key = `${encoded(clientSecret)}&${encoded(tokenSecret)}`;
  const hmac = (hash: string) => isSame(createHmac(hash, key).update(text).digest('base64'), signature);
  switch (valueOf(request.parameters, 'oauth_signature_method')) {
    case 'HMAC-SHA1':
      return hmac('sha1');
    case 'HMAC-SHA256':
      return hmac('sha256');
    case 'RSA-SHA1':
      return publicKey !== undefined && verify('sha1', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'));
    case 'PLAINTEXT':
      return isSame(key, signature);
    default:
      return undefined;
  }
}

/** RFC 5849 §3.4.1. */
export function signatureBaseString({ method, url, parameters }: SignedRequest): string {
  return [method.toUpperCase(), url.origin + url.pathname, normalized(parameters)].map(encoded).join('&');
}

/** §3.4.1.3.2: encoded first, then sorted by byte. */
function normalized(parameters: Parameters): string {
  return parameters
    .filter(([name]) => name !== 'oauth_signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .toSorted(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function order(one: string, other: string): number {
  return Number(one > other) - Number(one < other);
}

/** §3.6. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function valueOf(parameters: Parameters, name: string): string | undefined {
  return parameters.find(([one]) => one === name)?.[1];
}
