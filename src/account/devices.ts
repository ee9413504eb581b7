import { Injectable, NotFoundException } from '@nestjs/common';
import { AuthService, type RequestSession } from 'nest-latchkey';

/** Ends sessions for their user. */
@Injectable()
export class Devices {
  constructor(private readonly auth: AuthService) {}

  /** One of one's own; another user's is as unknown as one that is not there. */
  async end(id: string, subject: string): Promise<void> {
    const session = await this.auth.getSession(id);
    if (session?.subject !== subject) throw new NotFoundException('There is no such session');
    await this.auth.revokeSession(id);
  }

  /** All but the one that asks. @returns how many those were. */
  async endOthers({ id, subject }: RequestSession): Promise<number> {
    return (await this.auth.revokeSessions({ subject, except: id })).length;
  }
}
