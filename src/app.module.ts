import { Module, ValidationPipe, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nest-latchkey';
import { typeormStores } from 'nest-latchkey/typeorm';
import { DriverPackageNotInstalledError } from 'typeorm';
import { AccountController } from './account/account.controller.js';
import { databaseOptions } from './database.js';
import { Environment } from './environment.js';
import { HttpExceptionWithHeadersFilter } from './http/http-exception-with-headers.js';
import { QueryFailedFilter } from './http/query-failed.filter.js';
import { signingKey } from './keys.js';
import { HealthController } from './pages/health.controller.js';
import { StartController } from './pages/start.controller.js';
import { LogInAttempts } from './rate-limit/log-in-attempts.js';
import { TokenController } from './token/token.controller.js';
import { AppUser } from './users/app-user.entity.js';
import { UsersController } from './users/users.controller.js';
import { UsersService } from './users/users.service.js';

@Module({
  controllers: [StartController, HealthController, AccountController, TokenController, UsersController],
  providers: [
    UsersService,
    LogInAttempts,
    { provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }) },
    { provide: APP_FILTER, useClass: HttpExceptionWithHeadersFilter },
    { provide: APP_FILTER, useClass: QueryFailedFilter },
  ],
})
// oxlint-disable-next-line typescript/no-extraneous-class -- that is what a Nest module is
export class AppModule {
  static forEnvironment(environment: Environment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({ ...databaseOptions(environment.databaseUrl), toRetry }),
        TypeOrmModule.forFeature([AppUser]),
        AuthModule.forRoot({
          publicUrl: environment.publicUrl,
          jwt: {
            issuer: environment.issuer,
            audience: environment.audience,
            ...signingKey(environment),
            accessTokenLifetime: environment.accessTokenLifetime,
            refreshTokenLifetime: environment.refreshTokenLifetime,
            clockTolerance: environment.clockTolerance,
          },
          session: { reuseLeeway: environment.reuseLeeway },
          csrf: { trustedOrigins: [...environment.corsOrigins] },
          stores: typeormStores(),
        }),
      ],
      providers: [{ provide: Environment, useValue: environment }],
    };
  }
}

/** A database that is still starting is waited for; a package that is not installed does not come by waiting. */
function toRetry(error: unknown): boolean {
  return !(error instanceof DriverPackageNotInstalledError);
}
