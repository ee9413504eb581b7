import type {
  OAuthGrantContent,
  OAuthGrantKey,
  OAuthGrantRow,
  OAuthGrantStore,
} from '../../stores/oauth-grant.store.js';
import { asking } from '../../stores/store-answer.js';
import type { GrantCache } from './grant-cache.js';
import { SharedReads } from './shared-reads.js';

/**
 * The store of grants as everybody here uses it: a store that cannot be asked is an outage, and the cache hears of every write.
 *
 * @throws AuthError `store_unavailable`
 */
export class GrantRows {
  private readonly reads = new SharedReads<OAuthGrantRow[]>();

  constructor(
    private readonly store: OAuthGrantStore,
    private readonly cache: GrantCache,
  ) {}

  /** Of one account, or of the one that the owner had first: another account must never be taken by chance (O47). */
  async current(owner: string, provider: string, subject?: string): Promise<OAuthGrantRow | undefined> {
    const read = () => asking(this.store.list(owner, provider));
    const shared = () => this.reads.read(JSON.stringify([owner, provider]), read);
    return chosen(await this.cache.get(owner, provider, shared), subject);
  }

  /** The same, as it is now: for what a cache or an older read must not decide. */
  async newest(owner: string, provider: string, subject?: string): Promise<OAuthGrantRow | undefined> {
    return chosen(await this.list(owner, provider), subject);
  }

  list(owner: string, provider?: string): Promise<OAuthGrantRow[]> {
    return asking(this.store.list(owner, provider));
  }

  /** What a refresh that others waited for left of the grant: the same for everybody, where all see one store. */
  shared(_before: OAuthGrantRow, done: OAuthGrantRow): OAuthGrantRow | Promise<OAuthGrantRow> {
    return done;
  }

  /** As it is now, whatever the cache says. */
  find(key: OAuthGrantKey): Promise<OAuthGrantRow | undefined> {
    return asking(this.store.find(key));
  }

  save(grant: OAuthGrantContent): Promise<void> {
    return this.written(grant, this.store.save(grant));
  }

  replace(grant: OAuthGrantContent, version: number): Promise<boolean> {
    return this.written(grant, this.store.replace(grant, version));
  }

  delete(key: OAuthGrantKey, version: number): Promise<boolean> {
    return this.written(key, this.store.delete(key, version));
  }

  reseal(key: OAuthGrantKey, version: number, sealed: string): Promise<boolean> {
    return this.written(key, this.store.reseal(key, version, sealed));
  }

  lease(key: OAuthGrantKey, version: number, until: number, now: number): Promise<boolean> {
    return asking(this.store.lease(key, version, until, now));
  }

  release(key: OAuthGrantKey, until: number): Promise<void> {
    return asking(this.store.release(key, until));
  }

  page(after: OAuthGrantKey | undefined, limit: number): Promise<OAuthGrantRow[]> {
    return asking(this.store.page(after, limit));
  }

  /** Before, because a read may overtake the write; and after, because one may have come in between. */
  private async written<T>({ owner, provider }: OAuthGrantKey, write: Promise<T>): Promise<T> {
    this.cache.forget(owner, provider);
    try {
      return await asking(write);
    } finally {
      this.cache.forget(owner, provider);
    }
  }
}

function chosen(rows: readonly OAuthGrantRow[], subject: string | undefined): OAuthGrantRow | undefined {
  if (subject !== undefined) return rows.find((row) => row.subject === subject);
  return rows.toSorted((one, other) => one.createdAt - other.createdAt || (one.subject < other.subject ? -1 : 1))[0];
}
