import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthService, type AuthModuleOptions } from 'nest-latchkey';
import { typeormStores } from 'nest-latchkey/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { issuer, secret } from '../guard/tokens.js';

/** A process of an application that keeps its sessions in a database. */
export interface SessionApplication {
  readonly auth: AuthService;
  readonly context: INestApplicationContext;
}

/** Without a leeway every refresh may move the branch on, so that a loop need not wait. */
export async function sessionApplication(
  options: DataSourceOptions,
  revocation: AuthModuleOptions['revocation'] = {},
): Promise<SessionApplication> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ ...options, retryAttempts: 0 }),
      AuthModule.forRoot({ jwt: { issuer, secret }, stores: typeormStores(), session: { reuseLeeway: 0 }, revocation }),
    ],
  })
  class SessionModule {}

  const context = await NestFactory.createApplicationContext(SessionModule, { logger: false });
  return { auth: context.get(AuthService), context };
}
