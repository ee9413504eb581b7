import { Body, Controller, ForbiddenException, HttpCode, Ip, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { AuthService, Public, type HttpExchange } from 'nest-latchkey';
import { HttpExceptionWithHeaders } from '../http/http-exception-with-headers.js';
import { LogInAttempts } from '../rate-limit/log-in-attempts.js';
import { RateLimitGuard } from '../rate-limit/rate-limit.guard.js';
import { UsersService, type User } from '../users/users.service.js';
import { LogInDto, SignUpDto } from './credentials.dto.js';
import { grantOf } from './grant.js';
import { TokenResponse } from './token-response.dto.js';

/** Where sessions begin. The library's own routes refresh and end them. */
@Controller()
export class AccountController {
  constructor(
    private readonly auth: AuthService,
    private readonly users: UsersService,
    private readonly attempts: LogInAttempts,
  ) {}

  @Public()
  @UseGuards(RateLimitGuard)
  @Post('signup')
  @ApiCreatedResponse({ type: TokenResponse })
  async signUp(@Body() body: SignUpDto, @Req() request: object, @Res({ passthrough: true }) response: object) {
    if (this.users.isReserved(body.username)) throw new ForbiddenException('This user name is reserved');
    return this.startSession(await this.users.create(body.username, body.password), { request, response });
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
    const user = await this.attempts.attempt(body.username, address, () =>
      this.users.authenticate(body.username, body.password),
    );
    if (user === null) throw wrongCredentials();
    return this.startSession(user, { request, response });
  }

  /** In cookies or in headers, as the client asks. The answer holds the tokens where the client keeps them itself. */
  private startSession(user: User, exchange: HttpExchange) {
    return this.auth.createSession(user.username, grantOf(user), exchange);
  }
}

function wrongCredentials(): HttpExceptionWithHeaders {
  // a 401 carries a challenge (RFC 9110 §15.5.2)
  return new HttpExceptionWithHeaders(401, 'The user name or the password is wrong', { 'WWW-Authenticate': 'Bearer' });
}
