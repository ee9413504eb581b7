import { Injectable, Module } from '@nestjs/common';
import { AuthModule, type AuthModuleOptions, type AuthOptionsFactory } from 'nest-latchkey';

@Injectable()
class AuthOptions implements AuthOptionsFactory {
  createAuthOptions(): AuthModuleOptions {
    return { jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! } };
  }
}

@Module({
  imports: [AuthModule.forRootAsync({ globalGuard: true, useClass: AuthOptions })],
})
export class ClassConfiguredModule {}
