import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { JsonValue } from '../jwt/claims.js';
import { isLive } from '../stores/session-life.js';
import type { SessionRow, SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';
import type { ClaimFetcher, FetchedClaims } from './claim-fetcher.js';
import { checkJsonObject } from './issued-claims.js';
import type { AccessCheck, SessionTokens } from './session-tokens.js';
import type { TokenIssuer } from './token-issuer.js';

export interface SessionChangesParts {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly issuer: Pick<TokenIssuer, 'checkClaims'>;
  readonly claimFetcher: ClaimFetcher;
}

/** Of so many changes at once each may have to begin anew as often. */
const mostRounds = 25;

/** Changes what a session holds while it lives. */
export class SessionChanges {
  constructor(
    private readonly parts: SessionChangesParts,
    private readonly tokens: Pick<SessionTokens, 'tryOutRefresh'>,
  ) {}

  /** @returns false when there is no such session, or it has ended. @throws AuthError `invalid_argument`, `store_unavailable` */
  async updateData(sessionId: string, data: Record<string, JsonValue>): Promise<boolean> {
    const { store, clock } = this.parts;
    checkJsonObject('data', data);
    return asking(store.updateData(sessionId, data, clock.now()));
  }

  /**
   * Lay claims over those that the session grants; null takes one away. Two changes at once both count: each is written where
   * the grant is still what it was laid over, else laid over anew.
   *
   * @param mustFit what `hooks.sessionGrant` would make of the claims at the next refresh is not asked.
   * @returns false when there is no such session, or it has ended.
   * @throws AuthError `reserved_claim`, `invalid_argument`, `store_unavailable`
   */
  async mergeClaims(sessionId: string, changes: Record<string, JsonValue>, mustFit?: AccessCheck): Promise<boolean> {
    const { store, clock, claimFetcher } = this.parts;
    this.checkChanges(changes);
    let fetched: FetchedClaims | undefined;
    for (let round = 0; round < mostRounds; round++) {
      const now = clock.now();
      const session = await asking(store.find(sessionId));
      if (session === undefined || !isLive(session, now)) return false;
      const grant = { ...session.grant, claims: merged(claimsOf(session), changes) };
      // once: what takes its time here lets other changes overtake this one
      fetched ??= await claimFetcher.fetchAll(session);
      // first what can be refused: claims that no token holds would stop every refresh
      const access = await this.tokens.tryOutRefresh({ ...session, grant }, { now, fetched });
      mustFit?.(access);
      if (await asking(store.replaceGrant({ sessionId, seen: session.grant, grant, now }))) return true;
    }
    throw new AuthError('store_unavailable', { reason: 'other changes of the session were faster each time' });
  }

  private checkChanges(changes: Record<string, JsonValue>): void {
    checkJsonObject('claims', changes);
    this.parts.issuer.checkClaims(changes);
    this.parts.claimFetcher.checkNames(changes);
  }
}

/** Claims with changes laid over them. */
export function merged(
  claims: Record<string, JsonValue>,
  changes: Record<string, JsonValue>,
): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries({ ...claims, ...changes }).filter(([name]) => changes[name] !== null));
}

function claimsOf({ grant }: SessionRow): Record<string, JsonValue> {
  return (grant['claims'] ?? {}) as Record<string, JsonValue>;
}
