/**
 * Does the host name of a URL mean this machine: `localhost`, `127.0.0.0/8`, `[::1]`? There alone plain http will do.
 *
 * @param hostname as `URL.hostname` has it: an IPv4 address in four decimal parts, an IPv6 address in brackets.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
