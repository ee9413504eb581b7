import { isLoopback } from '../auth.loopback.js';

/** Bytes. The largest honest answers are key sets and discovery documents. */
const largestAnswer = 262_144;

export interface OutboundLimits {
  /** Seconds, from the request to the last byte of the answer. */
  readonly timeout: number;
  readonly allowInsecureLoopback: boolean;
}

/** A request that never got an answer which could be read. The message names no URL: a query may hold a secret. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';

  constructor(
    readonly kind: 'forbidden' | 'timeout' | 'unreachable' | 'too_large' | 'redirected',
    message: string,
  ) {
    super(message);
  }
}

/** What oauth4webapi gives to its `customFetch`. */
export interface OutboundRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: URLSearchParams | string | null;
}

/**
 * Every request to a provider goes through here: https only, no redirects, a limit in time and one in size
 * (RFC 9700 §4.11, ASVS 13.2).
 *
 * @throws OutboundError
 */
export function outboundFetch({ timeout, allowInsecureLoopback }: OutboundLimits) {
  return async (url: string, { method, headers, body }: OutboundRequest): Promise<Response> => {
    if (!isAllowedEndpoint(url, allowInsecureLoopback))
      throw new OutboundError('forbidden', 'the endpoint is not https');
    const signal = AbortSignal.timeout(timeout * 1000);
    try {
      const response = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal });
      // the client's secret and the code are for this endpoint alone
      if (response.status >= 300 && response.status < 400) {
        await discard(response);
        throw new OutboundError('redirected', `the endpoint answered a redirect (${response.status})`);
      }
      const text = await limitedBody(response, largestAnswer);
      const { status, headers: received } = response;
      return new Response([204, 205, 304].includes(status) ? null : text, { status, headers: received });
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      // the original is not kept: it can quote the request
      if (signal.aborted) throw new OutboundError('timeout', `no answer within ${timeout} seconds`);
      throw new OutboundError('unreachable', `no connection: ${codeOf(error)}`);
    }
  };
}

/** May a browser, or a request with a secret, be sent there? */
export function isAllowedEndpoint(url: unknown, allowInsecureLoopback: boolean): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && allowInsecureLoopback && isLoopback(hostname));
}

/** Nobody reads the rest of an answer: that it broke off, or came to no end in time, is no failure of what comes next. */
export async function discard({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => {});
}

/** @throws OutboundError `too_large` */
export async function limitedBody(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    if (size > most) throw new OutboundError('too_large', `the answer has more than ${most} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** The system's word, such as ECONNREFUSED. */
export function codeOf(error: unknown): string {
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'failed';
}
