/** Values of the last character of a text whose unused bits are all zero, by how many bits are unused. */
const endsClean: Record<number, RegExp> = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ };

/**
 * Is `text` the one spelling of its bytes: alphabet of RFC 4648 §5, no padding, unused bits zero?
 *
 * `Buffer.from(text, 'base64url')` skips what it does not know; without this check one token has many spellings.
 */
export function isCanonicalBase64url(text: string): boolean {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return false;
  const rest = text.length % 4;
  return rest === 0 || (rest !== 1 && endsClean[rest]!.test(text));
}
