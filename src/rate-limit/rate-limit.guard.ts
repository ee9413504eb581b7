import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { Environment } from '../environment.js';
import { addressKey } from './address-key.js';
import { spend } from './rate-limit.js';
import { RateLimiters } from './rate-limiters.js';

/**
 * At most 100 requests a minute from one address, counted for each route by itself.
 *
 * The address is the connection's: `X-Forwarded-For` is not read, because anybody can write one.
 * What protects a single account is in `log-in-attempts.ts`.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly requests: RateLimiterAbstract;

  constructor(
    private readonly environment: Environment,
    limiters: RateLimiters,
  ) {
    this.requests = limiters.create('requests', { points: 100, duration: 60 });
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.environment.rateLimit) return true;
    const { ip } = context.switchToHttp().getRequest<{ ip?: string }>();
    await spend(this.requests, `${context.getHandler().name} ${addressKey(ip)}`);
    return true;
  }
}
