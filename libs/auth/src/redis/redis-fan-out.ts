import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { AuthConfigError } from '../auth.errors.js';
import { RevocationFanOut, type RevocationFanOutListener, type RevocationHint } from '../stores/revocation-fan-out.js';
import { asking } from '../stores/store-answer.js';
import { hintMessage, mostHints, readHintMessage } from './hint-message.js';

export interface RedisFanOutOptions {
  /** Default `latchkey:revocations`. Applications may share one: the ids in its messages are random, and mean nothing to others. */
  channel?: string;
}

/**
 * Tell other processes of revocations over Redis' publish and subscribe: `revocation: { fanOut: redisFanOut(url) }`.
 *
 * Messages hold ids of sessions and of tokens, with which nobody can log in, and no subject. Redis keeps none of them. Who
 * may publish in the channel can have any session refused whose id is known to them, for about three minutes; nobody
 * can have a token accepted by it.
 *
 * Takes two connections, which close with the application. Redis must answer when the application starts. Later it may be away:
 * revocations are then seen within `revocation.poll`, two lines of the log say when it began and ended, and no request fails.
 *
 * @param url `redis://` or, encrypted, `rediss://`; user, password and database as usual.
 * @throws AuthConfigError `revocation.fanOut` when `url` is none; it is never quoted.
 */
export function redisFanOut(
  url: string,
  { channel = 'latchkey:revocations' }: RedisFanOutOptions = {},
): RevocationFanOut {
  if (!isRedisUrl(url)) throw misconfigured("redisFanOut() takes a URL such as 'redis://127.0.0.1:6379'");
  if (typeof channel !== 'string' || channel === '') throw misconfigured('channel must be a non-empty text');
  return new RedisFanOut(url, channel);
}

/** Milliseconds. A half-open connection says nothing by itself. */
const pingEvery = 5_000;
/** What a burst of revocations leaves behind an outage of Redis: the rest is for the poll. */
const mostWaiting = 10_000;

/** What goes to an unreachable Redis fails at once: nothing piles up, and nobody waits. */
const connectionOptions: RedisOptions = {
  ...{ lazyConnect: true, enableOfflineQueue: false, autoResendUnfulfilledCommands: false, autoResubscribe: false },
  ...{ connectTimeout: 2_000, commandTimeout: 2_000 },
  retryStrategy: (times) => Math.min(times * 100, 2_000),
};

class RedisFanOut extends RevocationFanOut {
  readonly #logger = new Logger('RedisFanOut');
  // private: what prints the options of the module must not print the password
  readonly #url: string;
  readonly #channel: string;
  #connections: Connections | undefined;
  #waiting: RevocationHint[] = [];
  #isSending = false;
  #isDown = false;
  #hasDropped = false;

  constructor(url: string, channel: string) {
    super();
    this.#url = url;
    this.#channel = channel;
  }

  async start(listener: RevocationFanOutListener): Promise<void> {
    if (this.#connections !== undefined)
      throw misconfigured('one redisFanOut() is for one application: make another for the second');
    const connections = (this.#connections = new Connections(this.#url));
    const { publisher, subscriber } = connections;
    try {
      await asking(connections.open());
      subscriber.on('message', (_channel: string, text: string) => this.#received(text, listener));
      await subscriber.subscribe(this.#channel);
      // may we publish? no hint says nothing
      await publisher.publish(this.#channel, hintMessage([]));
    } catch (error) {
      const reason = connections.problem ?? reasonOf(error);
      await this.close();
      throw misconfigured(`Redis cannot be used (${reason}): start it, or mend the URL of redisFanOut()`);
    }
    for (const connection of [publisher, subscriber]) {
      connection.on('close', () => this.#lost(connections, connections.problem ?? 'closed'));
    }
    publisher.on('ready', () => this.#found(connections));
    subscriber.on('ready', () => void this.#resubscribe(connections, listener));
  }

  publish(hints: readonly RevocationHint[]): void {
    if (this.#waiting.length + hints.length > mostWaiting) return;
    this.#waiting.push(...hints);
    if (!this.#isSending && this.#connections !== undefined) void this.#send(this.#connections);
  }

  override async clock(): Promise<number> {
    if (this.#connections === undefined) throw new Error('not connected');
    const [seconds, microseconds] = await asking(this.#connections.publisher.time());
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }

  async close(): Promise<void> {
    this.#connections?.close();
    this.#connections = undefined;
    this.#waiting = [];
    this.#isDown = false;
  }

  /** What is revoked while a message is on its way goes with the next one. */
  async #send(connections: Connections): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#waiting.length > 0) {
        await connections.publisher.publish(this.#channel, hintMessage(this.#waiting.splice(0, mostHints)));
        this.#found(connections);
      }
    } catch (error) {
      this.#waiting = [];
      this.#lost(connections, reasonOf(error));
    } finally {
      this.#isSending = false;
    }
  }

  #received(text: string, listener: RevocationFanOutListener): void {
    const hints = readHintMessage(text);
    if (hints !== undefined) return listener.hinted(hints);
    if (this.#hasDropped) return;
    this.#hasDropped = true;
    this.#logger.warn(
      'a message that is none of Latchkey came in the channel of revocations; it and all like it are dropped',
    );
  }

  async #resubscribe(connections: Connections, listener: RevocationFanOutListener): Promise<void> {
    try {
      await connections.subscriber.subscribe(this.#channel);
      listener.reconnected();
      this.#found(connections);
    } catch (error) {
      this.#lost(connections, reasonOf(error));
      retry(connections.subscriber);
    }
  }

  #lost(connections: Connections, reason: string): void {
    if (this.#isDown || connections !== this.#connections) return;
    this.#isDown = true;
    this.#logger.warn(`Redis cannot be asked (${reason}): revocations of other processes are seen by the poll alone`);
  }

  #found(connections: Connections): void {
    if (!this.#isDown || connections !== this.#connections || !connections.areReady) return;
    this.#isDown = false;
    this.#logger.log('Redis answers again: revocations of other processes are seen at once');
  }
}

/** A connection that has subscribed can do nothing else: there are two. */
class Connections {
  readonly publisher: Redis;
  readonly subscriber: Redis;
  /** The last error that a connection told of: for it, `connect()` only says that it was closed. */
  problem: string | undefined;
  readonly #ping: NodeJS.Timeout;

  constructor(url: string) {
    [this.publisher, this.subscriber] = [new Redis(url, connectionOptions), new Redis(url, connectionOptions)];
    for (const connection of [this.publisher, this.subscriber]) {
      connection.on('error', (error) => (this.problem = reasonOf(error)));
      connection.on('ready', () => (this.problem = undefined));
    }
    this.#ping = setInterval(() => this.#pingAll(), pingEvery);
    this.#ping.unref();
  }

  get areReady(): boolean {
    return this.publisher.status === 'ready' && this.subscriber.status === 'ready';
  }

  async open(): Promise<void> {
    await Promise.all([this.publisher.connect(), this.subscriber.connect()]);
  }

  close(): void {
    clearInterval(this.#ping);
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  #pingAll(): void {
    for (const connection of [this.publisher, this.subscriber]) {
      if (connection.status === 'ready') connection.ping().catch(() => retry(connection));
    }
  }
}

/** Close it, and connect anew: what is closed already does so by itself. */
function retry(connection: Redis): void {
  if (connection.status === 'ready') connection.disconnect(true);
}

/** The code of an error, or the first word of Redis' answer: the rest could hold an address, or what was sent. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z_]+$/.test(code)) return code;
  return /^[A-Z]{3,}\b/.exec(String(message))?.[0] ?? 'no answer';
}

function isRedisUrl(url: unknown): url is string {
  if (typeof url !== 'string' || !/^rediss?:\/\/./.test(url) || !URL.canParse(url)) return false;
  return !/%(?![0-9A-Fa-f]{2})/.test(url);
}

function misconfigured(problem: string): AuthConfigError {
  return new AuthConfigError('revocation.fanOut', problem);
}
