import { validateSync, type ValidationError } from 'class-validator';
import { AuthConfigError } from './auth.errors.js';

/** A slice of the options as an application gives it: what has a default may be left out. */
export type Given<Slice> = { -readonly [Name in keyof Slice]?: Slice[Name] | undefined };

/**
 * Lay what was given over the defaults, and check it. What is `undefined` counts as left out.
 *
 * @param nested members that are slices themselves.
 * @throws AuthConfigError naming the option's path and the mend.
 */
export function checkSlice<Slice extends object>(
  path: string,
  defaults: Slice,
  given: object | undefined,
  nested: readonly (keyof Slice & string)[] = [],
): Slice {
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
    throw new AuthConfigError(path, 'must be an object');
  }
  const values = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  for (const [name] of values) checkName(path, name, defaults);
  for (const [name, value] of values) {
    const inner = nested.includes(name as keyof Slice & string);
    const slice = inner
      ? checkSlice(`${path}.${name}`, defaults[name as keyof Slice] as object, value as object)
      : value;
    Object.assign(defaults, { [name]: slice });
  }
  const [error] = validateSync(defaults, {
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
  });
  if (error !== undefined) throw new AuthConfigError(`${path}.${error.property}`, problemOf(error));
  return defaults;
}

/** Every option is a field of its slice's class, so a name that is none is a typo. */
function checkName(path: string, name: string, defaults: object): void {
  if (Object.hasOwn(defaults, name)) return;
  throw new AuthConfigError(`${path}.${name}`, `is no option: there are ${Object.keys(defaults).join(', ')}`);
}

function problemOf({ property, constraints = {} }: ValidationError): string {
  const message = constraints['isNotEmpty'] ?? Object.values(constraints)[0] ?? 'is invalid';
  return message.replace(new RegExp(`^(each value in )?${property} `), '');
}
