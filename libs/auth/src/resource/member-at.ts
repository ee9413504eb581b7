/** The member of `value` at a dotted path. Own members and getters only: no claim reaches a prototype. */
export function memberAt(value: unknown, path: string | undefined): unknown {
  let found = value;
  for (const name of path?.split('.') ?? []) {
    if (typeof found !== 'object' || found === null) return undefined;
    const isGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(found) ?? {}, name)?.get !== undefined;
    if (name === '__proto__' || !(Object.hasOwn(found, name) || isGetter)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
