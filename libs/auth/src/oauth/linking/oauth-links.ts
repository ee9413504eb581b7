import type { Clock } from '../../auth.clock.js';
import { AuthError } from '../../auth.errors.js';
import type { AuthEventListener } from '../../auth.events.js';
import { askHook } from '../../auth.hook-answers.js';
import type { OAuthLink, OAuthLinkKey, OAuthLinkStore } from '../../stores/oauth-link.store.js';
import { asking } from '../../stores/store-answer.js';
import type { OAuthLogin } from '../oauth-login.js';
import type { OAuthHooks } from '../oauth-hooks.js';
import type { OAuthGrants } from '../grants/oauth-grants.js';
import type { OAuthListeners } from '../events/oauth-listeners.js';
import type { OAuthExchange } from '../oauth-transport.js';

export interface OAuthLinksParts {
  readonly store: OAuthLinkStore;
  readonly hooks: OAuthHooks;
  readonly listeners: OAuthListeners;
  readonly grants: Pick<OAuthGrants, 'revoke'>;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
}

export interface UnlinkOptions {
  readonly subject?: string | undefined;
  readonly exchange?: OAuthExchange | undefined;
}

interface Unlinked {
  readonly user: string;
  readonly provider: string;
  /** Undefined: the only one there. */
  readonly subject: string | undefined;
}

/** Which identities log in whom. A user is named by the subject of their sessions (`sub`). */
export class OAuthLinks {
  constructor(private readonly parts: OAuthLinksParts) {}

  /** The identities of a user, the oldest link first. @throws AuthError `store_unavailable` */
  list(user: string): Promise<OAuthLink[]> {
    return asking(this.parts.store.list(user));
  }

  /** The user whom a log-in belongs to; undefined for an identity that nobody has. @throws AuthError `store_unavailable` */
  ownerOf(login: OAuthLogin): Promise<string | undefined> {
    return asking(this.parts.store.ownerOf(keyOf(login)));
  }

  /**
   * Link the identity of a log-in to a user, unless it is somebody's.
   *
   * Does not ask whether the user wants it: only somebody who is logged in as the user can say so.
   *
   * @returns who has it now. @throws AuthError `store_unavailable`
   */
  async claim(login: OAuthLogin, user: string): Promise<string> {
    const { store, clock, emit, listeners } = this.parts;
    const key = keyOf(login);
    const at = clock.now();
    const { owner, isNew } = await asking(store.link({ ...key, user, linkedAt: at }));
    if (isNew) {
      emit('oauth.linked', { ...key, user, at });
      void listeners.tell('linked', { provider: key.provider, login, user });
    }
    return owner;
  }

  /**
   * The same for a user who asked for it. @throws AuthError `oauth_identity_taken` when it is somebody else's: nothing moves;
   * `store_unavailable`
   */
  async link(login: OAuthLogin, user: string): Promise<void> {
    if ((await this.claim(login, user)) !== user) throw taken(login);
  }

  /** That the identity of a log-in is this user's, or nobody's. @throws AuthError `oauth_identity_taken`, `store_unavailable` */
  async checkFree(login: OAuthLogin, user: string): Promise<void> {
    const owner = await this.ownerOf(login);
    if (owner !== undefined && owner !== user) throw taken(login);
  }

  /**
   * Unlink an identity: it cannot log the user in any more, and its grant is revoked.
   *
   * In this order, so that neither a provider nor a store of grants that is down lets somebody in; a call that failed in between is
   * made again: where no link is left, but a grant, that is revoked.
   *
   * @param options `subject`, where the user has several identities at the provider; `exchange`, where grants are in cookies.
   * @throws AuthError `oauth_link_unknown` when there is no such link, or several and no `subject` says which;
   *   `oauth_last_credential` when it is the user's last identity, and `hooks.hasOtherCredential` knows no other way to log in;
   *   `store_unavailable`
   */
  async unlink(user: string, provider: string, { subject, exchange }: UnlinkOptions = {}): Promise<void> {
    const { store, clock, emit, listeners } = this.parts;
    const link = await this.find(user, provider, subject);
    if (link === undefined) return this.revokeRest({ user, provider, subject }, exchange);
    const keepLast = !(await this.hasOtherCredential(user));
    if (!(await asking(store.unlink(user, link, { keepLast })))) {
      if ((await asking(store.ownerOf(link))) === user) throw new AuthError('oauth_last_credential');
      throw new AuthError('oauth_link_unknown', { reason: 'another call was faster' });
    }
    const { issuer } = link;
    emit('oauth.unlinked', { provider, issuer, subject: link.subject, user, at: clock.now() });
    void listeners.tell('unlinked', { provider, issuer, subject: link.subject, user });
    await this.revoke(link, exchange);
  }

  /** What a call left that took the link, and no more. Its event was told then. */
  private async revokeRest(of: Unlinked, exchange: OAuthExchange | undefined): Promise<void> {
    if (await this.revoke(of, exchange)) return;
    throw new AuthError('oauth_link_unknown', { reason: 'the user has no such link' });
  }

  /** @returns true when there was a grant. */
  private async revoke({ provider, subject, user }: Unlinked, exchange: OAuthExchange | undefined): Promise<boolean> {
    try {
      return await this.parts.grants.revoke(provider, { kind: 'user', id: user }, { subject, exchange });
    } catch (error) {
      // one that is not configured any more: there is nobody to tell
      if (error instanceof AuthError && error.code === 'oauth_provider_unknown') return false;
      throw error;
    }
  }

  /** Undefined when there is none. */
  private async find(user: string, provider: string, subject: string | undefined): Promise<OAuthLink | undefined> {
    const links = (await this.list(user)).filter((link) => link.provider === provider);
    const found = subject === undefined ? links : links.filter((link) => link.subject === subject);
    if (found.length === 0) return undefined;
    if (found.length === 1) return found[0]!;
    throw new AuthError('oauth_link_unknown', { reason: 'the user has several there: say which' });
  }

  private async hasOtherCredential(user: string): Promise<boolean> {
    const { hooks } = this.parts;
    if (hooks.hasOtherCredential === undefined) return false;
    return (await askHook('hooks.hasOtherCredential', () => hooks.hasOtherCredential!(user))) === true;
  }
}

/** What names the identity of a log-in. */
export function keyOf({ provider, identity: { issuer, subject } }: OAuthLogin): OAuthLinkKey {
  return { provider, issuer, subject };
}

function taken({ provider }: OAuthLogin): AuthError {
  return new AuthError('oauth_identity_taken', { reason: `the identity at ${provider} is another user's` });
}
