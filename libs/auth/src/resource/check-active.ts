import { AuthError } from '../auth.errors.js';
import { askHook } from '../auth.hook-answers.js';
import type { Clock } from '../auth.clock.js';
import type { JwtClaims } from '../jwt/claims.js';
import type { RevocationList } from '../stores/revocation-list.js';
import type { RequestHooks } from './request-hooks.js';
import { Token } from './token.js';
import type { TokenRequirement } from './token-requirement.js';
import type { SessionUse, VerifiedToken } from './verified-token.js';
import { whenReady } from './when-ready.js';

declare const active: unique symbol;

/** A verified token that may be used for this route's purpose now. */
export type ActiveToken = VerifiedToken & { readonly [active]: true };

/** What of a requirement concerns this step. */
export type ActiveRequirement = Pick<TokenRequirement, 'type' | 'fresh' | 'revocation'>;

/** What step 3 asks of the sessions; `session/` answers. */
export interface Sessions {
  /** Note the first use of a token that came of a refresh. Never rejects. @returns when to ask again, in epoch milliseconds. */
  confirm(use: SessionUse & { parentId: string }): Promise<number>;
  /** Asked of the store. @throws AuthError `store_unavailable` */
  isEnded(sessionId: string): Promise<boolean>;
}

/**
 * Step 3 of 5: the right type, not revoked, and fresh where the route asks for it (RFC 8725 §3.12, RFC 9470).
 *
 * Does not look at claims or scope. Waits only for `revocation: 'store'`, `hooks.isRevoked`, and the first use of a session's
 * token that came of a refresh.
 */
export class ActivityChecker {
  /** When to tell the session of a token again; a token of which it knows is not asked about. */
  private readonly confirmAgainAt = new WeakMap<VerifiedToken, number>();

  constructor(
    private readonly revocations: RevocationList,
    private readonly clock: Clock,
    private readonly hooks: RequestHooks,
    private readonly sessions: Sessions | undefined,
  ) {}

  /** @throws AuthError `wrong_token_type`, `fresh_required`, `token_revoked`, or `store_unavailable`: an outage lets nobody through. */
  check(token: VerifiedToken, requirement: ActiveRequirement): ActiveToken | Promise<ActiveToken> {
    const checked = this.checkRevoked(token, requirement);
    return token.session?.parentId === undefined ? checked : whenReady(checked, (one) => this.use(one));
  }

  private checkRevoked(token: VerifiedToken, requirement: ActiveRequirement): ActiveToken | Promise<ActiveToken> {
    checkType(token, requirement.type);
    if (requirement.fresh !== undefined) checkFresh(token, requirement.fresh, this.clock.now() / 1000);
    if (requirement.revocation === false) return token as ActiveToken;
    // asked of the store itself, the mirror has no say: it may be stale while the store answers again
    if (requirement.revocation === 'store') return this.ask(token, requirement);
    if (this.revocations.isRevoked(token.revocable)) throw revoked(token);
    if (this.hooks.isRevoked === undefined) return token as ActiveToken;
    return this.ask(token, requirement);
  }

  private async ask(token: VerifiedToken, requirement: ActiveRequirement): Promise<ActiveToken> {
    if (requirement.revocation === 'store' && (await this.isRevokedInStore(token))) throw revoked(token);
    const { hooks } = this;
    if (hooks.isRevoked === undefined) return token as ActiveToken;
    const answer = await askHook('hooks.isRevoked', () => hooks.isRevoked!(new Token(token, undefined, false)));
    // only a plain no lets the token through
    if (answer !== false) throw revoked(token);
    return token as ActiveToken;
  }

  private async isRevokedInStore({ revocable, session }: VerifiedToken): Promise<boolean> {
    if (await this.revocations.isRevokedInStore(revocable)) return true;
    return session !== undefined && this.sessions !== undefined && this.sessions.isEnded(session.id);
  }

  /** The branch of the session that the token belongs to is the live one now. Refuses nothing. */
  private use(token: ActiveToken): ActiveToken | Promise<ActiveToken> {
    const { sessions } = this;
    if (sessions === undefined || (this.confirmAgainAt.get(token) ?? 0) > this.clock.now()) return token;
    return sessions.confirm(token.session as SessionUse & { parentId: string }).then((again) => {
      this.confirmAgainAt.set(token, again);
      return token;
    });
  }
}

function checkType(token: VerifiedToken, wanted: string): void {
  if (token.type === undefined || (wanted !== 'any' && token.type !== wanted)) {
    throw new AuthError('wrong_token_type', { reason: `the route wants ${wanted}`, token });
  }
}

/** `true`: the claim `fresh` is true, or a second that has not passed. A number: `auth_time` is at most so many seconds ago. */
function checkFresh(token: VerifiedToken, wanted: number | true, now: number): void {
  const { fresh, auth_time: authenticatedAt } = token.claims as JwtClaims & { fresh?: unknown };
  const isFresh =
    wanted === true
      ? fresh === true || (typeof fresh === 'number' && fresh >= now)
      : authenticatedAt !== undefined && now - authenticatedAt <= wanted;
  if (!isFresh) throw new AuthError('fresh_required', { token, ...(wanted === true ? {} : { maxAge: wanted }) });
}

function revoked(token: VerifiedToken): AuthError {
  return new AuthError('token_revoked', { token });
}
