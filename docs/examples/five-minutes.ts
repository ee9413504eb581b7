import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Module,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { AuthModule, AuthService, CurrentToken, Public, RequireToken, Token, param } from 'nest-latchkey';

@Controller()
export class NotesController {
  constructor(private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async login(@Body() body: { username: string; password: string }) {
    if (body.password !== 'your own check goes here') throw new UnauthorizedException();
    return this.auth.issueTokens(body.username, { scope: { admin: body.username === 'root' }, fresh: true });
  }

  @RequireToken()
  @Get('notes')
  list(@CurrentToken() token: Token) {
    return { owner: token.sub };
  }

  // bob's profile is for bob, and for every administrator
  @RequireToken({ sub: param('username'), override: { scope: { admin: true } } })
  @Get('users/:username')
  profile(@Param('username') username: string) {
    return { username };
  }

  @RequireToken({ scope: { admin: true } })
  @Delete('notes/:id')
  remove(@Param('id') id: string) {
    return { removed: id };
  }

  @RequireToken({ type: 'refresh' })
  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  refresh(@CurrentToken('raw') refreshToken: string) {
    return this.auth.refresh(refreshToken);
  }

  @RequireToken()
  @Post('logout')
  @HttpCode(204)
  async logout(@CurrentToken() token: Token) {
    await this.auth.revoke(token);
  }
}

@Module({
  imports: [
    AuthModule.forRoot({
      // undefined, short or guessable stops the boot, saying so: `openssl rand -base64 32` makes a good one
      jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
    }),
  ],
  controllers: [NotesController],
})
export class AppModule {}
