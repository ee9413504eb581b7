import { Controller, HttpCode, Module, Post, Res } from '@nestjs/common';
import { AuthModule, AuthService, CurrentToken, Public, RequireToken, Token } from 'nest-latchkey';

@Controller()
class SessionController {
  constructor(private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(204)
  async login(@Res({ passthrough: true }) response: object) {
    this.auth.setCookies(response, await this.auth.issueTokens('ada', { fresh: true }));
  }

  @RequireToken({ allowExpired: true })
  @Post('logout')
  @HttpCode(204)
  async logout(@CurrentToken() token: Token, @Res({ passthrough: true }) response: object) {
    await this.auth.revoke(token);
    this.auth.clearCookies(response);
  }
}

@Module({
  imports: [
    AuthModule.forRoot({
      jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
      transport: { locations: ['header', 'cookie'] },
      cookies: { sameSite: 'lax' },
    }),
  ],
  controllers: [SessionController],
})
export class CookieModule {}
