import { AuthError } from '../../auth.errors.js';
import type { OAuthGrantKey, OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import type { GrantRows } from './grant-rows.js';
import type { GrantVault } from './grant-vault.js';

/** What became of the grants that were sealed under older keys. */
export interface RotatedGrants {
  /** So many are sealed under the key that seals now. */
  readonly resealed: number;
  /** So many no key of ours opens: their keys are gone, or their rows were changed. */
  readonly unreadable: number;
}

/** Seals grants again under the key that seals now, so that an older one can be taken out (ST-04). */
export class GrantRotation {
  constructor(private readonly vault: GrantVault) {}

  /** One that is read anyway. Nobody waits for it, and a store that does not take it is asked at the next reading. */
  lazily(rows: GrantRows, row: OAuthGrantRow): void {
    if (this.vault.isOutdated(row)) void this.reseal(rows, row).catch(() => {});
  }

  /**
   * Every grant of the store, in batches. Can be broken off and begun again; of several at once each does no harm.
   *
   * @throws AuthError `invalid_argument`: an empty batch would look like the end.
   */
  async all(rows: GrantRows, batch: number): Promise<RotatedGrants> {
    if (!Number.isSafeInteger(batch) || batch < 1)
      throw new AuthError('invalid_argument', { reason: 'batch must be a whole number of at least 1' });
    let resealed = 0;
    let unreadable = 0;
    let after: OAuthGrantKey | undefined;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one batch after the other
      const page = await rows.page(after, batch);
      after = page.at(-1);
      if (after === undefined) return { resealed, unreadable };
      const outdated = page.filter((row) => this.vault.isOutdated(row));
      // oxlint-disable-next-line no-await-in-loop
      const results = await Promise.all(outdated.map((row) => this.tried(rows, row)));
      resealed += results.filter((result) => result === true).length;
      unreadable += results.filter((result) => result === undefined).length;
    }
  }

  /** Undefined of one that does not open. One that was written meanwhile was sealed with that. */
  private async tried(rows: GrantRows, row: OAuthGrantRow): Promise<boolean | undefined> {
    try {
      this.vault.open(row);
    } catch {
      return undefined;
    }
    return this.reseal(rows, row);
  }

  private async reseal(rows: GrantRows, row: OAuthGrantRow): Promise<boolean> {
    return rows.reseal(row, row.version, this.vault.seal(this.vault.open(row), row));
  }
}
