import { AuthError } from '../../auth.errors.js';

/** Whose grant: a user's, `id` being the subject of their tokens (`sub`), or the application's own. */
export type GrantOwner = { readonly kind: 'user'; readonly id: string } | { readonly kind: 'app' };

/**
 * An owner as stores name it: no user can be called like the application.
 *
 * @throws AuthError `invalid_argument`: what is no owner must not become everybody (O45, ST-05).
 */
export function ownerText(owner: GrantOwner): string {
  if (owner?.kind === 'app') return 'app';
  if (owner?.kind === 'user' && typeof owner.id === 'string' && owner.id !== '') return `user:${owner.id}`;
  throw new AuthError('invalid_argument', {
    reason: "the owner of a grant must be { kind: 'user', id } with the user's subject, or { kind: 'app' }",
  });
}

/** The user of an owner's text; undefined of the application's. */
export function userOf(owner: string): string | undefined {
  return owner.startsWith('user:') ? owner.slice('user:'.length) : undefined;
}
