import { stringifySetCookie, type SetCookie } from 'cookie';
import { AuthError } from '../auth.errors.js';

/** A Set-Cookie header, and the cookie that it sets. */
export interface WrittenCookie {
  readonly name: string;
  readonly text: string;
}

/** RFC 6265 §6.1: browsers keep that many bytes of name, value and attributes; the rest is dropped without a word. */
const largestCookie = 4_096;

/** @throws AuthError `invalid_argument` for one that a browser would drop */
export function writtenCookie(cookie: SetCookie): WrittenCookie {
  const { name } = cookie;
  const text = stringifySetCookie(cookie);
  if (Buffer.byteLength(text) <= largestCookie) return { name, text };
  throw new AuthError('invalid_argument', {
    reason: `the cookie ${name} is larger than ${largestCookie} bytes: put less into the token`,
  });
}
