/** RFC 6749 §5.2 lets an error be any text; only a word goes on, into events and URLs. */
export function wordOf(text: unknown): string | undefined {
  return typeof text === 'string' && /^[\w.-]{1,64}$/.test(text) ? text : undefined;
}

/** Characters. */
const longestDescription = 256;
const longestPage = 512;

/**
 * The provider's text about an error, as applications may show it: the characters of RFC 6749 §5.2 but for those that mean
 * something in HTML, and no more than 256 of them.
 */
export function descriptionOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const plain = text.slice(0, longestDescription).replace(/[^\x20-\x7e]|[<>&"'`\\]/g, '');
  return plain.trim() === '' ? undefined : plain;
}

/** The provider's page about an error: a link that runs no script. */
export function pageOf(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > longestPage || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}
