import { AuthError } from '../auth.errors.js';
import { OAuthLinkStore, type OAuthLink, type OAuthLinkKey } from './oauth-link.store.js';

/** The linked identities of one process. It forgets them with its end, and other processes never see them. */
export class MemoryOAuthLinkStore extends OAuthLinkStore {
  readonly #links = new Map<string, OAuthLink>();

  async ownerOf(key: OAuthLinkKey): Promise<string | undefined> {
    return this.#links.get(nameOf(key))?.user;
  }

  async link(link: OAuthLink): Promise<{ owner: string; isNew: boolean }> {
    const { provider, issuer, subject, user, linkedAt } = link;
    checkText(user);
    const standing = this.#links.get(nameOf(link));
    if (standing !== undefined) return { owner: standing.user, isNew: false };
    this.#links.set(nameOf(link), { provider, issuer, subject, user, linkedAt });
    return { owner: user, isNew: true };
  }

  async list(user: string): Promise<OAuthLink[]> {
    checkText(user);
    return [...this.#links.values()]
      .filter((link) => link.user === user)
      .toSorted((one, other) => one.linkedAt - other.linkedAt);
  }

  async unlink(user: string, key: OAuthLinkKey, { keepLast }: { keepLast: boolean }): Promise<boolean> {
    checkText(user);
    const owned = [...this.#links.values()].filter((link) => link.user === user);
    if (this.#links.get(nameOf(key))?.user !== user || (keepLast && owned.length < 2)) return false;
    return this.#links.delete(nameOf(key));
  }
}

/** JSON, and no mere joining: issuers and subjects hold any character. */
function nameOf({ provider, issuer, subject }: OAuthLinkKey): string {
  for (const text of [provider, issuer, subject]) checkText(text);
  return JSON.stringify([provider, issuer, subject]);
}

/** An object or undefined would find nothing here, but the first row of a database. */
function checkText(text: unknown): void {
  if (typeof text !== 'string') throw new AuthError('invalid_argument', { reason: 'a key of a link must be a string' });
}
