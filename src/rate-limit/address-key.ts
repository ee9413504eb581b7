import { isIPv6 } from 'node:net';

/**
 * What stands for a client's address in a limit: an IPv4 address itself, of an IPv6 address its /64 network.
 *
 * One household or server commands a whole /64, so a limit keyed by the full address is none. The text is normalised
 * first, because one IPv6 address can be written in many ways.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const unscoped = address.replace(/%.*$/, '');
  if (!isIPv6(unscoped)) return unscoped;

  const groups = expandIPv6(unscoped);
  return isMappedIPv4(groups) ? toIPv4(groups) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** Eight groups of hexadecimal digits, without leading zeros. */
function expandIPv6(address: string): string[] {
  const normalised = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = normalised.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail];
}

/** `::ffff:a.b.c.d`: an IPv4 client on a socket that listens for both (RFC 4291 §2.5.5.2). */
function isMappedIPv4(groups: string[]): boolean {
  return groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
}

function toIPv4(groups: string[]): string {
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((value) => [value >> 8, value & 0xff])
    .join('.');
}
