/** What Express responses and Fastify replies share, as far as it is used here. */
export interface HttpResponse {
  getHeader(name: string): number | string | string[] | undefined;
  removeHeader(name: string): unknown;
  /** Express. */
  setHeader?(name: string, value: string | string[]): unknown;
  /** Fastify. */
  header?(name: string, value: string | string[]): unknown;
}

export function setHeader(response: HttpResponse, name: string, value: string | string[]): void {
  if (typeof response.header === 'function' && typeof response.setHeader !== 'function') response.header(name, value);
  else response.setHeader!(name, value);
}

/**
 * Write a Set-Cookie header, in place of what this answer already says of the cookie: a log-out wins over a sliding
 * refresh before it. The cookies of the application stay.
 */
export function replaceCookie(response: HttpResponse, { name, text }: { name: string; text: string }): void {
  const before = [response.getHeader('set-cookie') ?? []].flat().map(String);
  const others = before.filter((cookie) => !cookie.startsWith(`${name}=`));
  response.removeHeader('set-cookie');
  setHeader(response, 'set-cookie', [...others, text]);
}

/** Let scripts of other origins read these headers, beside those that the application lets them read already. */
export function exposeHeaders(response: HttpResponse, names: readonly string[]): void {
  const before = [response.getHeader('access-control-expose-headers') ?? []].flat().join(',').split(',');
  const all = [...before.map((name) => name.trim()).filter(Boolean), ...names];
  const unique = all.filter((name, at) => all.findIndex((one) => one.toLowerCase() === name.toLowerCase()) === at);
  setHeader(response, 'Access-Control-Expose-Headers', unique.join(', '));
}
