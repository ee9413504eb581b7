import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Environment } from '../environment.js';
import { addressKey } from './address-key.js';
import { spend } from './rate-limit.js';

/**
 * At most 100 requests a minute from one address, counted for each route by itself.
 *
 * Counts in this process. The address is the connection's: `X-Forwarded-For` is not read, because anybody can write one.
 * What protects a single account is in `log-in-attempts.ts`.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly requests = new RateLimiterMemory({ points: 100, duration: 60 });

  constructor(private readonly environment: Environment) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.environment.rateLimit) return true;
    const { ip } = context.switchToHttp().getRequest<{ ip?: string }>();
    await spend(this.requests, `${context.getHandler().name} ${addressKey(ip)}`);
    return true;
  }
}
