/** An application that logs in by PLAINTEXT, as a process of its own: whom Node trusts is settled when it starts. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule } from 'nest-latchkey';
import { oauthLogin, type OAuthLogin } from 'nest-latchkey/passport';
import { oauth1Provider } from 'nest-latchkey/providers';

export interface TlsAppOptions {
  readonly adapter: 'express' | 'fastify';
  readonly port: number;
  /** Of the provider. */
  readonly origin: string;
  readonly consumerSecret: string;
}

const { adapter, port, origin, consumerSecret } = JSON.parse(process.argv[2]!) as TlsAppOptions;

@Module({
  imports: [
    AuthModule.forRoot({
      publicUrl: `http://127.0.0.1:${port}`,
      jwt: { issuer: 'https://api.example.com', secret: 'oauth1: 6mQ2vX9fT4kZ8wB1nR7cY5hJ3sD0pLgA/uEoKiVtCxMqNzWb' },
      session: {},
      hooks: { oauthUser: ({ identity }: OAuthLogin) => ({ user: identity.subject }) },
      oauth: oauthLogin({
        providers: [
          oauth1Provider('plaintext', {
            requestTokenEndpoint: `${origin}/request_token`,
            authorizationEndpoint: `${origin}/authorize`,
            accessTokenEndpoint: `${origin}/access_token`,
            userinfoEndpoint: `${origin}/me`,
            identity: { subject: 'id' },
            consumerKey: 'plaintext',
            consumerSecret,
            signatureMethod: 'PLAINTEXT',
          }),
        ],
      }),
    }),
  ],
})
class TlsModule {}

const http =
  adapter === 'fastify'
    ? new (await import('@nestjs/platform-fastify')).FastifyAdapter()
    : new (await import('@nestjs/platform-express')).ExpressAdapter();
const app = await NestFactory.create(TlsModule, http, { logger: false, abortOnError: false });
await app.listen(port, '127.0.0.1');
process.on('disconnect', () => process.exit());
process.send!('ready');
