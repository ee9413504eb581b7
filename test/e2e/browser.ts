import type { Answer, Api, HeaderLines, Request } from './fixture.js';
import { issuer } from './fixture.js';

/** One Set-Cookie header, taken apart. Attribute names are in lower case; one without a value is true. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

interface StoredCookie {
  readonly name: string;
  readonly value: string;
  /** Absent: for the host alone. */
  readonly domain: string | undefined;
  readonly path: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

/** The cookies that an answer sets, in its order. */
export function setCookiesOf({ headers }: Answer): SetCookie[] {
  return (headers['set-cookie'] ?? []).map((line) => {
    const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
    const attributes = rest.map((part) => {
      const [name = '', value] = part.split('=');
      return [name.toLowerCase(), value ?? true] as const;
    });
    return { ...nameAndValue(pair), attributes: Object.fromEntries(attributes) };
  });
}

/** The value of the cookie that an answer sets. */
export function cookieOf(answer: Answer, name: string): SetCookie {
  const found = setCookiesOf(answer).filter((cookie) => cookie.name === name);
  expect(found.map((cookie) => cookie.name)).toEqual([name]);
  return found[0]!;
}

/** Header lines with these cookies. */
export function cookieLines(cookies: Readonly<Record<string, string>>): HeaderLines {
  const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  return [['Cookie', pairs.join('; ')]];
}

function nameAndValue(pair: string): { name: string; value: string } {
  const at = pair.indexOf('=');
  return { name: pair.slice(0, at), value: pair.slice(at + 1) };
}

/**
 * Keeps cookies as a browser does on a page of `origin` (RFC 6265bis §5.5, §5.6): by name, domain and path, with prefixes,
 * expiry and path matching. What a browser would drop without a word is dropped here too.
 */
export class Browser {
  private cookies: StoredCookie[] = [];

  constructor(
    private readonly api: Api,
    private readonly origin = new URL(issuer),
  ) {}

  /** One request, with the cookies that are due and what the answer says of them. */
  async send(method: string, path: string, { headers = [], ...rest }: Request = {}): Promise<Answer> {
    const due = this.due(path);
    const cookie: HeaderLines =
      due.length === 0 ? [] : cookieLines(Object.fromEntries(due.map(({ name, value }) => [name, value])));
    const answer = await this.api.send(method, path, { ...rest, headers: [...cookie, ...headers] });
    for (const set of setCookiesOf(answer)) this.store(set, path);
    return answer;
  }

  /** As a script of the page does it: with the anti-CSRF value it can read, in the default header. */
  async sendWithCsrf(method: string, path: string, csrfCookie: string, request: Request = {}): Promise<Answer> {
    const value = this.read(csrfCookie) ?? '';
    return this.send(method, path, { ...request, headers: [...(request.headers ?? []), ['X-CSRF-TOKEN', value]] });
  }

  /** The value of a cookie, wherever it is sent to. */
  read(name: string): string | undefined {
    return this.alive().find((cookie) => cookie.name === name)?.value;
  }

  /** The names of the cookies kept, sorted. */
  get names(): string[] {
    return this.alive()
      .map(({ name }) => name)
      .toSorted();
  }

  private due(path: string): StoredCookie[] {
    const at = path.split('?')[0]!;
    return this.alive().filter((cookie) => {
      const base = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`;
      return at === cookie.path || at.startsWith(base);
    });
  }

  private alive(): StoredCookie[] {
    return this.cookies.filter(({ expiresAt }) => expiresAt > this.api.clock.now());
  }

  private store({ name, value, attributes }: SetCookie, requestPath: string): void {
    const secure = attributes['secure'] === true;
    const domain = typeof attributes['domain'] === 'string' ? attributes['domain'] : undefined;
    const path =
      typeof attributes['path'] === 'string' ? attributes['path'] : requestPath.replace(/\/[^/]*$/, '') || '/';
    const { hostname, protocol } = this.origin;
    if (secure && protocol !== 'https:') return;
    if (/^__(secure|host)-/i.test(name) && !secure) return;
    if (/^__host-/i.test(name) && (domain !== undefined || path !== '/')) return;
    if (domain !== undefined && hostname !== domain && !hostname.endsWith(`.${domain}`)) return;
    const others = this.cookies.filter(
      (other) => other.name !== name || other.domain !== domain || other.path !== path,
    );
    this.cookies = [...others, { name, value, domain, path, expiresAt: this.expiryOf(attributes) }];
  }

  private expiryOf({ 'max-age': maxAge, expires }: SetCookie['attributes']): number {
    if (typeof maxAge === 'string') return this.api.clock.now() + Number(maxAge) * 1000;
    return typeof expires === 'string' ? Date.parse(expires) : Infinity;
  }
}
