import type { JsonValue } from './claims.js';

/** A scope as it is given or found: `'read write'`, `['read', 'write']`, or `{ read: true }` with members of any depth. */
export type Scope = string | readonly string[] | { readonly [name: string]: JsonValue };

/** The names a scope grants: words of a text (RFC 6749 §3.3) or a list, members of an object that are true. */
export function scopeNames(scope: unknown): string[] {
  if (typeof scope === 'string') return scope.split(' ').filter((word) => word !== '');
  if (Array.isArray(scope)) return scope.filter((word): word is string => typeof word === 'string');
  if (typeof scope !== 'object' || scope === null) return [];
  return Object.entries(scope).flatMap(([name, value]) => (value === true ? [name] : []));
}

/** The scope as the text of RFC 6749 §5.1 and RFC 6750 §3; names that a text cannot hold are left out. */
export function scopeText(scope: unknown): string {
  return scopeNames(scope)
    .filter((name) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name))
    .join(' ');
}
