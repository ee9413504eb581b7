import { Module, RequestMethod, ValidationPipe } from '@nestjs/common';
import type { DynamicModule, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nest-latchkey';
import { redisFanOut } from 'nest-latchkey/redis';
import { oauthLogin } from 'nest-latchkey/passport';
import { typeormStores } from 'nest-latchkey/typeorm';
import { DriverPackageNotInstalledError } from 'typeorm';
import { AccountController } from './account/account.controller.js';
import { AccountHooks } from './account/account.hooks.js';
import { Accounts } from './account/accounts.js';
import { Devices } from './account/devices.js';
import { DevicesController } from './account/devices.controller.js';
import { LinksController } from './account/links.controller.js';
import { databaseOptions } from './database.js';
import { Environment } from './environment.js';
import { EntryFormsController } from './forms/entry-forms.controller.js';
import { FORM_KEY, FormProof } from './forms/form-proof.js';
import { SessionFormsController } from './forms/session-forms.controller.js';
import { HttpExceptionWithHeadersFilter } from './http/http-exception-with-headers.js';
import { QueryFailedFilter } from './http/query-failed.filter.js';
import { derivedKey, signingKey } from './keys.js';
import { DemoProviders } from './oauth/demo-providers.js';
import { oauthProviders } from './oauth/providers.js';
import { ProfileController } from './oauth/profile.controller.js';
import { HealthController } from './pages/health.controller.js';
import { AccountPageController } from './pages/account-page.controller.js';
import { AssetsController } from './pages/assets.controller.js';
import { oauthRefusals } from './pages/oauth-refusals.js';
import { PROVIDER_NAMES } from './pages/provider-names.js';
import { StartController } from './pages/start.controller.js';
import { LogInAttempts } from './rate-limit/log-in-attempts.js';
import { RateLimiters } from './rate-limit/rate-limiters.js';
import { RefreshRateLimitMiddleware } from './rate-limit/refresh-rate-limit.middleware.js';
import { TokenController } from './token/token.controller.js';
import { UsersController } from './users/users.controller.js';
import { UsersModule } from './users/users.module.js';

@Module({
  controllers: [
    StartController,
    HealthController,
    AccountController,
    DevicesController,
    LinksController,
    AccountPageController,
    EntryFormsController,
    SessionFormsController,
    AssetsController,
    TokenController,
    UsersController,
    ProfileController,
  ],
  providers: [
    RateLimiters,
    LogInAttempts,
    Accounts,
    Devices,
    FormProof,
    { provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }) },
    { provide: APP_FILTER, useClass: HttpExceptionWithHeadersFilter },
    { provide: APP_FILTER, useClass: QueryFailedFilter },
  ],
})
export class AppModule implements NestModule {
  static forEnvironment(environment: Environment, demo: DemoProviders): DynamicModule {
    const signing = signingKey(environment);
    const providers = [...oauthProviders(environment), ...demo.options];
    const users = UsersModule.forEnvironment(environment);
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({ ...databaseOptions(environment.databaseUrl), toRetry }),
        users,
        AuthModule.forRoot({
          publicUrl: environment.publicUrl,
          jwt: {
            issuer: environment.issuer,
            audience: environment.audience,
            ...signing,
            accessTokenLifetime: environment.accessTokenLifetime,
            refreshTokenLifetime: environment.refreshTokenLifetime,
            clockTolerance: environment.clockTolerance,
          },
          session: {
            idleLifetime: environment.refreshTokenLifetime,
            absoluteLifetime: Math.max(environment.refreshTokenLifetime, 180 * 86_400),
            reuseLeeway: environment.reuseLeeway,
            antiCsrf: environment.antiCsrf,
          },
          ...(providers.length > 0 && {
            oauth: oauthLogin({
              providers,
              timeout: environment.oauthTimeout,
              refreshLeeway: environment.oauthRefreshLeeway,
              encryptionKeys: [{ id: 'derived', key: derivedKey(signing, 'latchkey-app oauth flows') }],
            }),
          }),
          hooks: AccountHooks,
          errors: { handlers: oauthRefusals },
          imports: [users],
          csrf: { trustedOrigins: [...environment.corsOrigins] },
          stores: typeormStores(),
          revocation: { fanOut: environment.redisUrl === undefined ? undefined : redisFanOut(environment.redisUrl) },
        }),
      ],
      providers: [
        { provide: Environment, useValue: environment },
        { provide: DemoProviders, useValue: demo },
        { provide: FORM_KEY, useValue: derivedKey(signing, 'latchkey-app forms') },
        { provide: PROVIDER_NAMES, useValue: providers.map(({ name }) => name) },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    const refresh = { path: 'auth/session/refresh', method: RequestMethod.POST };
    consumer.apply(RefreshRateLimitMiddleware).forRoutes(refresh);
  }
}

/** A database that is still starting is waited for; a package that is not installed does not come by waiting. */
function toRetry(error: unknown): boolean {
  return !(error instanceof DriverPackageNotInstalledError);
}
