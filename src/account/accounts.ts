import { ForbiddenException, Injectable } from '@nestjs/common';
import { HttpExceptionWithHeaders } from '../http/http-exception-with-headers.js';
import { LogInAttempts } from '../rate-limit/log-in-attempts.js';
import { UsersService, type User } from '../users/users.service.js';
import type { LogInDto, SignUpDto } from './credentials.dto.js';

/** Who may come in by a password. */
@Injectable()
export class Accounts {
  constructor(
    private readonly users: UsersService,
    private readonly attempts: LogInAttempts,
  ) {}

  /** @throws ForbiddenException for a reserved name; ConflictException for a taken one. */
  async signUp({ username, password }: SignUpDto): Promise<User> {
    if (this.users.isReserved(username)) throw new ForbiddenException('This user name is reserved');
    return this.users.create(username, password);
  }

  /** @throws HttpExceptionWithHeaders 401 when the name or the password is wrong; 429 when the attempts are spent. */
  async logIn({ username, password }: LogInDto, address: string): Promise<User> {
    const user = await this.attempts.attempt(username, address, () => this.users.authenticate(username, password));
    if (user === null) throw wrongCredentials();
    return user;
  }
}

function wrongCredentials(): HttpExceptionWithHeaders {
  // a 401 carries a challenge (RFC 9110 §15.5.2)
  return new HttpExceptionWithHeaders(401, 'The user name or the password is wrong', { 'WWW-Authenticate': 'Bearer' });
}
