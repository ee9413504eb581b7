/**
 * Every byte of UTF-8 but letters, digits, `-`, `.`, `_` and `~` (RFC 5849 §3.6): stricter than forms and URLs.
 *
 * @param text without half surrogates, as everything is that URL and URLSearchParams have read.
 */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
