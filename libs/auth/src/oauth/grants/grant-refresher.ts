import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../auth.clock.js';
import { AuthError } from '../../auth.errors.js';
import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import { applicationGrant, applicationToken, type ApplicationToken } from './application-token.js';
import { GrantProblem } from './grant-errors.js';
import type { GrantNews } from './grant-news.js';
import type { GrantRotation } from './grant-rotation.js';
import type { GrantRows } from './grant-rows.js';
import type { GrantTokens, GrantVault } from './grant-vault.js';
import { GrantWriter } from './grant-writer.js';
import { expiryOf } from '../token-request.js';
import { ProviderProblem } from '../provider-errors.js';
import type { ProviderSources } from '../provider-sources.js';
import { refreshRequest } from './refresh-request.js';

export interface GrantRefresherParts {
  readonly sources: ProviderSources;
  readonly vault: GrantVault;
  readonly rotation: GrantRotation;
  readonly clock: Clock;
  readonly news: GrantNews;
  /** Milliseconds before its end at which an access token is replaced. */
  readonly leeway: number;
  /** Milliseconds that the provider may take for an answer. */
  readonly timeout: number;
}

/** What a grant is renewed with. */
type Means =
  | { readonly grantType: 'refresh_token'; readonly tokens: GrantTokens & { refreshToken: string } }
  | { readonly grantType: 'client_credentials'; readonly token: ApplicationToken };

/** Answers that a holder waits for: new tokens, and the keys that their ID token is signed with. */
const answersOfHolder = 2;
/** Milliseconds, beyond what the provider may take: to write what it answered, and for clocks that differ. */
const leaseMargin = 5_000;
/** Milliseconds between two looks at a lease of somebody else, at least and at most. */
const firstLook = 20;
const lastLook = 200;

/**
 * Keeps access tokens fresh. Any number of calls, in any number of processes, make one refresh at the provider: whoever uses a
 * rotated refresh token a second time loses the whole grant (RFC 9700 §4.14.2).
 *
 * In a process, calls for one sealed text wait for one promise. Among processes a lease on the row decides; the others watch the
 * row until its version changes. The holder writes new tokens before anybody gets them. A holder that dies loses the lease in time.
 */
export class GrantRefresher {
  private readonly flights = new Map<string, Promise<OAuthGrantRow>>();
  private readonly writer: GrantWriter;
  private readonly leaseLength: number;

  constructor(private readonly parts: GrantRefresherParts) {
    this.writer = new GrantWriter(parts.sources, parts.vault, parts.clock);
    // a holder that is merely slow must not lose it: the refresh token would be sent twice
    this.leaseLength = answersOfHolder * parts.timeout + leaseMargin;
  }

  /**
   * The grant with an access token that can be used.
   *
   * @param refused the version whose access token the API did not take: it is replaced, however long it would live. Where nothing
   *   can replace it, the grant comes back as it is.
   * @throws GrantProblem, AuthError `store_unavailable`, and those of a provider that cannot be asked: the grant is as it was.
   */
  async fresh(rows: GrantRows, row: OAuthGrantRow, refused?: number): Promise<OAuthGrantRow> {
    const isOwn = (await this.applicationTokenOf(row)) !== undefined;
    if (row.status === 'needs_reauth' && !isOwn) throw new GrantProblem('oauth_reauth_required', 'the grant is dead');
    if (row.version === refused ? !isOwn && !this.canBeRefreshed(row) : !this.isDue(row, isOwn)) {
      this.parts.rotation.lazily(rows, row);
      return row;
    }
    const renewed = await this.patiently(this.shared(rows, row));
    if (renewed.status === 'needs_reauth') throw new GrantProblem('oauth_reauth_required', 'the grant is dead');
    return renewed;
  }

  /**
   * The application's own token, which nobody here has asked for yet.
   *
   * Processes that find none at once may each ask: one row remains, and all use its token.
   *
   * @throws as `fresh()`
   */
  async first(rows: GrantRows, token: ApplicationToken): Promise<OAuthGrantRow> {
    // no sealed text looks so
    const name = JSON.stringify(token.key);
    const known = this.flights.get(name);
    if (known !== undefined) return known;
    const flight = this.begun(rows, token).finally(() => this.flights.delete(name));
    this.flights.set(name, flight);
    return flight;
  }

  /** Can it be used, or made usable by a refresh? */
  isUsable(row: OAuthGrantRow | undefined): boolean {
    if (row === undefined || row.status !== 'active') return false;
    return (row.expiresAt ?? Infinity) > this.parts.clock.now() || this.canBeRefreshed(row);
  }

  /**
   * A token that came by a refresh is good until half of its life is over: one that lives shorter than the leeway would
   * otherwise be replaced at every call. One that nothing replaces is good to its end.
   */
  private isDue(row: OAuthGrantRow, isOwn: boolean): boolean {
    const { clock, leeway, vault } = this.parts;
    if (isOwn && this.isBroken(row)) return true;
    const left = (row.expiresAt ?? Infinity) - clock.now();
    if (left > leeway || left <= 0) return left <= 0;
    const { refreshedAt, refreshToken } = vault.open(row);
    if (refreshToken === undefined && !isOwn) return false;
    return refreshedAt === undefined || left <= (row.expiresAt! - refreshedAt) / 2;
  }

  private canBeRefreshed(row: OAuthGrantRow): boolean {
    return this.parts.vault.open(row).refreshToken !== undefined;
  }

  /** Undefined where nothing renews it. */
  private async meansOf(row: OAuthGrantRow): Promise<Means | undefined> {
    const token = await this.applicationTokenOf(row);
    if (token !== undefined) return { grantType: 'client_credentials', token };
    const tokens = this.parts.vault.open(row);
    const { refreshToken } = tokens;
    return refreshToken === undefined ? undefined : { grantType: 'refresh_token', tokens: { ...tokens, refreshToken } };
  }

  private applicationTokenOf(row: OAuthGrantRow): Promise<ApplicationToken | undefined> {
    return applicationToken(() => this.parts.sources.find(row.provider), row);
  }

  /** Declared dead before it could be asked for, or not to be opened: asking mends it, as a log-in mends what a user has. */
  private isBroken(row: OAuthGrantRow): boolean {
    if (row.status !== 'active') return true;
    try {
      this.parts.vault.open(row);
      return false;
    } catch {
      return true;
    }
  }

  private async begun(rows: GrantRows, token: ApplicationToken): Promise<OAuthGrantRow> {
    // who read before another call had written comes here after it
    const before = await rows.find(token.key);
    if (before !== undefined) return this.fresh(rows, before);
    const content = await this.told(token.key, () => applicationGrant(token, this.parts));
    if (await rows.replace(content, 0)) return { ...content, version: 1, leaseUntil: null };
    const found = await rows.find(token.key);
    if (found === undefined) throw new GrantProblem('oauth_not_authorized', 'the grant was taken away');
    return this.fresh(rows, found);
  }

  /** The sealed text is what a flight guards, to the letter: no two grants have one, and no two versions. */
  private async shared(rows: GrantRows, row: OAuthGrantRow): Promise<OAuthGrantRow> {
    const known = this.flights.get(row.sealed);
    if (known !== undefined) return rows.shared(row, await known);
    const flight = this.renew(rows, row).finally(() => this.flights.delete(row.sealed));
    this.flights.set(row.sealed, flight);
    return flight;
  }

  /** Nobody waits for a store that does not take the new tokens; whoever comes later finds the flight still trying. */
  private async patiently<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const limit = wait(2 * this.leaseLength, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new AuthError('store_unavailable', { reason: 'the refresh of a grant takes too long' });
    });
    limit.catch(() => {});
    try {
      return await Promise.race([work, limit]);
    } finally {
      over.abort();
    }
  }

  private async renew(rows: GrantRows, row: OAuthGrantRow): Promise<OAuthGrantRow> {
    const { clock, sources } = this.parts;
    const means = await this.meansOf(row);
    // before the lease: nobody waits for a discovery
    if (means !== undefined)
      await this.told(row, async () => void (await (await sources.find(row.provider)).source?.get()));
    const until = clock.now() + this.leaseLength;
    if (await rows.lease(row, row.version, until, clock.now())) return this.asHolder(rows, row, means, until);
    const found = await this.watched(rows, row);
    if (found === undefined) throw new GrantProblem('oauth_not_authorized', 'the grant was taken away');
    return found.version === row.version ? this.renew(rows, row) : found;
  }

  /** What becomes of a row that somebody else has leased: written, gone, or free again. */
  private async watched(rows: GrantRows, row: OAuthGrantRow): Promise<OAuthGrantRow | undefined> {
    // by a clock that cannot stand still
    let end = performance.now() + this.leaseLength + leaseMargin;
    let leaseUntil: number | null | undefined;
    for (let pause = firstLook; ; pause = Math.min(2 * pause, lastLook)) {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const found = await rows.find(row);
      const isFree = found !== undefined && this.isFree(found);
      if (found?.version !== row.version || isFree) return found;
      // after a holder that died comes another one
      if (leaseUntil !== undefined && found.leaseUntil !== leaseUntil) end = performance.now() + this.leaseLength;
      leaseUntil = found.leaseUntil;
      if (performance.now() > end)
        throw new AuthError('store_unavailable', { reason: 'a grant is leased for longer than a lease is' });
      // oxlint-disable-next-line no-await-in-loop
      await wait(pause);
    }
  }

  /** Also with an end that is further away than that of any lease: a clock was wrong, see `OAuthGrantStore.lease()`. */
  private isFree({ leaseUntil }: OAuthGrantRow): boolean {
    const left = (leaseUntil ?? -Infinity) - this.parts.clock.now();
    return left <= 0 || left > 2 * this.leaseLength;
  }

  private async asHolder(
    rows: GrantRows,
    row: OAuthGrantRow,
    means: Means | undefined,
    until: number,
  ): Promise<OAuthGrantRow> {
    if (means === undefined) return this.dead(rows, row);
    try {
      const next = await this.told(row, () => this.asked(row, means));
      const spent = means.grantType === 'refresh_token' ? means.tokens.refreshToken : undefined;
      const written = await this.writer.write(rows, next, row.version, spent);
      if (written.sealed === next.sealed) this.parts.news.refreshed(row, written, this.parts.vault.open(written));
      return written;
    } catch (error) {
      if (isTakenNoMore(error)) return this.dead(rows, row);
      // it ends by itself where the store does not hear of it
      await rows.release(row, until).catch(() => {});
      throw error;
    }
  }

  private async asked(row: OAuthGrantRow, means: Means): Promise<OAuthGrantRow> {
    if (means.grantType === 'client_credentials')
      return { ...row, ...(await applicationGrant(means.token, this.parts)), createdAt: row.createdAt };
    const { tokens } = means;
    const { sources, clock, vault } = this.parts;
    const { provider, source } = await sources.find(row.provider);
    if (source === undefined) throw new GrantProblem('oauth_reauth_required', 'OAuth 1 knows no refresh');
    const answer = await refreshRequest(provider, source, tokens, clock, (failure) =>
      this.parts.news.failed(row.provider, failure),
    );
    const now = clock.now();
    const next: GrantTokens = {
      accessToken: answer.access_token,
      // RFC 6749 §6: the one that was used, unless another came
      refreshToken: answer.refresh_token ?? tokens.refreshToken,
      idToken: answer.id_token ?? tokens.idToken,
      tokenSecret: undefined,
      refreshedAt: now,
    };
    return {
      ...row,
      sealed: vault.seal(next, row),
      scope: answer.scope ?? row.scope,
      expiresAt: expiryOf(answer.expires_in, clock) ?? null,
      updatedAt: now,
    };
  }

  /** Unless a sibling has rotated it: then the refresh token that was refused is merely the one before (OC-18). */
  private async dead(rows: GrantRows, row: OAuthGrantRow): Promise<OAuthGrantRow> {
    const marked: OAuthGrantRow = { ...row, status: 'needs_reauth', updatedAt: this.parts.clock.now() };
    if (await rows.replace(marked, row.version)) {
      this.parts.news.reauthRequired(row);
      return { ...marked, version: row.version + 1, leaseUntil: null };
    }
    const found = await rows.find(row);
    if (found === undefined) throw new GrantProblem('oauth_not_authorized', 'the grant was taken away');
    return found;
  }

  /** Whatever fails at the provider is told, and thrown as an AuthError. A refusal of the refresh token is no failure. */
  private async told<T>({ provider }: Pick<OAuthGrantRow, 'provider'>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProviderProblem)) throw error;
      if (!isTakenNoMore(error.failure.error)) this.parts.news.failed(provider, error.failure);
      throw error.failure.error;
    }
  }
}

/** RFC 6749 §5.2: `invalid_grant`. Every other word is about our client, or about today. */
function isTakenNoMore(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'oauth_grant_refused';
}
