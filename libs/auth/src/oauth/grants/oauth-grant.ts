import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import type { OAuthTokens } from '../oauth-login.js';

/** What a provider granted, as it is stored. */
export class OAuthGrant {
  /** The name of the provider. */
  readonly provider: string;
  readonly issuer: string;
  /** The provider's name of the account. */
  readonly subject: string;
  readonly scope: readonly string[];
  /** `needs_reauth`: the user has to consent again. */
  readonly status: 'active' | 'needs_reauth';
  /** Of the access token, in epoch milliseconds; undefined when the provider does not tell. */
  readonly expiresAt: number | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Not enumerable: what prints the grant prints no token. */
  declare readonly tokens: OAuthTokens;

  constructor(row: OAuthGrantRow, tokens: OAuthTokens) {
    this.provider = row.provider;
    this.issuer = row.issuer;
    this.subject = row.subject;
    this.scope = scopeOf(row);
    this.status = row.status;
    this.expiresAt = row.expiresAt ?? undefined;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
    Object.defineProperty(this, 'tokens', { value: tokens, enumerable: false });
  }
}

export function scopeOf({ scope }: Pick<OAuthGrantRow, 'scope'>): string[] {
  return scope.split(' ').filter(Boolean);
}
