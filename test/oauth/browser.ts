import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, any>;
}

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly text: string;
}

export interface Visit {
  readonly method?: string;
  readonly form?: URLSearchParams | string;
  readonly headers?: Record<string, string>;
  /** Without what the jar holds. */
  readonly cookies?: boolean;
}

/**
 * A browser as far as a dance needs one: cookies by host and path, one request at a time, redirects only when told.
 *
 * `served` maps origins to the ports where they listen: an https origin as behind a proxy that ends TLS.
 */
export class Browser {
  /** By host, then by name. */
  readonly jar = new Map<string, Map<string, Cookie>>();

  constructor(private readonly served: ReadonlyMap<string, number> = new Map()) {}

  async visit(url: string | URL, { method = 'GET', form, headers = {}, cookies = true }: Visit = {}): Promise<Page> {
    const target = new URL(url);
    const port = this.served.get(target.origin) ?? Number(target.port);
    const cookie = cookies ? this.cookiesFor(target) : '';
    const body = form?.toString();
    const page = await new Promise<Page>((resolve, reject) => {
      const sent = httpRequest({
        host: '127.0.0.1',
        port,
        method,
        path: target.pathname + target.search,
        agent: false,
        headers: {
          host: target.host,
          ...(cookie !== '' && { cookie }),
          ...(body !== undefined && {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
          }),
          ...headers,
        },
      });
      sent.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ url: target, status, headers: received, text, body: parsed(text) });
        });
      });
      sent.end(body);
    });
    for (const line of page.headers['set-cookie'] ?? []) this.take(target, line);
    return page;
  }

  /** Go on from a redirect for as long as it leads somewhere that `goesOn` accepts. @returns the page whose redirect it does not. */
  async follow(page: Page, goesOn: (next: URL) => boolean): Promise<Page> {
    const next = nextOf(page);
    if (next === undefined || !goesOn(next)) return page;
    return this.follow(await this.visit(next), goesOn);
  }

  cookie(origin: string, name: string): string | undefined {
    return this.jar.get(new URL(origin).hostname)?.get(name)?.value;
  }

  cookieNames(origin: string): string[] {
    return [...(this.jar.get(new URL(origin).hostname)?.keys() ?? [])];
  }

  private cookiesFor({ hostname, pathname }: URL): string {
    const held = [...(this.jar.get(hostname) ?? [])];
    return held
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  private take({ hostname }: URL, text: string): void {
    const [pair = '', ...attributes] = text.split(/;\s*/);
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? [];
    const attribute = (key: string) =>
      attributes.find((one) => one.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
    const gone = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '9999-01-01') <= 0;
    const jar = this.jar.get(hostname) ?? new Map<string, Cookie>();
    this.jar.set(hostname, jar);
    if (gone || value === '') jar.delete(name);
    else jar.set(name, { value, path: attribute('path') ?? '/', text });
  }
}

/** Where a redirect leads. */
export function nextOf({ status, headers, url }: Page): URL | undefined {
  return status >= 300 && status < 400 && headers.location !== undefined ? new URL(headers.location, url) : undefined;
}

function parsed(text: string): Record<string, any> {
  try {
    return JSON.parse(text) as Record<string, any>;
  } catch {
    return {};
  }
}
