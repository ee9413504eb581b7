import { Body, Controller, HttpCode, Ip, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { AuthService, Public, type HttpExchange } from 'nest-latchkey';
import { RateLimitGuard } from '../rate-limit/rate-limit.guard.js';
import type { User } from '../users/users.service.js';
import { Accounts } from './accounts.js';
import { LogInDto, SignUpDto } from './credentials.dto.js';
import { grantOf } from './grant.js';
import { TokenResponse } from './token-response.dto.js';

/** Where sessions begin. The library's own routes refresh and end them. */
@Controller()
export class AccountController {
  constructor(
    private readonly auth: AuthService,
    private readonly accounts: Accounts,
  ) {}

  @Public()
  @UseGuards(RateLimitGuard)
  @Post('signup')
  @ApiCreatedResponse({ type: TokenResponse })
  async signUp(@Body() body: SignUpDto, @Req() request: object, @Res({ passthrough: true }) response: object) {
    return this.startSession(await this.accounts.signUp(body), { request, response });
  }

  @Public()
  @UseGuards(RateLimitGuard)
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: TokenResponse })
  async logIn(
    @Body() body: LogInDto,
    @Ip() address: string,
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    return this.startSession(await this.accounts.logIn(body, address), { request, response });
  }

  /** In cookies or in headers, as the client asks. The answer holds the tokens where the client keeps them itself. */
  private startSession(user: User, exchange: HttpExchange) {
    return this.auth.createSession(user.username, grantOf(user), exchange);
  }
}
