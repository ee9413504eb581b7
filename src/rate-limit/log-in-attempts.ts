import { Injectable } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { Environment } from '../environment.js';
import { addressKey } from './address-key.js';
import { refuseWhenSpent, spend } from './rate-limit.js';
import { RateLimiters } from './rate-limiters.js';

const fiveMinutes = 5 * 60;
const oneWeek = 7 * 24 * 60 * 60;

/**
 * Limits the guesses at an account's password. Only failures count.
 *
 * 10 in five minutes from one address, so a stranger's failures lock out the stranger, not the owner. 100 from everywhere
 * together, against many addresses at once; from this one, an address is free for a week after a log-in, so that nobody
 * can use it to lock the owner out. Names without a user are counted in the same way: the limit tells nothing about them.
 */
@Injectable()
export class LogInAttempts {
  private readonly failuresHere: RateLimiterAbstract;
  private readonly failuresAnywhere: RateLimiterAbstract;
  private readonly successesHere: RateLimiterAbstract;

  constructor(
    private readonly environment: Environment,
    limiters: RateLimiters,
  ) {
    this.failuresHere = limiters.create('failures-here', { points: 10, duration: fiveMinutes });
    this.failuresAnywhere = limiters.create('failures-anywhere', { points: 100, duration: fiveMinutes });
    this.successesHere = limiters.create('successes-here', { points: 1, duration: oneWeek });
  }

  /**
   * Make one attempt.
   *
   * @param verify answers `null` for a failure.
   * @throws HttpExceptionWithHeaders 429 when the failures are spent.
   */
  async attempt<T>(username: string, address: string, verify: () => Promise<T | null>): Promise<T | null> {
    if (!this.environment.rateLimit) return verify();
    const here = `${addressKey(address)} ${username}`;

    await this.refuseWhenSpent(username, here);
    const result = await verify();
    // asked again: of a thousand guesses sent at once, those after the tenth failure must not say which one was right
    await this.refuseWhenSpent(username, here);

    await (result === null ? this.failed(username, here) : this.succeeded(here));
    return result;
  }

  private async refuseWhenSpent(username: string, here: string): Promise<void> {
    await refuseWhenSpent(this.failuresHere, here);
    const isFamiliar = (await this.successesHere.get(here)) !== null;
    if (!isFamiliar) await refuseWhenSpent(this.failuresAnywhere, username);
  }

  private async failed(username: string, here: string): Promise<void> {
    await spend(this.failuresHere, here);
    await this.failuresAnywhere.penalty(username);
  }

  private async succeeded(here: string): Promise<void> {
    await this.failuresHere.delete(here);
    await this.successesHere.set(here, 1, oneWeek);
  }
}
