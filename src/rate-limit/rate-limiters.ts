import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { Environment } from '../environment.js';

/**
 * Makes limits that count for all processes together where `REDIS_URL` is set, and otherwise for this one.
 *
 * While Redis is away each process counts for itself: a limit grows by the number of processes, and nobody is refused for
 * the outage.
 */
@Injectable()
export class RateLimiters implements OnApplicationShutdown {
  private readonly redis: Redis | undefined;

  constructor({ redisUrl, rateLimit }: Environment) {
    if (redisUrl === undefined || !rateLimit) return;
    // what cannot be asked at once is not waited for; a connection without an answer is given up, or each command would wait anew
    this.redis = new Redis(redisUrl, {
      enableOfflineQueue: false,
      connectTimeout: 2_000,
      commandTimeout: 500,
      socketTimeout: 500,
    });
    this.redis.on('error', () => {}); // the fan-out of revocations logs outages, and tries the URL at boot
  }

  /** @param limit `duration` is in seconds. */
  create(name: string, limit: { points: number; duration: number }): RateLimiterAbstract {
    const here = new RateLimiterMemory({ ...limit, keyPrefix: name });
    if (this.redis === undefined) return here;
    return new RateLimiterRedis({
      ...limit,
      keyPrefix: `latchkey:limit:${name}`,
      storeClient: this.redis,
      insuranceLimiter: here,
      rejectIfRedisNotReady: true,
    });
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }
}
