import { Body, Controller, Get, HttpCode, Module, Post, Req, Res } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthService, CurrentSession, Public, RequestSession, RequireToken } from 'nest-latchkey';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';

@Controller()
class ProfileController {
  constructor(private readonly auth: AuthService) {}

  /** Session.createNewSession() */
  @Public()
  @Post('signin')
  @HttpCode(200)
  signIn(@Body('username') username: string, @Req() request: object, @Res({ passthrough: true }) response: object) {
    // your own check of the password goes before
    return this.auth.createSession(username, { claims: { plan: 'pro' }, data: {} }, { request, response });
  }

  /** verifySession() */
  @RequireToken({ session: true })
  @Get('profile')
  profile(@CurrentSession() session: RequestSession) {
    return { user: session.subject, plan: session.claims['plan'] };
  }

  /** verifySession({ checkDatabase: true }) */
  @RequireToken({ session: true, revocation: 'store' })
  @Get('payout')
  payout(@CurrentSession('subject') user: string) {
    return { user };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env['DATABASE_URL']!,
      entities: [...authEntities],
      migrations: [...authMigrations],
      migrationsRun: true,
    }),
    AuthModule.forRoot({
      publicUrl: 'https://api.example.com',
      jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
      // apiBasePath: `/auth/session/refresh` and `/auth/signout` stay where the pages look for them
      session: { basePath: '/auth' },
      stores: typeormStores(),
    }),
  ],
  controllers: [ProfileController],
})
export class SuperTokensModule {}
