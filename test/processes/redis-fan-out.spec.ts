import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AuthConfigError, type RevocationFanOut, type RevocationHint } from 'nest-latchkey';
import { redisFanOut } from 'nest-latchkey/redis';
import { canRunRedis, eventually, freePort, RedisServer } from './redis-server.js';

jest.setTimeout(60_000);

const password = 'canary: hunter2/p@ss';
const channel = 'latchkey:revocations';
const describeWithRedis = canRunRedis() ? describe : describe.skip;

/** A process that listens, and what it has heard. */
class Listener {
  readonly heard: RevocationHint[] = [];
  reconnections = 0;

  constructor(readonly fanOut: RevocationFanOut) {}

  async start(): Promise<this> {
    await this.fanOut.start({
      hinted: (hints) => this.heard.push(...hints),
      reconnected: () => (this.reconnections += 1),
    });
    return this;
  }

  hasHeard(id: string): boolean {
    return this.heard.some((hint) => 'id' in hint && hint.id === id);
  }
}

describe('redisFanOut()', () => {
  it.each([undefined, null, '', 'redis', 'redis://', 'http://127.0.0.1:6379', 'redis://u:%zz@h', 6379])(
    'CF-01 refuses %p, and says what it takes',
    (url) => {
      expect(() => redisFanOut(url as string)).toThrow(
        new AuthConfigError('revocation.fanOut', "redisFanOut() takes a URL such as 'redis://127.0.0.1:6379'"),
      );
    },
  );

  it('CF-01 refuses a channel without a name', () => {
    for (const name of ['', null, 7]) {
      expect(() => redisFanOut('redis://127.0.0.1', { channel: name as string })).toThrow(AuthConfigError);
    }
  });

  it('prints no password', () => {
    const fanOut = redisFanOut(`redis://:${encodeURIComponent(password)}@127.0.0.1`);
    const printed = `${inspect(fanOut, { depth: 20, showHidden: true })}${JSON.stringify(fanOut)}${String(fanOut)}`;
    expect(printed).not.toMatch(/hunter2/);
  });
});

describeWithRedis('redisFanOut() with Redis', () => {
  let redis: RedisServer;
  let logged: string[];
  const opened: RevocationFanOut[] = [];

  const make = (url = redis.url) => {
    const fanOut = redisFanOut(url);
    opened.push(fanOut);
    return new Listener(fanOut);
  };
  const listen = () => make().start();

  beforeEach(async () => {
    redis = await RedisServer.start({ password });
    logged = [];
    for (const level of ['log', 'warn', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((...words: unknown[]) => logged.push(inspect(words)));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((fanOut) => fanOut.close()));
    await redis.stop();
    expect(logged.join('\n')).not.toContain('hunter2');
    jest.restoreAllMocks();
  });

  it.each(['nothing listens', 'the password is wrong', 'nothing answers', 'it may not be used'])(
    'CF-01 does not start when %s, and quotes no URL',
    async (problem) => {
      const sockets: Socket[] = [];
      const mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
      await once(mute, 'listening');
      await redis.ask((client) =>
        client.acl('SETUSER', 'guest', 'on', '>hunter2guest', '+@all', '-publish', 'allchannels'),
      );
      const urls: Record<string, [url: string, reason: string]> = {
        'nothing listens': [`redis://:hunter2@127.0.0.1:${await freePort()}`, 'ECONNREFUSED'],
        'the password is wrong': [`redis://:hunter2@127.0.0.1:${redis.port}`, 'WRONGPASS'],
        'nothing answers': [`redis://:hunter2@127.0.0.1:${(mute.address() as AddressInfo).port}`, 'no answer'],
        'it may not be used': [`redis://guest:hunter2guest@127.0.0.1:${redis.port}`, 'NOPERM'],
      };
      const [url, reason] = urls[problem]!;
      const error: unknown = await make(url)
        .start()
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AuthConfigError);
      expect((error as Error).message).toBe(
        `revocation.fanOut: Redis cannot be used (${reason}): start it, or mend the URL of redisFanOut()`,
      );
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
      for (const socket of sockets) socket.destroy();
      mute.close();
    },
  );

  it('tells every process, and names no subject', async () => {
    const listeners = await Promise.all([listen(), listen(), listen()]);
    const messages: string[] = [];
    await redis.ask(async (client) => {
      await client.subscribe(channel);
      client.on('message', (_channel, text) => messages.push(text));
      listeners[0].fanOut.publish([{ kind: 'sid', id: 's1' }, { kind: 'jti', id: 'j1' }, { kind: 'sub' }]);
      await eventually(() => messages.length > 0);
    });
    for (const { heard } of listeners) await eventually(() => heard.length === 3);
    expect(messages).toEqual(['[["sid","s1"],["jti","j1"],["sub"]]']);
  });

  it('tells of thousands in few messages, losing none', async () => {
    const [one, other] = [await listen(), await listen()];
    let messages = 0;
    await redis.ask(async (client) => {
      await client.subscribe(channel);
      client.on('message', () => (messages += 1));
      for (let at = 0; at < 5_000; at++) one.fanOut.publish([{ kind: 'sid', id: `s${at}` }]);
      await eventually(() => other.hasHeard('s4999'));
    });
    expect(other.heard).toHaveLength(5_000);
    expect(messages).toBeLessThanOrEqual(60);
  });

  it('drops what is none of ours, and says so once, without its contents', async () => {
    const one = await listen();
    await redis.ask(async (client) => {
      for (const text of ['garbage-1', '[["sub","ada"]]', `["${'x'.repeat(200_000)}"]`, '[["sid",{"a":1}]]'])
        await client.publish(channel, text);
    });
    one.fanOut.publish([{ kind: 'sid', id: 's1' }]);
    await eventually(() => one.hasHeard('s1'));
    expect(one.heard).toHaveLength(1);
    expect(logged).toEqual([expect.stringContaining('none of Latchkey')]);
    expect(logged[0]).not.toMatch(/garbage|ada/);
  });

  it('FT-03 outlives a Redis that stops and starts again: a line for each, and it hears again', async () => {
    const [one, other] = [await listen(), await listen()];
    logged.length = 0;
    await redis.stop();
    await eventually(() => logged.length === 2); // one for each of the two
    one.fanOut.publish([{ kind: 'sid', id: 'lost' }]);
    await redis.start();
    await eventually(() => logged.length === 4);
    expect(logged.filter((line) => line.includes('cannot be asked'))).toHaveLength(2);
    expect(logged.filter((line) => line.includes('answers again'))).toHaveLength(2);
    expect([one.reconnections, other.reconnections]).toEqual([1, 1]);

    one.fanOut.publish([{ kind: 'sid', id: 's2' }]);
    await eventually(() => other.hasHeard('s2'));
    expect(other.hasHeard('lost')).toBe(false);
  });

  it('FT-03 says nothing more while Redis stays away, however much is revoked', async () => {
    const one = await listen();
    await redis.stop();
    await eventually(() => logged.length === 1);
    for (let round = 0; round < 100; round++) {
      one.fanOut.publish([{ kind: 'sid', id: 's1' }]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(logged).toHaveLength(1);
  });

  it('FT-10 goes on after a Redis that hung without closing a connection', async () => {
    const [one, other] = [await listen(), await listen()];
    redis.freeze();
    one.fanOut.publish([{ kind: 'sid', id: 's1' }]);
    await eventually(() => logged.some((line) => line.includes('no answer')));
    redis.thaw();
    await eventually(() => {
      one.fanOut.publish([{ kind: 'sid', id: 's2' }]);
      return other.hasHeard('s2') && logged.some((line) => line.includes('answers again'));
    });
  });

  it('serves one application at a time, and another after it', async () => {
    const one = await listen();
    await expect(one.start()).rejects.toMatchObject({ option: 'revocation.fanOut' });
    await one.fanOut.close();
    await one.start();
    one.fanOut.publish([{ kind: 'sid', id: 's1' }]);
    await eventually(() => one.hasHeard('s1'));
  });

  it('closes both of its connections', async () => {
    const clients = () =>
      redis.ask(
        async (client) =>
          String(await client.client('LIST'))
            .trim()
            .split('\n').length - 1,
      );
    const one = await listen();
    expect(await clients()).toBe(2);
    await one.fanOut.close();
    await eventually(async () => (await clients()) === 0);
    one.fanOut.publish([{ kind: 'sid', id: 's1' }]);
  });
});
