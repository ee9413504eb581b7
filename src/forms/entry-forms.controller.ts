import { Body, Controller, Ip, Post, Redirect, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuthService, Public } from 'nest-latchkey';
import { Accounts } from '../account/accounts.js';
import { LogInDto, SignUpDto } from '../account/credentials.dto.js';
import { grantOf } from '../account/grant.js';
import { RateLimitGuard } from '../rate-limit/rate-limit.guard.js';
import type { User } from '../users/users.service.js';
import { LogInFilter, SignUpFilter } from '../pages/entry.filters.js';
import { SameOriginGuard } from './same-origin.guard.js';

/**
 * Where sessions begin by a form: in cookies, which no form can ask for. The handlers have the names of those of the API, and
 * so count for the same limits.
 */
@ApiExcludeController()
@Public()
@UseGuards(SameOriginGuard, RateLimitGuard)
@Controller('account')
export class EntryFormsController {
  constructor(
    private readonly auth: AuthService,
    private readonly accounts: Accounts,
  ) {}

  @Post('signup')
  @UseFilters(SignUpFilter)
  @Redirect('/account?done=signed-up', 303)
  async signUp(@Body() form: SignUpDto, @Req() request: object, @Res({ passthrough: true }) response: object) {
    await this.startSession(await this.accounts.signUp(form), request, response);
  }

  @Post('login')
  @UseFilters(LogInFilter)
  @Redirect('/account', 303)
  async logIn(
    @Body() form: LogInDto,
    @Ip() address: string,
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    await this.startSession(await this.accounts.logIn(form, address), request, response);
  }

  private async startSession(user: User, request: object, response: object): Promise<void> {
    await this.auth.createSession(user.username, grantOf(user), { request, response, transfer: 'cookie' });
  }
}
