import { HttpException } from '@nestjs/common';
import { AuthError } from './auth.errors.js';

/**
 * The answer of a hook. What it throws is an outage, never "allowed" and never a log-out, unless it is a refusal of its own:
 * an HttpException or an AuthError.
 *
 * @throws AuthError `store_unavailable`
 */
export async function askHook<T>(name: string, ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof AuthError || cause instanceof HttpException) throw cause;
    throw new AuthError('store_unavailable', { reason: `${name} failed`, cause });
  }
}
