import { percentEncode } from './percent-encoding.js';

/** Decoded. */
export type Parameter = readonly [name: string, value: string];

/**
 * What is signed of a request (RFC 5849 §3.4.1): its method, where it goes, and its parameters.
 *
 * @param url as it is sent; its query is not read here.
 * @param parameters of the query, of a form in the body and of the protocol: all but `realm` and `oauth_signature`.
 */
export function signatureBaseString(method: string, url: URL, parameters: readonly Parameter[]): string {
  // the parser has put scheme and host into lower case, and taken the port away that goes without saying (§3.4.1.2)
  return [method.toUpperCase(), url.origin + url.pathname, normalized(parameters)].map(percentEncode).join('&');
}

/** RFC 5849 §3.4.1.3.2: sorted by bytes after they are encoded, names first; a name may be there twice. */
function normalized(parameters: readonly Parameter[]): string {
  return parameters
    .map(([name, value]): Parameter => [percentEncode(name), percentEncode(value)])
    .toSorted(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map((pair) => pair.join('='))
    .join('&');
}

/** Of ASCII: code units are bytes. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
