import { HttpException, StreamableFile } from '@nestjs/common';
import { stringifySetCookie } from 'cookie';
import type { OAuthUser } from '../oauth/oauth-hooks.js';
import { OAuthTransport, type OAuthCookie, type OAuthExchange } from '../oauth/oauth-transport.js';
import { HttpMessage, type HttpRequest } from './http-message.js';
import { replaceCookie, setHeader, type HttpResponse } from './http-response.js';
import type { Session } from '../session/session.js';
import type { SessionAnswers } from './session-answers.js';

export interface HttpOAuthTransportParts {
  readonly publicOrigin: string;
  /** The application is reached by https: cookies get the prefix `__Host-`, and never travel over plain http. */
  readonly secure: boolean;
  /** Where a route of ours lives, with the prefix that the application gives to all its routes. */
  readonly routesPath: (path: string) => string;
  readonly answers: SessionAnswers;
}

/** As Express and Fastify make it. */
interface RequestWithUrl extends HttpRequest {
  readonly originalUrl?: string;
  readonly url?: string;
}

/** Log-ins over HTTP, on Express and Fastify. */
export class HttpOAuthTransport extends OAuthTransport {
  constructor(private readonly parts: HttpOAuthTransportParts) {
    super();
  }

  urlOf(path: string): string {
    return this.parts.publicOrigin + this.parts.routesPath(path);
  }

  /** The query as it came: the parsers of applications differ in what they make of a repeated name. */
  parameters({ request }: OAuthExchange): { method: string; values: URLSearchParams } {
    const message = new HttpMessage(request as RequestWithUrl, undefined);
    if (message.method === 'POST') return { method: 'POST', values: formOf(message) };
    const { originalUrl, url = '' } = request as RequestWithUrl;
    const [, query = ''] = (originalUrl ?? url).split(/\?(.*)/s);
    return { method: message.method, values: new URLSearchParams(query) };
  }

  isPrefetch({ request }: OAuthExchange): boolean {
    const message = new HttpMessage(request as HttpRequest, undefined);
    const purposes = (['sec-purpose', 'purpose', 'x-moz'] as const).map((name) => String(message.header(name) ?? ''));
    return message.method === 'HEAD' || purposes.some((purpose) => /^(prefetch|preview)\b/i.test(purpose));
  }

  isEmbedded({ request }: OAuthExchange): boolean {
    const message = new HttpMessage(request as HttpRequest, undefined);
    return !isOfPage(message) && !isOneOf(message, 'sec-fetch-site', [undefined, 'same-origin', 'none']);
  }

  visitedPath({ request }: OAuthExchange): string | undefined {
    const message = new HttpMessage(request as HttpRequest, undefined);
    const isOurs = isOneOf(message, 'sec-fetch-site', [undefined, 'same-origin', 'none']);
    const wantsPage = message.method === 'GET' && /\btext\/html\b/i.test(String(message.header('accept') ?? ''));
    const { originalUrl, url } = request as RequestWithUrl;
    return isOfPage(message) && isOurs && wantsPage ? (originalUrl ?? url) : undefined;
  }

  cookies({ request }: OAuthExchange): ReadonlyMap<string, string> {
    const header = (request as HttpRequest).headers['cookie'];
    const start = this.prefixed('oauth_');
    const found = new Map<string, string>();
    for (const pair of typeof header === 'string' ? header.split(';') : []) {
      const [name = '', ...value] = pair.trim().split('=');
      if (!name.startsWith(start)) continue;
      const bare = name.slice(this.prefixed('').length);
      // two of one name: one was planted, and nothing tells which
      found.set(bare, found.has(bare) ? '' : value.join('='));
    }
    return found;
  }

  setCookie({ response }: OAuthExchange, { name: bare, value, maxAge, crossSite }: OAuthCookie): void {
    const { secure } = this.parts;
    const name = this.prefixed(bare);
    const text = stringifySetCookie({
      name,
      value,
      path: '/',
      httpOnly: true,
      ...(maxAge !== undefined && { maxAge }),
      ...(maxAge === 0 && { expires: new Date(0) }),
      // browsers drop SameSite=None without Secure, and take Secure on loopback
      ...(crossSite ? { sameSite: 'none', secure: true } : { sameSite: 'lax', secure }),
    });
    replaceCookie(response as HttpResponse, { name, text });
  }

  clearCookie(exchange: OAuthExchange, { name, crossSite }: Pick<OAuthCookie, 'name' | 'crossSite'>): void {
    this.setCookie(exchange, { name, value: '', maxAge: 0, crossSite });
  }

  keepPrivate({ response }: OAuthExchange): void {
    setHeader(response as HttpResponse, 'Cache-Control', 'no-store');
    setHeader(response as HttpResponse, 'Referrer-Policy', 'no-referrer');
  }

  /** The header is there already when the application's own filter writes the answer. */
  redirect({ request, response }: OAuthExchange, location: string): HttpException {
    setHeader(response as HttpResponse, 'Location', location);
    // after a form, 303 alone is followed by a GET for certain (RFC 9110 §15.4.4)
    return new HttpException({}, (request as HttpRequest).method === 'POST' ? 303 : 302);
  }

  respond({ response }: OAuthExchange, body: string | object, type = 'text/plain; charset=utf-8'): HttpException {
    if (typeof body === 'object') return new HttpException(body, 200);
    // no browser shall take a text for a page
    setHeader(response as HttpResponse, 'X-Content-Type-Options', 'nosniff');
    const bytes = Buffer.from(body);
    return new HttpException(new StreamableFile(bytes, { type, length: bytes.byteLength }), 200);
  }

  noContent(exchange: OAuthExchange): HttpException {
    this.keepPrivate(exchange);
    return new HttpException({}, 204);
  }

  sessionOf({ request }: OAuthExchange): Promise<Session | undefined> {
    return this.parts.answers.sessionOf(request);
  }

  subjectOf(user: unknown): Promise<string> {
    return this.parts.answers.subjectOf(user);
  }

  async logIn(exchange: OAuthExchange, { user, scope, claims }: OAuthUser): Promise<void> {
    const options = { ...(scope !== undefined && { scope }), ...(claims !== undefined && { claims }) };
    await this.parts.answers.create(user, options, { ...exchange, transfer: 'cookie' });
  }

  private prefixed(name: string): string {
    return this.parts.secure ? `__Host-${name}` : name;
  }
}

/** Fetch Metadata, where the browser sends it: it is about to show a page. */
function isOfPage(message: HttpMessage): boolean {
  return (
    isOneOf(message, 'sec-fetch-mode', [undefined, 'navigate']) &&
    isOneOf(message, 'sec-fetch-dest', [undefined, 'document'])
  );
}

function isOneOf(message: HttpMessage, name: Lowercase<string>, values: readonly unknown[]): boolean {
  return values.includes(message.header(name));
}

/** What is no text in a form is none of a provider's. */
function formOf(message: HttpMessage): URLSearchParams {
  const type = message.header('content-type');
  const isForm = typeof type === 'string' && /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type);
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries((isForm && message.carrier.body) || {})) {
    for (const one of [value].flat()) if (typeof one === 'string') values.append(name, one);
  }
  return values;
}
