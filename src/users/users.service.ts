import { ConflictException, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Environment } from '../environment.js';
import { AppUser } from './app-user.entity.js';
import { hashPassword, verifyPassword } from './password-hashing.js';
import { providersUsernamePattern, usernamePattern } from './username.js';

/** No hash of anything: a name with a colon is never looked up by a password. */
const noPassword = '';

export interface User {
  readonly username: string;
  readonly isAdmin: boolean;
}

/** The application's own users: the library knows none, it only writes their names into tokens. */
@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(AppUser) private readonly users: Repository<AppUser>,
    private readonly environment: Environment,
  ) {}

  /** Can nobody but an operator create this user? Outside production anybody may try what an administrator can do. */
  isReserved(username: string): boolean {
    return this.environment.production && this.environment.admins.has(username);
  }

  /**
   * Create a user. Does not ask whether the name is reserved, nor check its form or the password's: the caller did.
   *
   * @throws ConflictException when the name is taken.
   */
  async create(username: string, password: string): Promise<User> {
    if (await this.find(username)) throw taken();
    const passwordHash = await hashPassword(password);
    try {
      await this.users.insert({ username, passwordHash, createdAt: Date.now() });
    } catch (error) {
      // each database words a duplicate key in its own way, so ask it: did another sign-up win the race?
      if (await this.find(username)) throw taken();
      throw error;
    }
    return this.toUser(username);
  }

  /**
   * The user of a provider's identity, made at the first log-in. The name has a colon, which nobody can sign up with, and is
   * no administrator's.
   *
   * @returns null for a subject that is no name here: the tables and the paths take printable letters only.
   */
  async findOrCreate(provider: string, subject: string): Promise<User | null> {
    const username = `${provider}:${subject}`;
    if (!providersUsernamePattern.test(username)) return null;
    const standing = await this.find(username);
    if (standing !== null) return standing;
    try {
      await this.users.insert({ username, passwordHash: noPassword, createdAt: Date.now() });
    } catch (error) {
      // two log-ins at once: the other one made the user
      if ((await this.find(username)) === null) throw error;
    }
    return this.toUser(username);
  }

  /** The user with this name and password, or `null`. Takes the same time whether or not the user exists. */
  async authenticate(username: string, password: string): Promise<User | null> {
    const row = await this.users.findOne({
      select: { username: true, passwordHash: true },
      // a name of another form exists nowhere, and PostgreSQL refuses one with a NUL
      where: { username: usernamePattern.test(username) ? username : '' },
    });
    return (await verifyPassword(row?.passwordHash, password)) ? this.toUser(username) : null;
  }

  async hasPassword(username: string): Promise<boolean> {
    return usernamePattern.test(username) && (await this.users.existsBy({ username }));
  }

  async find(username: string): Promise<User | null> {
    const isName = usernamePattern.test(username) || providersUsernamePattern.test(username);
    const exists = isName && (await this.users.existsBy({ username }));
    return exists ? this.toUser(username) : null;
  }

  private toUser(username: string): User {
    return { username, isAdmin: this.environment.admins.has(username) };
  }
}

function taken(): ConflictException {
  return new ConflictException('This user name is taken');
}
