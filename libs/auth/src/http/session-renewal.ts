import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import type { SessionClaim } from '../jwt/session-claim.js';
import { ClaimRenewal } from '../resource/check-session.js';
import type { TokenLocation } from '../resource/token-location.js';
import type { SessionUse, VerifiedToken } from '../resource/verified-token.js';
import { SessionService } from '../session/session.service.js';
import type { HttpResponse } from './http-response.js';
import { SessionWire } from './session-wire.js';

/** Claims that a guarded request found too old: asked of the sessions, and sent back where the token came from. */
@Injectable()
export class SessionRenewal extends ClaimRenewal {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(SessionWire) private readonly wire: SessionWire,
  ) {
    super();
  }

  async renew(
    token: VerifiedToken & { readonly session: SessionUse },
    claims: readonly SessionClaim[],
    context: ExecutionContext | undefined,
    location: TokenLocation | undefined,
  ): Promise<string> {
    const issued = await this.sessions.refetch(token, claims);
    if (context !== undefined)
      this.wire.writeAccess(context.switchToHttp().getResponse<HttpResponse>(), issued, location);
    return issued.accessToken;
  }
}
