import { isAscii, isUtf8 } from 'node:buffer';
import { AuthError } from '../auth.errors.js';
import { isCanonicalBase64url } from './base64url.js';
import { claimsProblem, deepFreeze, type JwtClaims, type JwtHeader } from './claims.js';
import type { JwtKey } from './keys.js';
import { verifyText } from './signature.js';

/** Longer texts are refused before anything is decoded. Headers of Node end at 16 KB, cookies at 4 KB. */
export const longestToken = 16_384;

/** A token taken apart: the header is read, nothing is verified. */
export interface ParsedJwt {
  readonly raw: string;
  readonly headerText: string;
  readonly header: JwtHeader;
  /** Where the signing input ends, and the signature begins behind a dot. */
  readonly inputEnd: number;
  readonly payloadStart: number;
}

/** A token whose signature a key of ours has made. Its times, issuer, audience and type are not checked yet. */
export interface VerifiedJwt {
  readonly raw: string;
  readonly header: JwtHeader;
  readonly claims: JwtClaims;
}

/** Headers repeat: every token of one key has the same. Only headers of verified tokens enter, so a stranger fills nothing. */
const knownHeaders = new Map<string, JwtHeader>();
const mostKnownHeaders = 64;

/**
 * Read the compact form (RFC 7515 §7.1): three parts of canonical base64url, a JSON object as header, no `crit`.
 *
 * @throws AuthError `token_invalid`
 */
export function parseJwt(raw: string): ParsedJwt {
  if (typeof raw !== 'string') throw invalid('the token is no text');
  if (raw.length > longestToken) throw invalid('the token is too long');
  const first = raw.indexOf('.');
  const second = raw.indexOf('.', first + 1);
  if (first < 1 || second < 0 || raw.includes('.', second + 1)) throw invalid('a token has three parts');
  const headerText = raw.slice(0, first);
  const header = knownHeaders.get(headerText) ?? parseHeader(headerText);
  return { raw, headerText, header, inputEnd: second, payloadStart: first + 1 };
}

function parseHeader(text: string): JwtHeader {
  const header = parseObject(text, 'header') as unknown as JwtHeader;
  // no extension is understood, so any critical one must be refused (RFC 7515 §4.1.11); JWTs may not use b64 (RFC 7797 §7)
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    throw invalid('the header has a critical extension');
  if (header.typ !== undefined && typeof header.typ !== 'string') throw invalid('typ is not a string');
  // the next token with this header gets the same object
  return deepFreeze(header);
}

/**
 * Is the token signed by `key`, and are its claims of the right shape (RFC 7515 §5.2, RFC 7519 §7.2)?
 *
 * Does not check times, issuer, audience, type or revocation. The caller found `key` by the header, and the key's own
 * algorithm is used.
 *
 * @throws AuthError `token_invalid`
 */
export function verifyJwt(token: ParsedJwt, key: JwtKey): VerifiedJwt {
  const { raw, headerText, header, inputEnd, payloadStart } = token;
  if (header.alg !== key.algorithm) throw invalid('the algorithm is not the one of the key');
  if (!verifyText(key, raw.slice(0, inputEnd), raw.slice(inputEnd + 1))) throw invalid('the signature does not match');
  remember(headerText, header);
  const claims = parseObject(raw.slice(payloadStart, inputEnd), 'payload') as JwtClaims;
  const problem = claimsProblem(claims);
  if (problem !== undefined) throw invalid(problem);
  return { raw, header, claims };
}

/**
 * The claims as the token has them, **whoever made it**: nothing is verified, not even that they are of the right shape.
 * For choosing a key, and for tokens that were issued here a moment ago.
 *
 * @throws AuthError `token_invalid` when there are none to read.
 */
export function unverifiedClaims({ raw, payloadStart, inputEnd }: ParsedJwt): JwtClaims {
  return parseObject(raw.slice(payloadStart, inputEnd), 'payload') as JwtClaims;
}

function remember(text: string, header: JwtHeader): void {
  if (knownHeaders.has(text)) return;
  if (knownHeaders.size >= mostKnownHeaders) knownHeaders.clear();
  knownHeaders.set(text, header);
}

/** A JSON object from one part. @throws AuthError `token_invalid` */
function parseObject(text: string, part: string): Record<string, unknown> {
  if (!isCanonicalBase64url(text)) throw invalid(`the ${part} is not base64url`);
  const bytes = Buffer.from(text, 'base64url');
  // most are ASCII, which needs no decoding
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) throw invalid(`the ${part} is not UTF-8`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString(isPlain ? 'latin1' : 'utf8'));
  } catch {
    // the original error quotes the text: it is not kept as a cause
    throw invalid(`the ${part} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`the ${part} is not an object`);
  return value as Record<string, unknown>;
}

function invalid(reason: string): AuthError {
  return new AuthError('token_invalid', { reason });
}
