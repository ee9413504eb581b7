import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { param, RequireToken } from 'nest-latchkey';
import { UsersService } from './users.service.js';

@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** For the user with this name, and for administrators: whose token has the claim `admin`. */
  @RequireToken({ sub: param('username'), override: { admin: true } })
  @Get(':username')
  async profile(@Param('username') username: string) {
    const user = await this.users.find(username);
    if (user === null) throw new NotFoundException('There is no such user');
    return { username: user.username };
  }
}
