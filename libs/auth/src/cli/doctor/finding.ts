import { AuthError } from '../../auth.errors.js';

/** One line of the doctor. */
export interface Finding {
  /** `warn`: it works, and should be looked at. `fail`: it does not work, or is not safe. */
  readonly level: 'ok' | 'warn' | 'fail';
  /** `boot`, `clock`, `stores`, `redis`, `issuer …`, `provider …`. */
  readonly subject: string;
  /** What was found, and the mend where there is something to be mended. */
  readonly text: string;
}

/** What a check of a subject finds; a check that cannot be made fails. */
export async function find(subject: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [{ level: 'fail', subject, text: textOf(error) }];
  }
}

/** In words: what the error says, and of ours the reason too, which is for whoever runs the application. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof AuthError)) return error.message;
  const cause = error.cause === undefined ? undefined : textOf(error.cause);
  const why = [error.reason, cause].filter((text) => text !== undefined);
  return why.length > 0 ? why.join(': ') : error.message;
}
