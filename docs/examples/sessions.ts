import { Body, Controller, Delete, Get, HttpCode, Module, Param, Post, Req, Res } from '@nestjs/common';
import { AuthModule, AuthService, CurrentToken, Public, RequireToken, Token } from 'nest-latchkey';

@Controller()
class AccountController {
  constructor(private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  login(@Body('username') username: string, @Req() request: object, @Res({ passthrough: true }) response: object) {
    // your own check of the password goes before
    return this.auth.createSession(username, { scope: { notes: true } }, { request, response });
  }

  @RequireToken()
  @Get('devices')
  devices(@CurrentToken('sub') subject: string) {
    return this.auth.listSessions({ subject });
  }

  @RequireToken()
  @Delete('devices/:id')
  async endOne(@CurrentToken('sub') subject: string, @Param('id') id: string) {
    const session = await this.auth.getSession(id);
    // never by its id alone: it may be somebody else's
    return { ended: session?.subject === subject && (await this.auth.revokeSession(id)) };
  }

  @RequireToken()
  @Delete('devices')
  async endOthers(@CurrentToken() token: Token) {
    const ended = await this.auth.revokeSessions({ subject: token.sub, except: token.sid });
    return { ended: ended.length };
  }
}

@Module({
  imports: [
    AuthModule.forRoot({
      jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
      session: { idleLifetime: '30d', absoluteLifetime: '180d' },
    }),
  ],
  controllers: [AccountController],
})
export class SessionsModule {}
