import { Injectable } from '@nestjs/common';
import type { AuthHooks, Session, SessionGrant } from 'nest-latchkey';
import { UsersService } from '../users/users.service.js';
import { grantOf } from './grant.js';

/** What the library asks the application. */
@Injectable()
export class AccountHooks implements AuthHooks {
  constructor(private readonly users: UsersService) {}

  /** What the user may do today, not what the log-in granted: nobody stays an administrator by refreshing. */
  async sessionGrant({ subject }: Session): Promise<SessionGrant | null> {
    const user = await this.users.find(subject);
    return user === null ? null : grantOf(user);
  }
}
