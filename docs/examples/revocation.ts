import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nest-latchkey';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: 'app.sqlite',
      entities: [...authEntities],
      migrations: [...authMigrations],
      migrationsRun: true,
    }),
    AuthModule.forRoot({
      jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
      stores: typeormStores(),
    }),
  ],
})
export class DurableModule {}
