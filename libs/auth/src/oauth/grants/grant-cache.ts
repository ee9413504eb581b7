import type { Clock } from '../../auth.clock.js';
import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';

/** More users than that at once, and the oldest entry goes. */
const mostEntries = 10_000;

type Rows = readonly OAuthGrantRow[];

interface Entry {
  rows: Rows | undefined;
  readonly until: number;
}

/**
 * What the store said of an owner's grants at one provider, for a moment: that there are none, too. Sealed as they came.
 *
 * Writes of this process are seen at once, those of others after `lifetime`.
 */
export class GrantCache {
  private readonly entries = new Map<string, Entry>();

  /** @param lifetime in milliseconds; 0 keeps nothing. */
  constructor(
    private readonly lifetime: number,
    private readonly clock: Clock,
  ) {}

  async get(owner: string, provider: string, read: () => Promise<Rows>): Promise<Rows> {
    if (this.lifetime === 0) return read();
    const name = JSON.stringify([owner, provider]);
    const known = this.entries.get(name);
    if (known?.rows !== undefined && this.clock.now() < known.until) return known.rows;
    const entry: Entry = { rows: undefined, until: this.clock.now() + this.lifetime };
    this.entries.delete(name);
    this.entries.set(name, entry);
    if (this.entries.size > mostEntries) this.entries.delete(this.entries.keys().next().value!);
    // what is read now is kept only where nothing was written meanwhile: forget() has taken the entry away then
    entry.rows = await read();
    return entry.rows;
  }

  forget(owner: string, provider: string): void {
    this.entries.delete(JSON.stringify([owner, provider]));
  }
}
