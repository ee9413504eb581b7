import { Injectable, Module } from '@nestjs/common';
import { AuthModule } from 'nest-latchkey';

@Injectable()
class Configuration {
  readonly issuer = 'https://api.example.com';
  readonly authSecret = process.env['AUTH_SECRET']!;
}

@Module({ providers: [Configuration], exports: [Configuration] })
class ConfigurationModule {}

@Module({
  imports: [
    AuthModule.forRootAsync({
      globalGuard: true,
      imports: [ConfigurationModule],
      inject: [Configuration],
      useFactory: ({ issuer, authSecret }: Configuration) => ({ jwt: { issuer, secret: authSecret } }),
    }),
  ],
})
export class ConfiguredModule {}
