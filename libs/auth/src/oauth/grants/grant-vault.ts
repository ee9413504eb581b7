import { AuthConfigError, AuthError } from '../../auth.errors.js';
import type { Sealer, SealPlace } from '../../auth.sealer.js';
import type { OAuthGrantKey, OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import type { ApiTokens } from '../client/api-request.js';
import type { OAuthTokens } from '../oauth-login.js';

/** What is sealed of a grant. */
export interface GrantTokens extends Omit<OAuthTokens, 'expiresAt'> {
  /** When they came by a refresh, in epoch milliseconds; undefined of those that came with the user's consent. */
  readonly refreshedAt: number | undefined;
}

/** Of the grants opened last: one more, and the oldest is opened anew when it is needed. */
const mostOpened = 1_000;

interface Opened {
  readonly row: OAuthGrantKey;
  readonly tokens: ApiTokens;
}

/** Seals the tokens of a grant, so that they open in the row of their owner, provider and account alone (ST-03). */
export class GrantVault {
  /** Not to be printed: it holds tokens. */
  readonly #opened = new Map<string, Opened>();

  constructor(private readonly sealer: Sealer) {}

  seal({ accessToken, refreshToken, idToken, tokenSecret, refreshedAt }: GrantTokens, key: OAuthGrantKey): string {
    const sealed = { access: accessToken, refresh: refreshToken, id: idToken, secret: tokenSecret, refreshedAt };
    return this.sealer.seal(JSON.stringify(sealed), placeOf(key));
  }

  /** @throws AuthError `keys_unavailable` where no key of ours opens it: there is no plain text to fall back to (ST-04). */
  open(row: OAuthGrantRow): GrantTokens {
    try {
      const { access, refresh, id, secret, refreshedAt } = JSON.parse(this.sealer.open(row.sealed, placeOf(row))) as {
        access: string;
        refresh?: string;
        id?: string;
        secret?: string;
        refreshedAt?: number;
      };
      return { accessToken: access, refreshToken: refresh, idToken: id, tokenSecret: secret, refreshedAt };
    } catch (error) {
      if (!(error instanceof AuthConfigError)) throw error;
      throw new AuthError('keys_unavailable', { reason: `a grant of ${row.provider}: ${error.message}` });
    }
  }

  /**
   * What each request to an API is sent with. Kept open for a while, for opening costs more than all else that a request needs;
   * refresh tokens are never kept so.
   *
   * @throws as `open()`
   */
  openToSend(row: OAuthGrantRow): ApiTokens {
    const known = this.#opened.get(row.sealed);
    if (known !== undefined && isSameRow(known.row, row)) return known.tokens;
    const { accessToken, tokenSecret } = this.open(row);
    const { owner, provider, subject } = row;
    const tokens = { accessToken, tokenSecret };
    this.#opened.set(row.sealed, { row: { owner, provider, subject }, tokens });
    if (this.#opened.size > mostOpened) this.#opened.delete(this.#opened.keys().next().value!);
    return tokens;
  }

  /** Was it sealed under a key that does not seal any more? */
  isOutdated({ sealed }: OAuthGrantRow): boolean {
    return !this.sealer.isCurrent(sealed);
  }
}

function isSameRow(one: OAuthGrantKey, other: OAuthGrantKey): boolean {
  return one.owner === other.owner && one.provider === other.provider && one.subject === other.subject;
}

function placeOf({ owner, provider, subject }: OAuthGrantKey): SealPlace {
  return ['oauth-grant', owner, provider, subject];
}
