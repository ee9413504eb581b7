/**
 * `next(value)`, now when the value is there, later when it is promised.
 *
 * A guarded request mostly waits for nothing; an `await` on its way would cost more than the check it waits for.
 */
export function whenReady<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
