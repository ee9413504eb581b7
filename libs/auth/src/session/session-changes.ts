import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { JsonValue } from '../jwt/claims.js';
import { isLive } from '../stores/session-life.js';
import type { SessionRow, SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';
import type { ClaimFetcher } from './claim-fetcher.js';
import { checkJsonObject } from './issued-claims.js';
import type { TokenIssuer } from './token-issuer.js';

export interface SessionChangesParts {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly tokens: TokenIssuer;
  readonly claims: ClaimFetcher;
}

/** Of so many changes at once each may have to begin anew as often. */
const mostRounds = 25;

/** Changes what a session holds while it lives. */
export class SessionChanges {
  constructor(private readonly parts: SessionChangesParts) {}

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
   * @returns false when there is no such session, or it has ended.
   * @throws AuthError `reserved_claim`, `invalid_argument`, `store_unavailable`
   */
  async mergeClaims(sessionId: string, changes: Record<string, JsonValue>): Promise<boolean> {
    const { store, clock } = this.parts;
    this.checkChanges(changes);
    for (let round = 0; round < mostRounds; round++) {
      const now = clock.now();
      const session = await asking(store.find(sessionId));
      if (session === undefined || !isLive(session, now)) return false;
      const grant = { ...session.grant, claims: merged(claimsOf(session), changes) };
      // first what can be refused: claims that no token holds would stop every refresh
      await this.tryOut(session, grant);
      if (await asking(store.replaceGrant({ sessionId, seen: session.grant, grant, now }))) return true;
    }
    throw new AuthError('store_unavailable', { reason: 'other changes of the session were faster each time' });
  }

  /** @throws AuthError `invalid_argument` when the access token would be too long to be read */
  private async tryOut({ id, subject }: SessionRow, { claims }: { claims: Record<string, JsonValue> }): Promise<void> {
    await this.parts.tokens.issue('access', subject, { claims }, { subject, sid: id });
  }

  private checkChanges(changes: Record<string, JsonValue>): void {
    checkJsonObject('claims', changes);
    this.parts.tokens.checkClaims(changes);
    this.parts.claims.checkNames(changes);
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
