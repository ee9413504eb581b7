import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { HttpExceptionWithHeaders } from '../http/http-exception-with-headers.js';

/**
 * Count one more for `key`.
 *
 * @throws HttpExceptionWithHeaders 429 with `Retry-After` when that is more than the limit allows.
 */
export async function spend(limit: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limit.consume(key);
  } catch (error) {
    throw error instanceof RateLimiterRes ? tooManyRequests(error) : error;
  }
}

/**
 * Count nothing, only look.
 *
 * @throws HttpExceptionWithHeaders 429 with `Retry-After` when nothing is left for `key`.
 */
export async function refuseWhenSpent(limit: RateLimiterAbstract, key: string): Promise<void> {
  const state = await limit.get(key);
  if (state !== null && state.remainingPoints <= 0) throw tooManyRequests(state);
}

function tooManyRequests(state: RateLimiterRes): HttpExceptionWithHeaders {
  const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
  return new HttpExceptionWithHeaders(429, 'Too many requests: try again later', { 'Retry-After': String(seconds) });
}
