import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { readEnvironment } from '../../src/environment.js';
import { LogInAttempts } from '../../src/rate-limit/log-in-attempts.js';
import { RateLimiters } from '../../src/rate-limit/rate-limiters.js';
import { canRunRedis, eventually, RedisServer } from './redis-server.js';

jest.setTimeout(60_000);

const password = 'canary: hunter2/p@ss';
const tooMany = expect.objectContaining({ status: 429 });
const failure = async () => null;
const success = async () => 'ada';

(canRunRedis() ? describe : describe.skip)('the limits of the reference application, with REDIS_URL', () => {
  let redis: RedisServer;
  const opened: RateLimiters[] = [];

  /** As a process of the application has it. */
  async function open(): Promise<LogInAttempts> {
    const environment = readEnvironment({ REDIS_URL: redis.url });
    const limiters = new RateLimiters(environment);
    opened.push(limiters);
    const attempts = new LogInAttempts(environment, limiters);
    // until it is connected it counts for itself
    await eventually(async () => {
      await attempts.attempt(`probe-${Math.random()}`, '127.0.0.9', failure);
      return (await keys()).some((key) => key.includes('probe'));
    });
    return attempts;
  }
  const keys = () => redis.ask((client) => client.keys('*'));

  beforeEach(async () => {
    redis = await RedisServer.start({ password });
  });
  afterEach(async () => {
    for (const limiters of opened.splice(0)) limiters.onApplicationShutdown();
    await redis.stop();
  });

  it('count for all processes together', async () => {
    const [one, other] = [await open(), await open()];
    for (let at = 0; at < 5; at++) {
      await expect(one.attempt('ada', '127.0.0.1', failure)).resolves.toBeNull();
      await expect(other.attempt('ada', '127.0.0.1', failure)).resolves.toBeNull();
    }
    for (const attempts of [one, other])
      await expect(attempts.attempt('ada', '127.0.0.1', success)).rejects.toEqual(tooMany);
    await expect(other.attempt('ada', '127.0.0.2', success)).resolves.toBe('ada');
  });

  it('FT-03 count in each process while Redis is away, and refuse nobody for that', async () => {
    const attempts = await open();
    await redis.stop();
    await eventually(async () => (await attempts.attempt('ada', '127.0.0.1', success)) === 'ada');
    for (let at = 0; at < 10; at++) await expect(attempts.attempt('ada', '127.0.0.1', failure)).resolves.toBeNull();
    await expect(attempts.attempt('ada', '127.0.0.1', success)).rejects.toEqual(tooMany);
    await expect(attempts.attempt('bob', '127.0.0.1', success)).resolves.toBe('ada');

    await redis.start();
    await eventually(async () => {
      await attempts.attempt(`eve-${Math.random()}`, '127.0.0.9', failure);
      return (await keys()).some((key) => key.includes('eve'));
    });
  });

  it('FT-10 hold for a Redis that does not answer', async () => {
    const attempts = await open();
    redis.freeze();
    const guesses = await Promise.allSettled(
      Array.from({ length: 40 }, () => attempts.attempt('ada', '127.0.0.1', failure)),
    );
    expect(guesses.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const guess of guesses) if (guess.status === 'rejected') expect(guess.reason).toEqual(tooMany);
    await expect(attempts.attempt('ada', '127.0.0.1', success)).rejects.toEqual(tooMany);
    await expect(attempts.attempt('bob', '127.0.0.1', success)).resolves.toBe('ada');
    redis.thaw();
  });

  it('FT-10 wait once for a Redis that does not answer, and count with it again when it does', async () => {
    const attempts = await open();
    const asked = jest.spyOn(Redis.prototype, 'sendCommand');
    try {
      redis.freeze();
      for (let at = 0; at < 5; at++) await expect(attempts.attempt('ada', '127.0.0.1', success)).resolves.toBe('ada');
      const answers = await Promise.allSettled(asked.mock.results.map(({ value }) => value));
      const names = asked.mock.calls.map(([{ name }]) => name);
      // of all that the five ask, only the first: each command would wait as long
      const waited = answers.flatMap((answer, at) =>
        answer.status === 'rejected' && /timed out/.test(String(answer.reason)) ? [names[at]] : [],
      );
      expect(waited.filter((name) => name === 'get')).toHaveLength(1);
    } finally {
      asked.mockRestore();
      redis.thaw();
    }
    await eventually(async () => {
      await attempts.attempt(`eve-${Math.random()}`, '127.0.0.9', failure);
      return (await keys()).some((key) => key.includes('eve'));
    });
  });

  it.each(['http://127.0.0.1', 'redis://', 'redis://:%zz@127.0.0.1'])('CF-01 no start with REDIS_URL=%s', (url) => {
    expect(() => readEnvironment({ REDIS_URL: url })).toThrow(/REDIS_URL must be a URL that begins with redis/);
  });
});
