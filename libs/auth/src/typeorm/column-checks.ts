import { AuthError } from '../auth.errors.js';

/** As wide as the columns. Beyond it MySQL may cut an id off, and PostgreSQL cuts trailing spaces: neither says so. */
const greatestIdLength = 255;
/** Bytes of a `text` on MySQL. */
const greatestTextLength = 65_535;

/** @throws AuthError `invalid_argument`. TypeORM reads null, undefined and objects in a condition in ways of its own (ST-05). */
export function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrong(`${name} must be a string`);
}

/** For a text that is written. @throws AuthError `invalid_argument` */
export function checkColumnText(name: string, value: unknown, greatest = greatestIdLength): void {
  checkText(name, value);
  if (value.length > greatest) throw wrong(`${name} has more than ${greatest} characters`);
}

/** The same for a column of type `text`. @throws AuthError `invalid_argument` */
export function checkLongText(name: string, value: unknown): void {
  checkText(name, value);
  if (Buffer.byteLength(value) > greatestTextLength) throw wrong(`${name} has more than ${greatestTextLength} bytes`);
}

/** @throws AuthError `invalid_argument` naming the first that is none. */
export function checkColumnTexts(values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) checkColumnText(name, value);
}

/** @throws AuthError `invalid_argument` naming the first that is no whole number. */
export function checkWholeNumbers(values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value)) throw wrong(`${name} must be a whole number`);
  }
}

/** @throws AuthError `invalid_argument` for what is no object, or too long for its column as a text. */
export function checkJsonObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw wrong(`${name} must be an object`);
  if (Buffer.byteLength(JSON.stringify(value)) > greatestTextLength) {
    throw wrong(`${name} has more than ${greatestTextLength} bytes as JSON`);
  }
}

function wrong(reason: string): AuthError {
  return new AuthError('invalid_argument', { reason });
}
