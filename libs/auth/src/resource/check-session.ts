import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { ClaimValidator } from '../jwt/claim-validator.js';
import type { FetchedClaim } from '../jwt/session-claim.options.js';
import type { ActiveToken } from './check-active.js';
import type { TokenLocation } from './token-location.js';
import type { TokenRequirement } from './token-requirement.js';
import type { TokenMessage } from './transport.js';
import type { SessionUse, VerifiedToken } from './verified-token.js';
import { TokenVerifier } from './verify-token.js';

/** What this step asks of the sessions; an edge answers, the module binds it. */
export abstract class ClaimRenewal {
  /**
   * Fetch claims anew, and give the client the token that holds them.
   *
   * @param context where the answer can carry it, as the older one came: undefined for a token that came by no request.
   * @returns its text
   * @throws AuthError `store_unavailable` when one cannot be had
   */
  abstract renew(
    token: VerifiedToken & { readonly session: SessionUse },
    claims: readonly FetchedClaim[],
    context: ExecutionContext | undefined,
    location: TokenLocation | undefined,
  ): Promise<string>;
}

/**
 * Step 3b of 5, on routes that say `session`: is the token of a session of ours, and do the claims hold that the route names?
 * One that is missing or too old is fetched anew first, and the answer carries the newer token.
 */
@Injectable()
export class SessionChecker {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(ClaimRenewal) private readonly renewal: ClaimRenewal,
  ) {}

  /** @throws AuthError `wrong_token_type`, `claim_invalid`, or `store_unavailable`: an outage lets nobody through. */
  check(
    token: ActiveToken,
    requirement: TokenRequirement,
    message: TokenMessage | undefined,
    location: TokenLocation | undefined,
  ): ActiveToken | Promise<ActiveToken> {
    if (requirement.session === undefined) return token;
    const { session } = token;
    if (session === undefined)
      throw new AuthError('wrong_token_type', { reason: 'the route wants the token of a session', token });
    const validators = requirement.session.claims;
    const now = this.clock.now();
    const stale = validators.filter((validator) => validator.isStale(token.claims, now)).map(({ claim }) => claim);
    if (stale.length === 0) return holding(token, validators);
    const renewed = this.renewal.renew({ ...token, session }, [...new Set(stale)], message?.context, location);
    return renewed.then(async (raw) => {
      // of the same session, and as active as the one it replaces
      const newer = (await this.verifier.verify(raw, requirement)) as ActiveToken;
      return holding(newer, validators);
    });
  }
}

function holding(token: ActiveToken, validators: readonly ClaimValidator[]): ActiveToken {
  const claimErrors = validators.flatMap((validator) => {
    const reason = validator.problemOf(token.claims);
    return reason === undefined ? [] : [{ id: validator.claim.key, reason }];
  });
  if (claimErrors.length > 0) throw new AuthError('claim_invalid', { token, claimErrors });
  return token;
}
