import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { AuthModule } from 'nest-latchkey';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    AuthModule.forRootAsync({
      globalGuard: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        jwt: {
          issuer: config.getOrThrow<string>('AUTH_ISSUER'),
          secret: config.getOrThrow<string>('AUTH_SECRET'),
          accessTokenLifetime: config.get<number | `${number}m`>('ACCESS_TOKEN_LIFETIME'),
        },
      }),
    }),
  ],
})
export class ConfiguredByServiceModule {}
