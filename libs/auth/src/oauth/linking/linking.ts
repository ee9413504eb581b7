import { AuthError } from '../../auth.errors.js';
import { askHook } from '../../auth.hook-answers.js';
import { normalEmail } from './email-address.js';
import type { OAuthLogin } from '../oauth-login.js';
import type { LinkingOptions } from './linking.options.js';
import type { OAuthHooks, OAuthUser } from '../oauth-hooks.js';
import { keyOf, type OAuthLinks } from './oauth-links.js';
import type { OAuthTransport } from '../oauth-transport.js';

export interface OAuthLinkingParts {
  readonly links: OAuthLinks;
  readonly hooks: OAuthHooks;
  readonly transport: Pick<OAuthTransport, 'subjectOf'>;
  readonly options: LinkingOptions;
}

/** Whose an identity is, from now on. */
export interface Settled {
  /** The subject of the user's sessions. */
  readonly subject: string;
  /** Who is to be logged in; undefined where somebody is, and has linked one identity more. */
  readonly user: OAuthUser | undefined;
}

interface Found extends Settled {
  readonly user: OAuthUser;
}

/** Which local user is this identity? Asked at each log-in, before there is a session. */
export class OAuthLinking {
  constructor(private readonly parts: OAuthLinkingParts) {}

  /**
   * The user whom a log-in belongs to, or who asked to link. After the first log-in, the identity is linked to its user for good.
   *
   * @throws AuthError `oauth_identity_taken` when somebody else's identity was to be linked;
   *   `oauth_user_refused` when the hook knows nobody; `oauth_link_refused` when it answers a user whom this
   *   identity may not log in; `store_unavailable`
   */
  async settle(login: OAuthLogin): Promise<Settled> {
    const { links } = this.parts;
    if (login.link === undefined) return this.userOf(login);
    const { user, grantOnly } = login.link;
    if (grantOnly === true) await links.checkFree(login, user);
    else await links.link(login, user);
    return { subject: user, user: undefined };
  }

  private async userOf(login: OAuthLogin): Promise<Found> {
    const linkedTo = await this.parts.links.ownerOf(login);
    if (linkedTo !== undefined) return this.linkedUser(login, linkedTo);
    const known = await this.userOfEmail(login);
    return known === undefined ? this.firstUser(login) : this.claimed(login, await this.linkedUser(login, known));
  }

  private async firstUser(login: OAuthLogin): Promise<Found> {
    const found = await this.ask(login, undefined);
    const { user, subject } = found;
    if (user.linked !== true) await this.checkFirst(login, subject);
    return this.claimed(login, found);
  }

  private async claimed(login: OAuthLogin, found: Found): Promise<Found> {
    const owner = await this.parts.links.claim(login, found.subject);
    // another log-in of this identity, at the same time, was first: whoever it made is the user (AL-10)
    return owner === found.subject ? found : this.linkedUser(login, owner);
  }

  /**
   * The user who has the address of the identity, where both sides have proved it. Who registered here with somebody else's address
   * would have a way into that person's account, as would who made up one at a provider (AL-01, AL-02).
   *
   * @throws AuthError `oauth_link_refused` where one side has not: whoever owns the account can log in to it, and link.
   */
  private async userOfEmail({ identity }: OAuthLogin): Promise<string | undefined> {
    const { hooks, options } = this.parts;
    const email = options.mode === 'verified-email' ? normalEmail(identity.email) : undefined;
    if (email === undefined) return undefined;
    const local = await askHook('hooks.userOfEmail', () => hooks.userOfEmail!(email));
    if (local === null || local === undefined) return undefined;
    if (identity.emailVerified && local.emailVerified === true) return local.user;
    const side = identity.emailVerified ? 'hooks.userOfEmail' : 'the provider';
    throw refused(`a user has the address already, and ${side} does not say that it is verified`);
  }

  private async linkedUser(login: OAuthLogin, linkedTo: string): Promise<Found> {
    const found = await this.ask(login, linkedTo);
    if (found.subject === linkedTo) return found;
    throw refused('hooks.oauthUser answered another user than the one whom the identity is linked to');
  }

  /**
   * A log-in makes no second way into an account: whoever is logged in links those. Else an address that a provider does not
   * check would be a key, and so would an identity that was unlinked.
   */
  private async checkFirst(login: OAuthLogin, subject: string): Promise<void> {
    const links = await this.parts.links.list(subject);
    const { issuer, subject: own } = keyOf(login);
    const isSame = (link: (typeof links)[number]): boolean =>
      link.provider === login.provider && link.issuer === issuer && link.subject === own;
    if (links.length > 0 && !links.some(isSame))
      throw refused('hooks.oauthUser answered a user who has other identities, and not this one');
  }

  private async ask(login: OAuthLogin, linkedTo: string | undefined): Promise<Found> {
    const { hooks, transport } = this.parts;
    const user = await askHook('hooks.oauthUser', () => hooks.oauthUser!(login, { linkedTo }));
    if (user === null || user === undefined)
      throw new AuthError('oauth_user_refused', { reason: `hooks.oauthUser knows nobody at ${login.provider}` });
    return { user, subject: await transport.subjectOf(user.user) };
  }
}

function refused(reason: string): AuthError {
  return new AuthError('oauth_link_refused', { reason });
}
