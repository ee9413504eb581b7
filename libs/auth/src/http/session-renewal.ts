import { Inject, Injectable } from '@nestjs/common';
import type { SessionClaim } from '../jwt/session-claim.js';
import { ClaimRenewal, type TokenCarrier } from '../resource/check-session.js';
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
    carrier: TokenCarrier | undefined,
  ): Promise<string> {
    const issued = await this.sessions.refetch(token, claims);
    const response = carrier?.context?.switchToHttp().getResponse<HttpResponse>();
    if (response !== undefined) this.wire.writeAccess(response, issued, carrier!.location);
    return issued.accessToken;
  }
}
