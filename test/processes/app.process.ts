/**
 * An application of the library as a process of its own: over HTTP for clients, and over IPC for the test, which calls
 * AuthService, sets the clock, and has the process killed between two statements.
 */
import {
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  Post,
  Body,
  Req,
  Res,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthError, AuthModule, AuthService, Clock, CurrentToken, Public, RequireToken, Token } from 'nest-latchkey';
import { redisFanOut } from 'nest-latchkey/redis';
import { authEntities, authMigrations, typeormStores } from 'nest-latchkey/typeorm';
import type { AuthStores } from 'nest-latchkey';
import type { DataSourceOptions } from 'typeorm';
import type { Answer, Command, ProcessOptions } from './app.messages.js';

const options = JSON.parse(process.argv[2]!) as ProcessOptions;

/** The machine's time, and what the test has added. */
class ShiftedClock extends Clock {
  offset = options.clockOffset ?? 0;
  now(): number {
    return Date.now() + this.offset;
  }
}
const clock = new ShiftedClock();

/** The statements left until the process is to die, and whether the last one is still to be done. */
let death: { statements: number; isDone: boolean } | undefined;
const events: string[] = [];

/** Stores whose process can be killed before and after each statement, as by the machine's end: nothing is cleaned up. */
function mortal(stores: AuthStores): AuthStores {
  const die = () => process.kill(process.pid, 'SIGKILL');
  const watched = <Store extends object>(store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        // the poll asks whenever it likes
        if (name === 'list' || name === 'prune') return member.bind(target) as unknown;
        return async (...args: unknown[]): Promise<unknown> => {
          const isLast = death !== undefined && (death.statements -= 1) === 0;
          if (isLast && !death!.isDone) die();
          const answer: unknown = await Reflect.apply(member, target, args);
          if (isLast) die();
          return answer;
        };
      },
    });
  return {
    ...stores,
    create: (instances) => {
      const made = stores.create(instances);
      return { ...made, revocations: watched(made.revocations!), sessions: watched(made.sessions!) };
    },
  };
}

@Controller()
class SessionsController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  logIn(
    @Body() { subject, tenant }: { subject: string; tenant?: string },
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    return this.auth.createSession(subject, tenant === undefined ? {} : { tenant }, { request, response });
  }

  @RequireToken()
  @Get('me')
  me(@CurrentToken() token: Token) {
    return { sub: token.sub, sid: token.sid };
  }

  @RequireToken({ revocation: 'store' })
  @Get('careful')
  careful(@CurrentToken() token: Token) {
    return { sub: token.sub };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      ...(options.database as DataSourceOptions),
      entities: authEntities,
      migrations: authMigrations,
      retryAttempts: 0,
    }),
    AuthModule.forRoot({
      jwt: { issuer: 'https://api.example.com', secret: options.secret, clockTolerance: 60 },
      publicUrl: 'http://127.0.0.1:3000',
      session: {},
      stores: mortal(typeormStores()),
      revocation: {
        ...options.revocation,
        ...(options.redisUrl !== undefined && { fanOut: redisFanOut(options.redisUrl) }),
      },
      hooks: { onEvent: (name) => void events.push(name) },
    }),
  ],
  controllers: [SessionsController],
})
class ProcessModule {}

/** A module that has the clock of the test in place of the system's. */
async function start(root: Type): Promise<INestApplication> {
  // a process that dies often comes up sooner with one of them
  const adapter =
    options.adapter === 'fastify'
      ? new (await import('@nestjs/platform-fastify')).FastifyAdapter()
      : new (await import('@nestjs/platform-express')).ExpressAdapter();
  const app = await NestFactory.create(root, adapter, { logger: ['error', 'warn'], abortOnError: false });
  app.get(Clock).now = () => clock.now();
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  return app;
}

const app = await start(ProcessModule);
const auth = app.get(AuthService);

const commands: Record<Command['name'], (...args: never[]) => unknown> = {
  create: (subject: string, tenant?: string) => auth.createSession(subject, tenant === undefined ? {} : { tenant }),
  refresh: (token: string) => auth.refreshSession(token),
  use: async (token: string) => (await auth.verify(token)).sub,
  ask: async (token: string) => (await auth.verify(token, { revocation: 'store' })).sub,
  session: (id: string) => auth.getSession(id),
  revokeSession: (id: string) => auth.revokeSession(id),
  revokeSessions: (selection: { subject: string }) => auth.revokeSessions(selection),
  revokeAll: (subject: string) => auth.revokeAll(subject),
  issue: (subject: string) => auth.issueTokens(subject),
  revoke: (token: string) => auth.revoke(token),
  events: () => events,
  setClock: (offset: number) => void (clock.offset = offset),
  dieAt: (statements: number, isDone: boolean) => void (death = { statements, isDone }),
};

process.on('message', ({ id, name, args }: Command) => {
  void Promise.resolve()
    .then(() => commands[name](...(args as never[])))
    .then(
      (value): Answer => ({ id, value }),
      (error: unknown): Answer => ({ id, error: describe(error) }),
    )
    .then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());
process.send!({ ready: Number(new URL(await app.getUrl()).port) });

function describe(error: unknown) {
  if (!(error instanceof AuthError)) return { code: `not an AuthError: ${String(error)}`, statusCode: 0 };
  return { code: error.code, statusCode: error.statusCode, retryAfter: error.retryAfter };
}
