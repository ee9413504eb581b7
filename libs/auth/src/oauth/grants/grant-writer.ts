import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../auth.clock.js';
import { AuthError } from '../../auth.errors.js';
import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import { GrantProblem } from './grant-errors.js';
import { revokeTokens } from './grant-revocation.js';
import type { GrantRows } from './grant-rows.js';
import type { GrantVault } from './grant-vault.js';
import type { ProviderSources } from '../provider-sources.js';

/** Milliseconds: for so long tokens that the store does not take are kept in memory. */
const longestAttempt = 600_000;
/** Milliseconds between two attempts, at least and at most. */
const firstPause = 50;
const lastPause = 1_000;

/** Writes what a refresh gave. The old refresh token is worth nothing any more: what is not written is lost for good. */
export class GrantWriter {
  constructor(
    private readonly sources: ProviderSources,
    private readonly vault: GrantVault,
    private readonly clock: Clock,
  ) {}

  /**
   * Write new tokens over the version that they came of, again and again until the store can be asked.
   *
   * @param spent the refresh token that was used; undefined where none was.
   * @returns what stands there now: those tokens, or those of a newer consent.
   */
  async write(
    rows: GrantRows,
    next: OAuthGrantRow,
    version: number,
    spent: string | undefined,
  ): Promise<OAuthGrantRow> {
    const end = performance.now() + longestAttempt;
    for (let pause = firstPause; ; pause = Math.min(2 * pause, lastPause)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        return await this.attempt(rows, next, version, spent);
      } catch (error) {
        const isOutage = error instanceof AuthError && error.code === 'store_unavailable';
        if (!isOutage || performance.now() > end) throw error;
        // oxlint-disable-next-line no-await-in-loop
        await wait(pause, undefined, { ref: false });
      }
    }
  }

  private async attempt(
    rows: GrantRows,
    next: OAuthGrantRow,
    version: number,
    spent: string | undefined,
  ): Promise<OAuthGrantRow> {
    if (await rows.replace(next, version)) return { ...next, version: version + 1, leaseUntil: null };
    const found = await rows.find(next);
    if (found === undefined) return this.unwanted(next);
    // declared dead by a process that had but the refresh token before these
    if (found.status === 'needs_reauth') return this.attempt(rows, next, found.version, spent);
    const mended = this.withoutSpent(found, next, spent);
    return mended === undefined ? found : this.attempt(rows, mended, found.version, spent);
  }

  /** A consent that brought no refresh token kept the one that was there: its own, but for that one. Undefined where all is well. */
  private withoutSpent(
    found: OAuthGrantRow,
    next: OAuthGrantRow,
    spent: string | undefined,
  ): OAuthGrantRow | undefined {
    const theirs = this.vault.open(found);
    const { refreshToken } = this.vault.open(next);
    if (theirs.refreshToken !== spent || refreshToken === spent) return undefined;
    return { ...found, sealed: this.vault.seal({ ...theirs, refreshToken }, found) };
  }

  /** The grant was taken away meanwhile: its newest tokens must not outlive it. */
  private async unwanted(next: OAuthGrantRow): Promise<never> {
    const provider = this.sources.find(next.provider);
    await provider.then((at) => revokeTokens(at, this.vault.open(next), this.clock)).catch(() => {});
    throw new GrantProblem('oauth_not_authorized', 'the grant was taken away');
  }
}
