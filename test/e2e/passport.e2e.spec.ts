import { Catch, Controller, Get, HttpException, Module, Options, Post, Req, UseGuards } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, ExecutionContext, INestApplication, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import passport, { type Strategy } from 'passport';
import {
  AuthConfigError,
  AuthModule,
  AuthService,
  CurrentToken,
  Public,
  RequireToken,
  RequireTokenGuard,
  Token,
  type AuthHooks,
  type AuthModuleOptions,
} from 'nest-latchkey';
import { jwtStrategy } from 'nest-latchkey/passport';
import {
  adapters,
  bearer,
  describeOnBoth,
  expectRefusal,
  issuer,
  rootModule,
  secret,
  sign,
  type Answer,
  type Api,
  type Request,
} from './fixture.js';

interface RequestWithUser {
  user?: unknown;
}

const about = (token: Token | null, { user }: RequestWithUser) => ({
  sub: token?.sub ?? null,
  location: token?.location ?? null,
  user: user instanceof Token ? { token: user.sub } : (user ?? null),
});

/** The same routes twice: with our decorator, and with the stock guard of @nestjs/passport. */
@Controller('ours')
class OursController {
  @RequireToken()
  @Get()
  read(@CurrentToken() token: Token, @Req() request: RequestWithUser) {
    return { ...about(token, request), user: null };
  }

  @RequireToken()
  @Post()
  write(@CurrentToken() token: Token) {
    return { sub: token.sub };
  }

  @RequireToken()
  @Options()
  options(@CurrentToken() token: Token | null) {
    return { sub: token?.sub ?? null };
  }
}

@UseGuards(AuthGuard('jwt'))
@Controller('stock')
class StockController {
  @Get()
  read(@CurrentToken() token: Token, @Req() request: RequestWithUser) {
    return { ...about(token, request), user: null };
  }

  @Post()
  write(@CurrentToken() token: Token) {
    return { sub: token.sub };
  }

  @Options()
  options(@CurrentToken() token: Token | null) {
    return { sub: token?.sub ?? null };
  }

  @Get('user')
  user(@CurrentToken() token: Token, @Req() request: RequestWithUser) {
    return about(token, request);
  }

  /** What `@Public()` says of other guards of ours opens nothing here. */
  @Public()
  @Get('public')
  open() {
    return {};
  }

  @RequireToken({ scope: { admin: true } })
  @Get('admin')
  admin(@CurrentToken() token: Token) {
    return { sub: token.sub };
  }
}

class JwtAuthGuard extends AuthGuard('jwt') {
  override handleRequest<User>(error: unknown, user: User): User {
    if (error !== null && error !== undefined) throw error;
    return { wrapped: user } as User;
  }
}

class CarelessGuard extends AuthGuard('jwt') {
  override getAuthenticateOptions() {
    return { session: false };
  }
}

@Controller('custom')
class CustomController {
  @UseGuards(JwtAuthGuard)
  @Get('extended')
  extended(@Req() { user }: { user: { wrapped: Token } }) {
    return { sub: user.wrapped.sub };
  }

  @UseGuards(CarelessGuard)
  @Get('careless')
  careless(@CurrentToken() token: Token) {
    return { sub: token.sub };
  }

  @UseGuards(AuthGuard(['jwt', 'nobody']))
  @Get('list')
  list(@CurrentToken() token: Token) {
    return { sub: token.sub };
  }
}

const controllers = [OursController, StockController, CustomController];
const providers = [jwtStrategy()];

/** Everything a client can see of an answer, but for the moment it was made. */
const seen = ({ status, headers: { date: _date, ...headers }, text }: Answer) => ({ status, headers, text });

/** Both routes answer alike. @returns the answer. */
async function sendToBoth(api: Api, method: string, query: string, request: Request): Promise<Answer> {
  const ours = await api.send(method, `/ours${query}`, { ...request, mayFail: true });
  const stock = await api.send(method, `/stock${query}`, { ...request, mayFail: true });
  expect(seen(stock)).toEqual(seen(ours));
  return stock;
}

const names: string[] = [];
const hooks: AuthHooks = {
  isRevoked: ({ sub }) => {
    if (sub === 'outage') throw new Error('no connection');
    return sub === 'listed';
  },
  verify: ({ sub }, context) => {
    names.push(context?.getHandler().name ?? 'none');
    return sub !== 'mallory';
  },
  loadUser: ({ sub }) => (sub === 'ghost' ? undefined : sub === 'zero' ? 0 : { name: sub }),
};

const everywhere: Partial<AuthModuleOptions> = {
  transport: { locations: ['header', 'query', 'cookie'] },
  cookies: { access: { name: 'access' }, slidingRefresh: { within: '10m', absolute: '1d' } },
  hooks,
};

type Presented = (api: Api) => string | Promise<string>;

describeOnBoth("AuthGuard('jwt')", { controllers, providers, options: everywhere }, (api) => {
  const good: Presented = () => api.auth.issueAccessToken('alice');

  it.each<[string, Presented, number | Parameters<typeof expectRefusal>[1]]>([
    ['a good token', good, 200],
    ['an expired one', () => api.expiredToken(), 'token_expired'],
    ['one of another type', () => api.auth.issueRefreshToken('alice'), 'wrong_token_type'],
    [
      'one of a type of the application',
      () => api.auth.issueAccessToken('alice', { type: 'mail' }),
      'wrong_token_type',
    ],
    ['a bad signature', async () => `${(await good(api)).slice(0, -4)}AAAA`, 'token_invalid'],
    ['another key', () => sign({ alg: 'HS256', typ: 'at+jwt' }, { iss: issuer }, 'other'), 'token_invalid'],
    ['alg none', () => api.token({}, { alg: 'none' }), 'token_invalid'],
    ['no exp', () => api.token({ exp: undefined }), 'token_invalid'],
    ['another issuer', () => api.token({ iss: 'https://elsewhere.example' }), 'token_invalid'],
    ['another audience', () => api.token({ aud: 'elsewhere' }), 'token_invalid'],
    ['no JWT', () => 'x', 'token_invalid'],
    ['a space inside', () => 'a b', 'malformed_request'],
    ['two tokens in one header', () => 'a, Bearer b', 'malformed_request'],
    ['one on the deny-list', () => api.auth.issueAccessToken('listed'), 'token_revoked'],
    ['one that hooks.verify rejects', () => api.auth.issueAccessToken('mallory'), 'token_rejected'],
    ['one of nobody', () => api.auth.issueAccessToken('ghost'), 'user_not_found'],
    ['one while the deny-list is away', () => api.auth.issueAccessToken('outage'), 'store_unavailable'],
    ['one whose user is falsy', () => api.auth.issueAccessToken('zero'), 200],
    [
      'a revoked one',
      async () => {
        const token = await good(api);
        await api.auth.revoke(token);
        return token;
      },
      'token_revoked',
    ],
  ])('answers as @RequireToken() to %s', async (_name, presented, expected) => {
    const answer = await sendToBoth(api, 'GET', '', { headers: bearer(await presented(api)) });
    if (typeof expected === 'number') expect([answer.status, answer.body['location']]).toEqual([expected, 'header']);
    else expectRefusal(answer, expected);
  });

  it('answers as @RequireToken() to what is no token in a header', async () => {
    const token = await good(api);
    const authorization = (...values: string[]) => values.map((value) => ['Authorization', value] as const);
    expectRefusal(await sendToBoth(api, 'GET', '', {}), 'token_missing');
    for (const value of ['', 'Basic YTpi', token])
      expectRefusal(await sendToBoth(api, 'GET', '', { headers: authorization(value) }), 'token_missing');
    for (const value of ['Bearer', 'Bearer '])
      expectRefusal(await sendToBoth(api, 'GET', '', { headers: authorization(value) }), 'malformed_request');
    const twice = authorization(`Bearer ${token}`, `Bearer ${token}`);
    expectRefusal(await sendToBoth(api, 'GET', '', { headers: twice }), 'malformed_request');
    expect((await sendToBoth(api, 'GET', '', { headers: authorization(`bearer ${token}`) })).status).toBe(200);
  });

  it('answers as @RequireToken() to a token in the URL, which it keeps out of caches', async () => {
    const token = await good(api);
    const answer = await sendToBoth(api, 'GET', `?access_token=${token}`, {});
    expect([answer.status, answer.body['location'], answer.headers['cache-control']]).toEqual([
      200,
      'query',
      'no-store',
    ]);
    expectRefusal(
      await sendToBoth(api, 'GET', `?access_token=${token}`, { headers: bearer(token) }),
      'malformed_request',
    );
    expectRefusal(await sendToBoth(api, 'GET', '?access_token=x', {}), 'token_invalid');
  });

  it('answers as @RequireToken() to a cookie: with its proof, without, and when it is about to expire', async () => {
    const token = await api.auth.issueAccessToken('alice', { fresh: true });
    const headers = [['Cookie', `access=${token}`]] as const;
    expectRefusal(await sendToBoth(api, 'POST', '', { headers }), 'csrf_failed');
    const proof = ['X-CSRF-Token', (await api.auth.csrfTokenOf(token))!] as const;
    expect((await sendToBoth(api, 'POST', '', { headers: [...headers, proof] })).status).toBe(201);

    expect((await api.send('GET', '/stock', { headers })).headers['set-cookie']).toBeUndefined();
    api.clock.advance(600);
    const slid = await api.send('GET', '/stock', { headers });
    expect(slid.headers['set-cookie']).toEqual(
      expect.arrayContaining([expect.stringMatching(/^access=ey/)]) as unknown as string[],
    );
  });

  it('puts what loadUser found into request.user, and shows hooks.verify the handler', async () => {
    names.length = 0;
    expect((await api.get('/stock/user', await good(api))).body).toEqual({
      sub: 'alice',
      location: 'header',
      user: { name: 'alice' },
    });
    expect(names).toEqual(['user']);
  });

  it('asks for a token where @Public() stands, and beside @RequireToken() both ask', async () => {
    expectRefusal(await api.get('/stock/public'), 'token_missing');
    expect((await api.get('/stock/public', await good(api))).status).toBe(200);

    expectRefusal(await api.get('/stock/admin'), 'token_missing');
    expectRefusal(await api.get('/stock/admin', await good(api)), 'insufficient_scope');
    const admin = await api.auth.issueAccessToken('alice', { scope: { admin: true } });
    expect((await api.get('/stock/admin', admin)).body).toEqual({ sub: 'alice' });
  });

  it.each(['extended', 'careless', 'list'])('refuses and accepts alike behind a guard of the kind %s', async (kind) => {
    const ours = await api.get('/ours');
    const custom = await api.get(`/custom/${kind}`);
    expect(seen(custom)).toEqual(seen(ours));
    expectRefusal(await api.get(`/custom/${kind}`, await api.expiredToken()), 'token_expired');
    const token = await api.auth.issueAccessToken('zero');
    expect((await api.get(`/custom/${kind}`, token)).body).toEqual({ sub: 'zero' });
    expectRefusal(await api.get(`/custom/${kind}`, await api.auth.issueAccessToken('mallory')), 'token_rejected');
  });
});

describeOnBoth("AuthGuard('jwt') without hooks", { controllers, providers }, (api) => {
  it('puts the Token into request.user', async () => {
    const { body } = await api.get('/stock/user', await api.auth.issueAccessToken('alice'));
    expect(body['user']).toEqual({ token: 'alice' });
  });

  it('asks for a token of OPTIONS too', async () => {
    expectRefusal(await sendToBoth(api, 'OPTIONS', '', {}), 'token_missing');
  });
});

const exempt = { guard: { exemptMethods: ['OPTIONS'] } };
describeOnBoth("AuthGuard('jwt') with exempt methods", { controllers, providers, options: exempt }, (api) => {
  it('lets those through that the guard lets through, and no others', async () => {
    const answer = await sendToBoth(api, 'OPTIONS', '', {});
    expect([answer.status, answer.body]).toEqual([200, { sub: null }]);
    expectRefusal(await sendToBoth(api, 'GET', '', {}), 'token_missing');
  });
});

/** As many applications have one: it knows HttpExceptions, and everything else is a failure. */
@Catch()
class CatchAllFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = host.switchToHttp().getRequest<{ adapters: HttpAdapterHost }>().adapters;
    const [status, body] = error instanceof HttpException ? [error.getStatus(), error.getResponse()] : [500, {}];
    httpAdapter.reply(host.switchToHttp().getResponse(), body, status);
  }
}
const withCatchAll: Provider[] = [
  ...providers,
  { provide: APP_FILTER, useClass: CatchAllFilter },
  {
    provide: APP_GUARD,
    inject: [HttpAdapterHost],
    useFactory: (adapters_: HttpAdapterHost) => ({
      canActivate: (context: ExecutionContext) =>
        Object.assign(context.switchToHttp().getRequest(), { adapters: adapters_ }),
    }),
  },
];
describeOnBoth("AuthGuard('jwt') below a catch-all filter", { controllers, providers: withCatchAll }, (api) => {
  it('is refused by an HttpException, as by the guard', async () => {
    expectRefusal(await sendToBoth(api, 'GET', '', {}), 'token_missing');
    expectRefusal(await sendToBoth(api, 'GET', '', { headers: bearer('x') }), 'token_invalid');
  });
});

const globally = [...providers, { provide: APP_GUARD, useClass: AuthGuard('jwt') }];
describeOnBoth("AuthGuard('jwt') as the global guard", { controllers, providers: globally }, (api) => {
  it('is refused and accepted alike', async () => {
    expectRefusal(await sendToBoth(api, 'GET', '', {}), 'token_missing');
    const token = await api.auth.issueAccessToken('alice');
    expect((await sendToBoth(api, 'GET', '', { headers: bearer(token) })).status).toBe(200);
  });
});

describe.each(adapters)('the name of the strategy (%s)', (adapter) => {
  const running: INestApplication[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
    expect(registered('jwt')).toBeUndefined();
  });

  /** An application of its own key, with the stock guard under that name. */
  async function boot(providers_: Provider[], { key = secret, name = 'jwt' } = {}): Promise<INestApplication> {
    @Controller()
    class GuardedController {
      @UseGuards(AuthGuard(name))
      @Get('guarded')
      read(@CurrentToken('sub') sub: string) {
        return { sub };
      }
    }
    @Module({
      imports: [AuthModule.forRoot({ jwt: { issuer, secret: key } })],
      controllers: [GuardedController],
      providers: providers_,
    })
    class Root {}
    const server = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create(Root, server as never, { logger: false, abortOnError: false });
    running.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const get = async (app: INestApplication, token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${await app.getUrl()}/guarded`, { headers })).status;
  };
  const tokenOf = (app: INestApplication) => app.get(AuthService).issueAccessToken('alice');

  it('is registered only when asked, and given back', async () => {
    const without = await boot([]);
    expect(registered('jwt')).toBeUndefined();
    expect(await get(without, await tokenOf(without))).toBe(500);

    const app = await boot([jwtStrategy()]);
    expect(registered('jwt')).toBeDefined();
    const stock = Reflect.get(AuthGuard('jwt').prototype, 'getAuthenticateOptions');
    await app.close();
    expect(registered('jwt')).toBeUndefined();
    expect(Reflect.get(AuthGuard('jwt').prototype, 'getAuthenticateOptions')).not.toBe(stock);
    const next = await boot([jwtStrategy()]);
    expect(await get(next, await tokenOf(next))).toBe(200);
  });

  it('stops the boot when somebody else has it', async () => {
    const theirs = { authenticate() {} } as Strategy;
    passport.use('jwt', theirs);
    try {
      await expect(boot([jwtStrategy()])).rejects.toThrow(AuthConfigError);
      await expect(boot([jwtStrategy()])).rejects.toThrow(/taken by another strategy.*choose another name/);
    } finally {
      await Promise.all(running.splice(0).map((app) => app.close()));
      expect(registered('jwt')).toBe(theirs);
      passport.unuse('jwt');
    }
    await expect(boot([jwtStrategy('session')])).rejects.toThrow(AuthConfigError);
  });

  it('stops the boot when a running application has it, and the running one goes on', async () => {
    const first = await boot([jwtStrategy()]);
    await expect(boot([jwtStrategy()], { key: `${secret}2` })).rejects.toThrow(/still runs.*choose another name/);
    await running.pop()!.close();
    expect(await get(first, await tokenOf(first))).toBe(200);
  });

  it('cannot be taken away by passport.use()', async () => {
    const app = await boot([jwtStrategy()]);
    const token = await tokenOf(app);
    const letEveryoneIn = {
      authenticate(this: { success(user: object): void }) {
        this.success({});
      },
    };
    expect(() => passport.use('jwt', letEveryoneIn as never)).toThrow(AuthConfigError);
    expect([await get(app, token), await get(app, 'x')]).toEqual([200, 401]);
  });

  it('lets two applications be decided each by its own module', async () => {
    const first = await boot([jwtStrategy()]);
    const second = await boot([jwtStrategy('other-jwt')], { key: `${secret}2`, name: 'other-jwt' });
    const [one, two] = [await tokenOf(first), await tokenOf(second)];
    expect([await get(first, one), await get(first, two)]).toEqual([200, 401]);
    expect([await get(second, one), await get(second, two)]).toEqual([401, 200]);
  });

  it('decides about no request of an application that did not ask for it', async () => {
    const first = await boot([jwtStrategy()]);
    const second = await boot([], { key: `${secret}2` });
    expect([await get(second, await tokenOf(first)), await get(second, await tokenOf(second))]).toEqual([500, 500]);
  });

  it('is a text', () => {
    expect(() => jwtStrategy('')).toThrow(AuthConfigError);
    expect(() => jwtStrategy(1 as never)).toThrow(AuthConfigError);
  });
});

it.each([null, undefined, true, {}])('takes %p of the guard for no decision, and lets nobody in', async (decision) => {
  const refuse = (error: unknown) => {
    throw error;
  };
  const root = rootModule({ controllers, providers });
  const module = await Test.createTestingModule({ imports: [root] })
    .overrideProvider(RequireTokenGuard)
    .useValue({ authenticate: () => decision, refuse })
    .compile();
  const app = module.createNestApplication(new FastifyAdapter() as never, { logger: false });
  await app.listen(0, '127.0.0.1');
  try {
    expect((await fetch(`${await app.getUrl()}/stock`)).status).toBe(401);
  } finally {
    await app.close();
  }
});

it('is not registered by a context without HTTP', async () => {
  @Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret } })], providers: [jwtStrategy()] })
  class Root {}
  const context = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  expect(registered('jwt')).toBeUndefined();
  await context.close();
});

function registered(name: string): unknown {
  return (Reflect.get(passport, '_strategies') as Record<string, unknown>)[name];
}
