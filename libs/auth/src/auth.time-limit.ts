/**
 * The answer, unless it takes longer: a half-open connection never answers, and whoever waits for it would wait for good. What was
 * asked goes on unseen; it may still be done.
 *
 * @throws Error once so many milliseconds have passed.
 */
export async function within<T>(milliseconds: number, answer: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
