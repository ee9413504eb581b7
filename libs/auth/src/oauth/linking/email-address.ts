import { domainToASCII } from 'node:url';

/**
 * An e-mail address in the one spelling to store and to compare: lower case, the domain as DNS has it, without a dot at its end.
 *
 * @returns undefined for what is no single address, or could be read as another one: lists, quotes, comments, letters beyond ASCII
 *   before the `@`, some of which become others in upper case. Such an address can receive mail; it makes nobody somebody.
 */
export function normalEmail(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > longest) return undefined;
  // no flag `i` beside `u`: it takes a Kelvin sign for a k
  const parts = /^([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64})@([\p{L}\p{M}\p{N}.\u3002-]+)$/u;
  const [, name, domain] = parts.exec(text) ?? [];
  if (name === undefined || /^\.|\.\.|\.$/.test(name)) return undefined;
  const host = domainToASCII(domain!).replace(/\.$/, '');
  return /^([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/.test(host) ? `${name.toLowerCase()}@${host}` : undefined;
}

/** Characters (RFC 5321 §4.5.3.1). */
const longest = 254;
