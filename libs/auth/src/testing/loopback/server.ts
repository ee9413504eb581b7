import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopback } from '../../auth.loopback.js';
import { Refusal, refusal, written, type Answer, type Written } from './answer.js';
import { endpointOf, type LoopbackEndpoint } from './endpoints.js';
import type { FaultBoard, Faults } from './faults.js';

/** A request that reached the provider. Holds the secrets that came with it. */
export interface LoopbackRequest {
  /** Undefined where there is nothing. */
  readonly endpoint: LoopbackEndpoint | undefined;
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the body; empty where that is none. */
  readonly form: URLSearchParams;
}

export type Handler = (request: LoopbackRequest, faults: Faults) => Answer;

/** Bytes. */
const largestRequest = 1_048_576;

/** Milliseconds between two bytes of an answer that never ends. */
const slowlyEvery = 50;

/** One request: read it, let its endpoint answer, and let the faults have their way. */
export class LoopbackServer {
  private readonly server: Server;

  constructor(
    private readonly handlers: Readonly<Record<LoopbackEndpoint, Handler>>,
    private readonly faults: FaultBoard,
    private readonly seen: (request: LoopbackRequest) => void,
  ) {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  /** @returns its port. Nobody but this machine can reach it. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await readRequest(incoming);
      this.seen(request);
      const { endpoint } = request;
      if (endpoint === undefined) throw refusal(404, 'not_found', 'there is nothing here');
      const faults = this.faults.take(endpoint);
      if (faults.find('drop')?.before === true) return void response.destroy();
      const instead = insteadOf(endpoint, faults);
      if (instead !== undefined) return write(response, instead);
      if (faults.find('silent') !== undefined) return;
      if (faults.find('slow_loris') !== undefined) return writeForever(response);
      const answer = faults.told(this.answer(endpoint, request, faults));
      await writeBack(response, written(answer), faults);
    } catch (error) {
      write(response, written(error instanceof Refusal ? error.answer : mistake(error)));
    }
  }

  private answer(endpoint: LoopbackEndpoint, request: LoopbackRequest, faults: Faults): Answer {
    try {
      return this.handlers[endpoint](request, faults);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }
}

/** A mistake in a test, in a `forge` for example: it says so, instead of looking like an outage. */
function mistake(error: unknown): Answer {
  return refusal(500, 'server_error', error instanceof Error ? error.message : String(error)).answer;
}

async function readRequest(incoming: IncomingMessage): Promise<LoopbackRequest> {
  const { method = '', url: target = '', headers } = incoming;
  const origin = `http://${headers.host}`;
  // a name that points here from elsewhere would make the provider part of another site (DNS rebinding)
  if (!URL.canParse(target, origin) || !isLoopback(new URL(origin).hostname))
    throw refusal(421, 'invalid_request', 'the provider answers on loopback only');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > largestRequest) throw refusal(413, 'invalid_request', 'the request is too large');
    chunks.push(chunk);
  }
  const url = new URL(target, origin);
  const body = Buffer.concat(chunks).toString();
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '');
  const form = new URLSearchParams(isForm ? body : '');
  return { endpoint: endpointOf(url.pathname), method, url, headers, body, form };
}

/** What an endpoint answers instead of doing its work. */
function insteadOf(endpoint: LoopbackEndpoint, faults: Faults): Written | undefined {
  const json = { 'content-type': 'application/json' };
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const status = faults.find('status');
  if (status !== undefined) {
    const { body = {}, headers } = status;
    const isText = typeof body === 'string';
    const type = isText ? html : json;
    return { status: status.status, headers: { ...type, ...headers }, body: isText ? body : JSON.stringify(body) };
  }
  const error = faults.find('error');
  if (error !== undefined && endpoint !== 'authorization') {
    const members = { error: error.error, error_description: error.description };
    return written({ kind: 'json', members, status: error.status ?? 400 });
  }
  const redirect = faults.find('redirect');
  if (redirect !== undefined) return { status: redirect.status ?? 307, headers: { location: redirect.to }, body: '' };
  if (faults.find('html') !== undefined)
    return { status: 200, headers: html, body: '<!doctype html><title>Hello</title>' };
  if (faults.find('empty') !== undefined) return { status: 200, headers: json, body: '' };
  return undefined;
}

/** The work is done: what is left can only get lost. */
async function writeBack(response: ServerResponse, answer: Written, faults: Faults): Promise<void> {
  const slow = faults.find('slow');
  // without the reference, a process that has nothing else to do would wait for it
  if (slow !== undefined) await sleep(slow.seconds * 1000, undefined, { ref: false });
  if (faults.find('drop') !== undefined) return void response.destroy();
  if (faults.find('cut') !== undefined) return writeHalf(response, answer);
  const huge = faults.find('huge');
  const padding = huge === undefined ? '' : ' '.repeat(huge.bytes ?? 10_000_000);
  write(response, { ...answer, body: answer.body + padding });
}

function write(response: ServerResponse, { status, headers, body }: Written): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

function writeHalf(response: ServerResponse, { status, headers, body }: Written): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  // what was written must have left before the connection ends
  response.write(Buffer.from(body).subarray(0, Math.floor(Buffer.byteLength(body) / 2)), () => response.destroy());
}

function writeForever(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), slowlyEvery);
  response.on('close', () => clearInterval(timer));
}
