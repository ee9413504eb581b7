import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands in front of a server, for faults of the way there. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** `open` lets all through; `closed` takes nobody in; `mute` takes requests and passes no answer on: they were done all the same. */
  #way: 'open' | 'closed' | 'mute' = 'open';

  private constructor(
    private readonly host: string,
    private readonly target: number,
  ) {
    this.#server = createServer((client) => this.#join(client));
  }

  static async before({ hostname, port }: URL): Promise<TcpProxy> {
    const proxy = new TcpProxy(hostname, Number(port));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  open(): void {
    this.#way = 'open';
  }

  /** Every connection breaks, and no new one comes about. */
  close(): void {
    this.#way = 'closed';
    this.#breakAll();
  }

  /** What is asked from now on is done, and nobody hears of it. */
  mute(): void {
    this.#way = 'mute';
  }

  async end(): Promise<void> {
    this.#breakAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (this.#way === 'closed') return void client.destroy();
    const server = connect(this.target, this.host);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.on('error', () => {});
    }
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => {
      if (this.#way !== 'mute') return void client.write(data);
      // the answer is lost with its connection
      client.destroy();
    });
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
