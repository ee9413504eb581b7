import { isIP } from 'node:net';

/**
 * The network of a client, never the client itself: of an IPv4 address its /24, of an IPv6 address its /48. It tells a user
 * one place from another, and a thief of the table little.
 *
 * @returns for example `203.0.113.0/24` or `2001:db8:1::/48`; undefined for a text that is no address.
 */
export function coarseAddress(address: string): string | undefined {
  const unscoped = address.replace(/%.*$/, '');
  if (isIP(unscoped) === 0) return undefined;
  if (isIP(unscoped) === 4) return networkOfIPv4(unscoped);
  const groups = groupsOf(unscoped);
  // an IPv4 client on a socket that listens for both (RFC 4291 §2.5.5.2)
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return networkOfIPv4(mappedIPv4(groups));
  return `${groups
    .slice(0, 3)
    .join(':')
    .replace(/(:0)+$/, '')}::/48`;
}

function networkOfIPv4(address: string): string {
  return `${address.split('.').slice(0, 3).join('.')}.0/24`;
}

/** Eight groups of hexadecimal digits without leading zeros: one address can be written in many ways. */
function groupsOf(address: string): string[] {
  const normalised = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = normalised.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}

function mappedIPv4(groups: readonly string[]): string {
  const bytes = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return bytes.flatMap((two) => [two >> 8, two & 0xff]).join('.');
}
