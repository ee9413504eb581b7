import { Injectable } from '@nestjs/common';
import type { AuthHooks, OAuthUser, Session, SessionGrant } from 'nest-latchkey';
import type { OAuthLogin } from 'nest-latchkey/passport';
import { UsersService } from '../users/users.service.js';
import { grantOf } from './grant.js';

/** What the library asks the application. */
@Injectable()
export class AccountHooks implements AuthHooks {
  constructor(private readonly users: UsersService) {}

  /** Whoever comes from a provider is a user of that provider's: an e-mail address makes nobody somebody else. */
  async oauthUser({ provider, identity }: OAuthLogin): Promise<OAuthUser | null> {
    const user = await this.users.findOrCreate(provider, identity.subject);
    return user === null ? null : { user: user.username, ...grantOf(user) };
  }

  /** What the user may do today, not what the log-in granted: nobody stays an administrator by refreshing. */
  async sessionGrant({ subject }: Session): Promise<SessionGrant | null> {
    const user = await this.users.find(subject);
    return user === null ? null : grantOf(user);
  }
}
