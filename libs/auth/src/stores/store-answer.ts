import { AuthConfigError, AuthError } from '../auth.errors.js';
import { within } from '../auth.time-limit.js';

/** Milliseconds. */
const longestAnswer = 2_000;

/**
 * The answer of a store. Any store that cannot be asked, whatever it threw, or does not answer within 2 seconds, is an
 * outage (503): never a no, and never a log-out. What it did is then unknown; it may have written all the same.
 *
 * @throws AuthError `store_unavailable`
 */
export async function asking<T>(answer: Promise<T>): Promise<T> {
  try {
    return await within(longestAnswer, answer);
  } catch (error) {
    if (error instanceof AuthError || error instanceof AuthConfigError) throw error;
    throw new AuthError('store_unavailable', { reason: 'the store cannot be asked', cause: error });
  }
}
