import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { Environment } from '../environment.js';
import { addressKey } from './address-key.js';
import { spend } from './rate-limit.js';
import { RateLimiters } from './rate-limiters.js';

/** What `rate-limit.guard.ts` is to our own routes, for the library's route that refreshes sessions. */
@Injectable()
export class RefreshRateLimitMiddleware implements NestMiddleware {
  private readonly requests: RateLimiterAbstract;

  constructor(
    private readonly environment: Environment,
    limiters: RateLimiters,
  ) {
    this.requests = limiters.create('refreshes', { points: 100, duration: 60 });
  }

  async use(request: IncomingMessage, _response: ServerResponse, next: () => void): Promise<void> {
    if (this.environment.rateLimit) await spend(this.requests, addressKey(request.socket.remoteAddress));
    next();
  }
}
