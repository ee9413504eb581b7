import { Injectable } from '@nestjs/common';
import type { AuthHooks, OAuthKnownUser, OAuthUser, Session, SessionGrant } from 'nest-latchkey';
import type { OAuthLogin } from 'nest-latchkey/passport';
import { UsersService } from '../users/users.service.js';
import { grantOf } from './grant.js';

/** What the library asks the application. */
@Injectable()
export class AccountHooks implements AuthHooks {
  constructor(private readonly users: UsersService) {}

  /**
   * Whoever comes from a provider for the first time is a user of that provider's: an e-mail address makes nobody somebody
   * else. After that the library knows whose the identity is, and links more of them for whoever is logged in.
   */
  async oauthUser({ provider, identity }: OAuthLogin, { linkedTo }: OAuthKnownUser): Promise<OAuthUser | null> {
    const user =
      linkedTo === undefined
        ? await this.users.findOrCreate(provider, identity.subject)
        : await this.users.find(linkedTo);
    return user === null ? null : { user: user.username, ...grantOf(user) };
  }

  /** A password. Users whom a provider made have none. */
  hasOtherCredential(username: string): Promise<boolean> {
    return this.users.hasPassword(username);
  }

  /** What the user may do today, not what the log-in granted: nobody stays an administrator by refreshing. */
  async sessionGrant({ subject }: Session): Promise<SessionGrant | null> {
    const user = await this.users.find(subject);
    return user === null ? null : grantOf(user);
  }
}
