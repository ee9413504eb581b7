import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  ParseEnumPipe,
  Post,
  Put,
  Req,
  Res,
} from '@nestjs/common';
import {
  AuthModule,
  AuthService,
  CurrentSession,
  defineClaim,
  Public,
  RequestSession,
  RequireToken,
} from 'nest-latchkey';

@Injectable()
class UsersService {
  async rolesOf(username: string) {
    return username === 'root' ? ['admin'] : [];
  }
}

const roles = defineClaim<string[]>({
  key: 'roles',
  fetch: ({ subject }, find) => find(UsersService).rolesOf(subject),
});

const themes = { light: 'light', dark: 'dark' };

@Controller()
class SettingsController {
  constructor(private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  login(@Body('username') username: string, @Req() request: object, @Res({ passthrough: true }) response: object) {
    // your own check of the password goes before
    return this.auth.createSession(username, { data: { visits: 1 } }, { request, response });
  }

  @RequireToken({ session: { claims: [roles.includes('admin', { maxAge: '1m' })] } })
  @Delete('users/:username')
  remove(@Param('username') username: string) {
    return { removed: username };
  }

  @RequireToken({ session: true })
  @Put('theme')
  async setTheme(@CurrentSession() session: RequestSession, @Body('theme', new ParseEnumPipe(themes)) theme: string) {
    await this.auth.mergeSessionClaims(session, { theme });
    return { theme: session.claims['theme'] };
  }

  @RequireToken({ session: true })
  @Get('visits')
  async visits(@CurrentSession('id') id: string) {
    return (await this.auth.getSession(id))?.data;
  }

  @RequireToken({ session: true })
  @Get('roles')
  rolesOfToday(@CurrentSession() session: RequestSession) {
    return session.claim(roles);
  }
}

@Module({
  imports: [
    AuthModule.forRoot({
      jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
      session: { claims: [roles] },
    }),
  ],
  controllers: [SettingsController],
  providers: [UsersService],
})
export class SessionClaimsModule {}
