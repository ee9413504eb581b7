import {
  Body,
  Controller,
  ForbiddenException,
  Header,
  HttpCode,
  Ip,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { AuthService, CurrentToken, Public, RequireToken, Token } from 'nest-latchkey';
import { HttpExceptionWithHeaders } from '../http/http-exception-with-headers.js';
import { LogInAttempts } from '../rate-limit/log-in-attempts.js';
import { RateLimitGuard } from '../rate-limit/rate-limit.guard.js';
import { UsersService, type User } from '../users/users.service.js';
import { LogInDto, SignUpDto } from './credentials.dto.js';
import { TokenResponse } from './token-response.dto.js';

/** Where tokens come from and where they end. */
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
  @Header('Cache-Control', 'no-store')
  @ApiCreatedResponse({ type: TokenResponse })
  async signUp(@Body() body: SignUpDto) {
    if (this.users.isReserved(body.username)) throw new ForbiddenException('This user name is reserved');
    return this.issueTokens(await this.users.create(body.username, body.password));
  }

  @Public()
  @UseGuards(RateLimitGuard)
  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: TokenResponse })
  async logIn(@Body() body: LogInDto, @Ip() address: string) {
    const user = await this.attempts.attempt(body.username, address, () =>
      this.users.authenticate(body.username, body.password),
    );
    if (user === null) throw wrongCredentials();
    return this.issueTokens(user);
  }

  @RequireToken({ type: 'refresh' })
  @UseGuards(RateLimitGuard)
  @Post('auth/session/refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: TokenResponse })
  async refresh(@CurrentToken() token: Token) {
    // what the user may do today, not what the log-in granted: nobody stays an administrator by refreshing
    const user = await this.users.find(token.sub);
    if (user === null) throw new UnauthorizedException();
    return this.auth.refresh(token.raw, grantOf(user));
  }

  @RequireToken({ type: 'any' })
  @Post('auth/signout')
  @HttpCode(200)
  async signOut(@CurrentToken() token: Token) {
    await this.auth.revoke(token);
    return { status: 'OK' };
  }

  private issueTokens(user: User) {
    return this.auth.issueTokens(user.username, { ...grantOf(user), fresh: true });
  }
}

/** The scope is what other servers ask for; the claim is what `override` on `/users/:username` asks for. */
function grantOf({ isAdmin }: User) {
  const admin: Record<string, true> = isAdmin ? { admin: true } : {};
  return { scope: admin, claims: admin };
}

function wrongCredentials(): HttpExceptionWithHeaders {
  // a 401 carries a challenge (RFC 9110 §15.5.2)
  return new HttpExceptionWithHeaders(401, 'The user name or the password is wrong', { 'WWW-Authenticate': 'Bearer' });
}
