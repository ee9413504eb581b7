import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nest-latchkey';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env['DATABASE_URL'] ?? '',
      entities: authEntities,
      migrations: authMigrations,
    }),
    AuthModule.forRoot({
      jwt: {
        issuer: 'https://api.example.com',
        managedKeys: {
          // `openssl rand -base64 32`; the first encrypts, all of them decrypt
          encryptionKeys: [{ id: '2026', key: process.env['AUTH_ENCRYPTION_KEY'] ?? '' }],
          rotateEvery: '30d',
        },
      },
      stores: typeormStores(),
    }),
  ],
})
export class AppModule {}
