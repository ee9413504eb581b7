import { Module, type DynamicModule, type INestApplication, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { AuthModule } from 'nest-latchkey';
import { oauthLogin, OAuthGrants, type OAuthLogin } from 'nest-latchkey/passport';
import { oauth2Provider, oidc } from 'nest-latchkey/providers';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { ProviderAddress } from './provider.process.js';

export interface OAuthApplicationOptions {
  readonly database: DataSourceOptions;
  readonly provider: ProviderAddress;
  /** Where it is reached. */
  readonly port: number;
  /** `oauth.grantCache`, in seconds. */
  readonly grantCache?: number;
}

@Module({})
class OAuthModule {}

/** An application as its user would write it, whose providers are `corp` (OpenID Connect) and `forge` (plain OAuth 2). */
export async function oauthApplication(options: OAuthApplicationOptions): Promise<INestApplication> {
  const application = await NestFactory.create(rootOf(options), { logger: false, abortOnError: false });
  await application.listen(options.port, '127.0.0.1');
  return application;
}

/** The same without its routes, as a job has it. */
export function oauthContext(options: OAuthApplicationOptions): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(rootOf(options), { logger: false, abortOnError: false });
}

function rootOf({ database, provider, port, grantCache = 0 }: OAuthApplicationOptions): DynamicModule {
  const schema = { entities: authEntities, migrations: authMigrations, migrationsRun: true };
  return {
    module: OAuthModule,
    imports: [
      TypeOrmModule.forRoot({ ...database, ...schema, retryAttempts: 0 } as TypeOrmModuleOptions),
      AuthModule.forRoot({
        publicUrl: `http://127.0.0.1:${port}`,
        jwt: { issuer: 'https://bench.example.com', secret: 'k5Jd8sQpZ2vXn7RtYb3LwMc6HfGa9EuTiOyKxVeNqWrS' },
        session: {},
        stores: typeormStores(),
        hooks: { oauthUser: ({ provider: name, identity }: OAuthLogin) => ({ user: `${name}:${identity.subject}` }) },
        oauth: oauthLogin({
          providers: [
            oidc('corp', {
              ...(provider.oidc as Parameters<typeof oidc>[1]),
              scope: ['openid', 'profile', 'offline_access'],
            }),
            oauth2Provider('forge', {
              ...(provider.oauth2 as Parameters<typeof oauth2Provider>[1]),
              ...{ apiBaseUrl: provider.api, scope: ['profile', 'offline_access'] },
            }),
          ],
          encryptionKeys: [{ id: 'bench', key: 'p0Zk3Vq9LmX2sTz7YwB1nR8cK5hJ4dPfAuEoiQxMrNw=' }],
          timeout: 30,
          grantCache,
        }),
      }),
    ],
  };
}

export function grantsOf(application: INestApplicationContext): OAuthGrants {
  return application.get(OAuthGrants, { strict: false });
}

/** What a text can hold of the options of a DataSource. */
export function withoutSchema({ entities: _entities, migrations: _migrations, ...options }: DataSourceOptions) {
  return options as DataSourceOptions;
}

export const ada = { kind: 'user', id: 'ada' } as const;
