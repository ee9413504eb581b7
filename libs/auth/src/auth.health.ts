import { Inject, Injectable } from '@nestjs/common';
import { STORES, type Stores } from './auth.composition.js';
import { RevocationList } from './stores/revocation-list.js';
import { asking } from './stores/store-answer.js';

/** An id that nothing has. */
const nobody = '-';

/** For health checks: can requests be decided now? */
@Injectable()
export class AuthHealth {
  constructor(
    @Inject(STORES) private readonly stores: Stores,
    @Inject(RevocationList) private readonly revocations: RevocationList,
  ) {}

  /**
   * Asks each store for what is not there, and whether the revocations were read lately. Asks no provider, and no store of log-ins that are
   * under way, which can only be written.
   *
   * @throws AuthError `store_unavailable`, within 2 seconds
   */
  async check(): Promise<void> {
    const { revocations, sessions, signingKeys, oauthLinks, oauthGrants } = this.stores;
    this.revocations.isRevoked({ jti: undefined, sid: undefined, sub: nobody, iat: undefined });
    await asking(
      Promise.all([
        revocations?.find({ sub: nobody }),
        sessions.find(nobody),
        signingKeys?.list(),
        oauthLinks?.list(nobody),
        oauthGrants?.list(nobody),
      ]),
    );
  }
}
