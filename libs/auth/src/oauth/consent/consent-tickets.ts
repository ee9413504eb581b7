import type { Clock } from '../../auth.clock.js';
import { AuthError } from '../../auth.errors.js';
import type { Sealer } from '../../auth.sealer.js';
import type { LinkIntent } from '../flow.js';

/** What a user is sent to a provider for, who has been here before. */
export interface Consent {
  readonly provider: string;
  /** Beside the provider's own. */
  readonly scope: readonly string[];
  /** The provider's name of the account whose grant it is; undefined where there is none yet. */
  readonly account?: string | undefined;
  /** Undefined where the user has no session in a cookie: then they log in again. */
  readonly link?: LinkIntent | undefined;
}

interface Written extends Consent {
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Milliseconds: an answer 403 waits in a page until its reader clicks. */
const lifetime = 3_600_000;
const place = ['oauth-consent'];

/**
 * A consent as a parameter of our own URL. Encrypted: whoever could write one would let users grant what nobody here asks for.
 *
 * No secret: it takes effect in the browser alone that has the session it was written for, or as a mere log-in.
 */
export class ConsentTickets {
  constructor(
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  write(consent: Consent): string {
    const written: Written = { ...consent, until: this.clock.now() + lifetime };
    return this.sealer.seal(JSON.stringify(written), place);
  }

  /** @throws AuthError `oauth_flow_unknown` for what is no ticket of this provider, `oauth_flow_expired` */
  read(provider: string, text: string): Consent {
    const { until, ...consent } = this.open(text);
    if (consent.provider !== provider) throw unknown();
    if (this.clock.now() >= until) throw new AuthError('oauth_flow_expired');
    return consent;
  }

  private open(text: string): Written {
    try {
      return JSON.parse(this.sealer.open(text, place)) as Written;
    } catch {
      throw unknown();
    }
  }
}

function unknown(): AuthError {
  return new AuthError('oauth_flow_unknown', { reason: 'authorization: the ticket is none of ours' });
}
