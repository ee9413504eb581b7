import type { Clock } from '../../auth.clock.js';
import type { AuthEventListener } from '../../auth.events.js';
import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import { userOf } from './grant-owner.js';
import type { GrantTokens } from './grant-vault.js';
import { scopeOf } from './oauth-grant.js';
import type { OAuthListeners } from '../events/oauth-listeners.js';
import type { ProviderFailure } from '../provider-errors.js';

/** Tells of what happens to stored grants: the application's one listener, without tokens, and its decorated handlers. */
export class GrantNews {
  constructor(
    private readonly emit: AuthEventListener,
    private readonly listeners: OAuthListeners,
    private readonly clock: Clock,
  ) {}

  refreshed(before: OAuthGrantRow, row: OAuthGrantRow, tokens: GrantTokens): void {
    this.emit('oauth.refreshed', this.about(row));
    const parts = {
      ...this.partsOf(row),
      tokens: { ...tokens, expiresAt: row.expiresAt ?? undefined },
      scope: scopeOf(row),
    };
    void this.listeners.tell('refreshed', parts);
    if (sortedScope(before) !== sortedScope(row))
      void this.listeners.tell('scopeChanged', { ...parts, requestedScope: scopeOf(before) });
  }

  reauthRequired(row: OAuthGrantRow): void {
    this.emit('oauth.reauth_required', this.about(row));
    void this.listeners.tell('reauthRequired', { ...this.partsOf(row), scope: scopeOf(row) });
  }

  failed(provider: string, { phase, error: { code, reason }, word }: ProviderFailure): void {
    this.emit('oauth.failed', {
      provider,
      phase,
      code,
      at: this.clock.now(),
      ...(reason !== undefined && { reason }),
      ...(word !== undefined && { error: word }),
    });
  }

  private about({ provider, issuer, subject, owner }: OAuthGrantRow) {
    return { provider, issuer, subject, user: userOf(owner) ?? null, at: this.clock.now() };
  }

  private partsOf({ provider, issuer, subject, owner }: OAuthGrantRow) {
    const user = userOf(owner);
    return { provider, issuer, subject, ...(user !== undefined && { user }) };
  }
}

/** The same text for the same values, in whatever order the provider writes them. */
function sortedScope(row: OAuthGrantRow): string {
  return scopeOf(row).toSorted().join(' ');
}
