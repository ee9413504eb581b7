import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import { within } from '../auth.time-limit.js';
import type { ClaimValue } from '../jwt/claim-validator.js';
import type { ClaimOwner, FetchedClaim, ProviderFinder } from '../jwt/session-claim.options.js';
import { checkJson } from './issued-claims.js';

/** Values by the names of their claims, as a token holds them. */
export type FetchedClaims = Record<string, ClaimValue>;

/** Milliseconds. A refresh waits for it too, and is to stay well below `session.reuseLeeway`. */
const longestAnswer = 3_000;

/** Asks the application for the claims that `session.claims` defines. */
export class ClaimFetcher {
  constructor(
    private readonly defined: readonly FetchedClaim[],
    private readonly clock: Clock,
    private readonly find: ProviderFinder,
  ) {}

  fetchAll(owner: ClaimOwner): Promise<FetchedClaims> {
    return this.fetch(this.defined, owner);
  }

  /** @throws AuthError `store_unavailable` when one cannot be had, or not in time: an outage is no "no"; `invalid_argument` for one that is not defined, or no JSON */
  async fetch(claims: readonly FetchedClaim[], owner: ClaimOwner): Promise<FetchedClaims> {
    const { id, subject, tenant } = owner;
    const values = claims.map(async (claim) => [claim.key, await this.ask(claim, { id, subject, tenant })] as const);
    return Object.fromEntries(await Promise.all(values));
  }

  /** @throws AuthError `reserved_claim` for a name that a defined claim has */
  checkNames(claims: object): void {
    for (const { key } of this.defined) {
      if (Object.hasOwn(claims, key))
        throw new AuthError('reserved_claim', { reason: `claims.${key} is fetched: see session.claims` });
    }
  }

  private async ask(claim: FetchedClaim, owner: ClaimOwner): Promise<ClaimValue> {
    if (!this.defined.includes(claim))
      throw new AuthError('invalid_argument', { reason: `the claim ${claim.key} is not in session.claims` });
    // the time of the question: what changed while it was answered may not be in the answer
    const t = this.clock.now();
    const v = (await this.answer(claim, owner)) ?? null;
    checkJson(`claims.${claim.key}`, v);
    return { v, t };
  }

  /** Whatever is thrown: an HttpException of the application would be taken for its word on this request. */
  private async answer(claim: FetchedClaim, owner: ClaimOwner): Promise<unknown> {
    try {
      return await within(longestAnswer, claim.fetch(owner, this.find));
    } catch (cause) {
      throw new AuthError('store_unavailable', { reason: `the claim ${claim.key} could not be fetched`, cause });
    }
  }
}
