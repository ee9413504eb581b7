import type { ExecutionContext } from '@nestjs/common';
import type { RequestValue } from '../resource/request-value.js';
import type { TokenMessage } from '../resource/transport.js';

/** What Express and Fastify requests share, as far as it is read here. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The client's, as far as the application trusts its proxies. */
  readonly ip?: string;
  /** Express: of node itself. */
  readonly rawHeaders?: readonly string[];
  /** Fastify: node's request. */
  readonly raw?: { readonly rawHeaders?: readonly string[] };
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

/** An Express or Fastify request as the guard's steps read it. Nothing is parsed before it is asked for. */
export class HttpMessage implements TokenMessage {
  constructor(
    readonly carrier: HttpRequest,
    readonly context: ExecutionContext | undefined,
  ) {}

  get params(): unknown {
    return this.carrier.params;
  }

  get method(): string {
    return this.carrier.method;
  }

  /** Node keeps the first of two Authorization headers and says nothing: the raw headers tell. */
  header(name: Lowercase<string>): string | readonly string[] | undefined {
    const value = this.carrier.headers[name];
    if (value === undefined) return undefined;
    const raw = this.carrier.rawHeaders ?? this.carrier.raw?.rawHeaders ?? [];
    const values: string[] = [];
    for (let index = 0; index < raw.length; index += 2) {
      const header = raw[index]!;
      if (header.length === name.length && header.toLowerCase() === name) values.push(raw[index + 1]!);
    }
    return values.length > 1 ? values : value;
  }

  cookies(name: string): readonly string[] {
    const header = this.carrier.headers['cookie'];
    if (typeof header !== 'string') return [];
    const start = `${name}=`;
    return header
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(start))
      .map((pair) => pair.slice(start.length));
  }

  queryValue(name: string): unknown {
    return member(this.carrier.query, name);
  }

  jsonBody(name: string): unknown {
    const type = this.carrier.headers['content-type'];
    const isJson = typeof type === 'string' && /^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type);
    return isJson ? member(this.carrier.body, name) : undefined;
  }

  formField(name: string): unknown {
    const type = this.carrier.headers['content-type'];
    return typeof type === 'string' && /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)
      ? member(this.carrier.body, name)
      : undefined;
  }

  value({ source, name }: RequestValue): string | undefined {
    const from = { param: this.carrier.params, query: this.carrier.query, body: this.carrier.body }[source];
    const value = member(from, name);
    if (typeof value === 'string') return value;
    return source === 'body' && typeof value === 'number' ? String(value) : undefined;
  }
}

/** An own member of a parsed object; lists, texts and prototypes have none. */
function member(parsed: unknown, name: string): unknown {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  return Object.hasOwn(parsed, name) ? (parsed as Record<string, unknown>)[name] : undefined;
}
