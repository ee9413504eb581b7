import { Body, Controller, Get, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { AuthService, CurrentToken, Public, RequireToken, Token } from 'nest-latchkey';
import { describeToken } from './fixture.js';

/** Log-in, refresh and log-out by cookie, as an application writes them. */
@Controller()
export class AccountController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  async login(@Body() body: Record<string, any> | undefined, @Res({ passthrough: true }) response: object) {
    const tokens = await this.auth.issueTokens(body?.['sub'] ?? 'alice', body?.['issue']);
    this.auth.setCookies(response, tokens, body?.['attributes']);
    return tokens;
  }

  @RequireToken({ type: 'refresh', locations: ['cookie'] })
  @Post('auth/refresh')
  @HttpCode(200)
  async refresh(@CurrentToken() token: Token, @Res({ passthrough: true }) response: object) {
    const tokens = await this.auth.refresh(token.raw);
    this.auth.setCookies(response, tokens);
    return tokens;
  }

  /** Ends the session whose cookie comes, expired or not, and takes the cookies away. */
  @RequireToken({ locations: ['cookie'], allowExpired: true })
  @Post('logout')
  @HttpCode(200)
  async logout(@CurrentToken() token: Token, @Res({ passthrough: true }) response: object) {
    await this.auth.revoke(token);
    this.auth.clearCookies(response);
    return {};
  }

  @Public()
  @Post('clear')
  @HttpCode(200)
  clear(@Body() body: Record<string, any> | undefined, @Res({ passthrough: true }) response: object) {
    this.auth.clearCookies(response, body);
    return {};
  }

  @RequireToken({ locations: ['cookie'] })
  @Get('page')
  page(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ locations: ['cookie'] })
  @Post('page')
  @HttpCode(200)
  write(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ locations: ['cookie'], optional: true })
  @Post('optional-page')
  @HttpCode(200)
  optional(@CurrentToken() token: Token | null) {
    return describeToken(token);
  }
}
