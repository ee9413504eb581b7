import { AuthError } from '../auth.errors.js';
import {
  OAuthGrantStore,
  type OAuthGrantContent,
  type OAuthGrantKey,
  type OAuthGrantRow,
} from './oauth-grant.store.js';

/** The grants of one process. It forgets them with its end, and other processes never see them. */
export class MemoryOAuthGrantStore extends OAuthGrantStore {
  readonly #rows = new Map<string, OAuthGrantRow>();

  async find(key: OAuthGrantKey): Promise<OAuthGrantRow | undefined> {
    return this.#rows.get(nameOf(key));
  }

  async list(owner: string, provider?: string): Promise<OAuthGrantRow[]> {
    checkTexts(provider === undefined ? { owner } : { owner, provider });
    return [...this.#rows.values()].filter(
      (row) => row.owner === owner && (provider === undefined || row.provider === provider),
    );
  }

  async save(grant: OAuthGrantContent): Promise<void> {
    this.#write(grant, this.#rows.get(nameOf(grant)));
  }

  async replace(grant: OAuthGrantContent, version: number): Promise<boolean> {
    const before = this.#rows.get(nameOf(grant));
    checkVersion(version);
    if ((before?.version ?? 0) !== version) return false;
    this.#write(grant, before);
    return true;
  }

  async lease(key: OAuthGrantKey, version: number, until: number, now: number): Promise<boolean> {
    const row = this.#rows.get(nameOf(key));
    checkVersion(version);
    if (row?.version !== version) return false;
    const left = (row.leaseUntil ?? -Infinity) - now;
    if (left > 0 && left <= 2 * (until - now)) return false;
    this.#rows.set(nameOf(key), { ...row, leaseUntil: until });
    return true;
  }

  async release(key: OAuthGrantKey, until: number): Promise<void> {
    const row = this.#rows.get(nameOf(key));
    if (row?.leaseUntil === until) this.#rows.set(nameOf(key), { ...row, leaseUntil: null });
  }

  async delete(key: OAuthGrantKey, version?: number): Promise<boolean> {
    const row = this.#rows.get(nameOf(key));
    if (version !== undefined) checkVersion(version);
    if (row?.version !== (version ?? row?.version)) return false;
    return this.#rows.delete(nameOf(key));
  }

  async page(after: OAuthGrantKey | undefined, limit: number): Promise<OAuthGrantRow[]> {
    const names = [...this.#rows.keys()].toSorted();
    const rest = after === undefined ? names : names.filter((name) => name > nameOf(after));
    return rest.slice(0, limit).map((name) => this.#rows.get(name)!);
  }

  async reseal(key: OAuthGrantKey, version: number, sealed: string): Promise<boolean> {
    const row = this.#rows.get(nameOf(key));
    checkVersion(version);
    if (row?.version !== version) return false;
    this.#rows.set(nameOf(key), { ...row, sealed });
    return true;
  }

  #write(grant: OAuthGrantContent, before: OAuthGrantRow | undefined): void {
    const { owner, provider, subject, issuer, sealed, scope, expiresAt, status, updatedAt } = grant;
    checkTexts({ issuer, sealed, scope, status });
    this.#rows.set(nameOf(grant), {
      ...{ owner, provider, subject, issuer, sealed, scope, expiresAt, status, updatedAt },
      ...{ version: (before?.version ?? 0) + 1, leaseUntil: null },
      createdAt: before?.createdAt ?? grant.createdAt,
    });
  }
}

/** No text of a key can look like the border between two. */
function nameOf({ owner, provider, subject }: OAuthGrantKey): string {
  checkTexts({ owner, provider, subject });
  return JSON.stringify([owner, provider, subject]);
}

function checkTexts(texts: Record<string, unknown>): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string') throw new AuthError('invalid_argument', { reason: `${name} must be a string` });
  }
}

function checkVersion(version: unknown): void {
  if (!Number.isSafeInteger(version))
    throw new AuthError('invalid_argument', { reason: 'version must be a whole number' });
}
