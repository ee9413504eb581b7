import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthService, CurrentToken, RequireToken, type Token } from 'nest-latchkey';
import { typeormStores } from 'nest-latchkey/typeorm';
import { issuer, secret, subject } from '../../guard/tokens.js';
import { engines } from '../engines.js';

/** What the server says once it listens: two tokens that its guarded route takes. */
export interface Listening {
  readonly url: string;
  /** Of a session that was refreshed: its first use, which is one write, has been. */
  readonly session: string;
  readonly stateless: string;
}

@Controller('notes')
class NotesController {
  @RequireToken({ scope: { admin: true } })
  @Get()
  list(@CurrentToken() token: Token): { sub: string | undefined } {
    return { sub: token.sub };
  }
}

const database = await engines.sqlite();

@Module({
  imports: [
    TypeOrmModule.forRoot(database.options),
    AuthModule.forRoot({ jwt: { issuer, secret }, stores: typeormStores() }),
  ],
  controllers: [NotesController],
})
class NotesModule {}

/** On Fastify: beside Express a difference between two tokens would be lost. */
const app = await NestFactory.create(NotesModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
const auth = app.get(AuthService);
const options = { scope: { admin: true } };
const first = await auth.createSession(subject, options);
const { access_token: session } = await auth.refreshSession(first.refresh_token);
await auth.verify(session);
const stateless = await auth.issueAccessToken(subject, options);

process.on('disconnect', () => void app.close().then(database.drop));
process.send!({ url: `${await app.getUrl()}/notes`, session, stateless } satisfies Listening);
