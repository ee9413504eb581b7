import { Controller, Get, Module, Post, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AuthModule,
  AuthService,
  Clock,
  CurrentSession,
  CurrentToken,
  CurrentUser,
  Public,
  RequestSession,
  RequireToken,
  RequireTokenGuard,
  Token,
  type AuthModuleExtras,
} from 'nest-latchkey';
import {
  AuthTestingModule,
  mockToken,
  signTestToken,
  StubGuard,
  TestClock,
  type AuthTestingOptions,
} from 'nest-latchkey/testing';
import { adapters, issuer, secret, type Adapter } from './fixture.js';

const start = Date.UTC(2026, 6, 1);

@Controller()
class NotesController {
  @RequireToken()
  @Get('notes')
  notes(@CurrentToken() token: Token) {
    return { sub: token.sub, claims: token.claims };
  }

  @RequireToken({ scope: { admin: true } })
  @Post('admin')
  admin(@CurrentToken('sub') sub: string, @CurrentUser('name') name: string | null) {
    return { sub, name };
  }

  @RequireToken({ optional: true })
  @Get('optional')
  optional(@CurrentToken() token: Token | null) {
    return { sub: token?.sub ?? null };
  }

  @RequireToken({ session: true })
  @Get('session')
  session(@CurrentSession() session: RequestSession) {
    return session;
  }

  @RequireToken({ type: 'refresh' })
  @Get('refresh')
  refresh() {
    return {};
  }

  @Public()
  @Get('public')
  open() {
    return {};
  }
}

interface Setting {
  extras?: AuthModuleExtras;
  guard?: StubGuard;
  /** Replace the guard as a provider, as `globalGuard` wants it. */
  asProvider?: boolean;
}

async function boot(adapter: Adapter, clock: TestClock, { extras = {}, guard, asProvider = false }: Setting = {}) {
  @Module({
    imports: [
      AuthModule.forRoot({
        jwt: { issuer, secret },
        hooks: { loadUser: ({ sub }) => ({ name: sub }) },
        ...extras,
      }),
    ],
    controllers: [NotesController],
  })
  class Root {}
  const builder = Test.createTestingModule({ imports: [Root] })
    .overrideProvider(Clock)
    .useValue(clock);
  if (guard !== undefined) {
    const target = asProvider ? builder.overrideProvider(RequireTokenGuard) : builder.overrideGuard(RequireTokenGuard);
    target.useValue(guard);
  }
  const server = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = (await builder.compile()).createNestApplication(server as never, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app as INestApplication;
}

async function send(app: INestApplication, method: string, path: string, token?: string) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch((await app.getUrl()) + path, { method, headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, any> };
}

it('stands still until it is told to move', () => {
  const clock = new TestClock(new Date(start));
  expect(clock.now()).toBe(start);
  clock.advance('5m');
  clock.advance(30);
  expect(clock.now()).toBe(start + 330_000);
  clock.set(start);
  expect(clock.now()).toBe(start);
  expect(() => clock.advance('soon' as never)).toThrow(TypeError);
  expect(Math.abs(new TestClock().now() - Date.now())).toBeLessThan(5_000);
});

describe.each(adapters)('tokens for tests (%s)', (adapter) => {
  const clock = new TestClock(start);
  let app: INestApplication;
  beforeAll(async () => (app = await boot(adapter, clock)));
  beforeEach(() => clock.set(start));
  afterAll(() => app.close());

  const answerTo = async (options: Parameters<typeof signTestToken>[2], path = '/notes') => {
    const { status, body } = await send(app, 'GET', path, await signTestToken(app, 'alice', options));
    return body['errorCode'] ?? status;
  };

  it('are good when nothing is said', async () => {
    const token = await signTestToken(app, 'alice');
    expect(await send(app, 'GET', '/notes', token)).toMatchObject({ status: 200, body: { sub: 'alice' } });
    expect(await answerTo({ type: 'refresh' }, '/refresh')).toBe(200);
    const admin = await signTestToken(app, 'alice', { scope: { admin: true }, claims: { plan: 'pro' } });
    expect(await send(app, 'POST', '/admin', admin)).toMatchObject({ status: 201, body: { name: 'alice' } });
    expect(app.get(AuthService).decodeUnverified(admin).claims).toMatchObject({ plan: 'pro', iat: start / 1000 });
  });

  it.each([
    ['without exp', { omit: ['exp'] }, 'token_invalid'],
    ['without a subject', { omit: ['sub'] }, 'token_invalid'],
    ['of another issuer', { claims: { iss: 'https://elsewhere.example' } }, 'token_invalid'],
    ['with a list as the subject', { claims: { sub: ['alice'] } }, 'token_invalid'],
    ['for another audience', { claims: { aud: 'elsewhere' } }, 'token_invalid'],
    ['of another type', { type: 'refresh' }, 'wrong_token_type'],
    ['that says another typ than type', { header: { typ: 'rt+jwt' } }, 'token_invalid'],
    ['with crit', { header: { crit: ['exp'] } }, 'token_invalid'],
    ['with another alg', { header: { alg: 'none' } }, 'token_invalid'],
    ['with an unknown kid', { header: { kid: 'unknown' } }, 'token_invalid'],
    ['expired a minute ago', { expiresIn: -60 }, 'token_expired'],
    ['that lasts a minute', { expiresIn: '1m' }, 200],
    ['signed by a stranger', { key: { algorithm: 'HS256', key: `${secret}!` } }, 'token_invalid'],
  ] as const)('%s', async (_name, options, expected) => {
    expect(await answerTo(options)).toBe(expected);
  });

  it('expire with the clock', async () => {
    const token = await signTestToken(app, 'alice', { expiresIn: '1m' });
    clock.advance(59);
    expect((await send(app, 'GET', '/notes', token)).status).toBe(200);
    clock.advance(10);
    expect((await send(app, 'GET', '/notes', token)).body['errorCode']).toBe('token_expired');
    await expect(signTestToken(app, 'alice', { expiresIn: 'soon' as never })).rejects.toThrow(TypeError);
  });
});

describe.each(adapters)('a module for tests (%s)', (adapter) => {
  const opened: INestApplication[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((app) => app.close())));

  async function open(options: AuthTestingOptions = {}): Promise<INestApplication> {
    const hooks = { loadUser: ({ sub }: Token) => ({ name: sub }) };
    const imports = [AuthTestingModule.forRoot({ hooks, ...options })];
    const testing = await Test.createTestingModule({ imports, controllers: [NotesController] }).compile();
    const server = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app: INestApplication = testing.createNestApplication(server as never, { logger: false });
    opened.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  it('guards a controller with a key of its own', async () => {
    const [app, other] = [await open(), await open({ jwt: { secret: undefined } })];
    const token = await signTestToken(app, 'alice');
    expect(await send(app, 'GET', '/notes', token)).toMatchObject({ status: 200, body: { sub: 'alice' } });
    expect((await send(app, 'GET', '/notes')).status).toBe(401);
    expect((await send(app, 'POST', '/admin', token)).status).toBe(403);
    expect((await send(other, 'GET', '/notes', token)).body['errorCode']).toBe('token_invalid');
    expect(await app.get(AuthService).verify(token)).toMatchObject({ claims: { iss: 'https://test.example' } });
  });

  it('has a clock that stands still', async () => {
    const app = await open();
    const token = await signTestToken(app, 'alice');
    expect(app.get(Clock)).toBe(app.get(TestClock));
    app.get(TestClock).advance('14m');
    expect((await send(app, 'GET', '/notes', token)).status).toBe(200);
    app.get(TestClock).advance('2m');
    expect((await send(app, 'GET', '/notes', token)).body['errorCode']).toBe('token_expired');
  });

  it('takes what AuthModule takes', async () => {
    const clock = new TestClock(start);
    const hooks = { loadUser: ({ sub }: Token) => ({ name: sub.toUpperCase() }) };
    const app = await open({ jwt: { issuer, secret, accessTokenLifetime: '1m' }, globalGuard: true, hooks, clock });
    const token = await signTestToken(app, 'alice', { scope: { admin: true } });
    expect((await send(app, 'POST', '/admin', token)).body).toEqual({ sub: 'alice', name: 'ALICE' });
    expect((await send(app, 'GET', '/nowhere')).status).toBe(404);
    const { claims } = app.get(AuthService).decodeUnverified(token);
    expect(claims).toMatchObject({ iss: issuer, iat: start / 1000, exp: start / 1000 + 60 });
    expect(() => AuthTestingModule.forRoot({ globalGuard: 'yes' as never })).toThrow(/globalGuard: must be true/);
  });
});

describe.each(adapters)('a stub of the guard (%s)', (adapter) => {
  const settings: [string, Setting][] = [
    ['on decorated routes', {}],
    ['in place of the global guard', { extras: { globalGuard: true }, asProvider: true }],
  ];

  it.each(settings)('lets in whom the test names, %s', async (_name, setting) => {
    const guard = new StubGuard(mockToken({ sub: 'alice', plan: 'pro' }), { name: 'Alice' });
    const app = await boot(adapter, new TestClock(start), { ...setting, guard });
    try {
      expect(await send(app, 'GET', '/notes')).toEqual({
        status: 200,
        body: { sub: 'alice', claims: { sub: 'alice', plan: 'pro' } },
      });
      expect((await send(app, 'POST', '/admin')).body).toEqual({ sub: 'alice', name: 'Alice' });

      const claims = { sub: 'alice', sid: 'one', tid: 'acme' };
      guard.token = mockToken(claims);
      const session = { id: 'one', subject: 'alice', tenant: 'acme', claims };
      expect((await send(app, 'GET', '/session')).body).toEqual(session);

      guard.token = mockToken({ sub: 'bob' });
      expect((await send(app, 'GET', '/optional')).body).toEqual({ sub: 'bob' });

      guard.token = null;
      expect((await send(app, 'GET', '/notes')).body).toMatchObject({ statusCode: 401, errorCode: 'token_missing' });
      expect((await send(app, 'GET', '/optional')).body).toEqual({ sub: null });
      expect((await send(app, 'GET', '/public')).status).toBe(200);
    } finally {
      await app.close();
    }
  });

  it('leaves AuthService as it is, unless it stands for the global guard', async () => {
    const guard = new StubGuard(mockToken({ sub: 'alice' }));
    const app = await boot(adapter, new TestClock(start), { guard });
    const global = await boot(adapter, new TestClock(start), { ...settings[1]![1], guard });
    try {
      const token = await signTestToken(app, 'carol');
      expect((await app.get(AuthService).verify(token)).sub).toBe('carol');
      await expect(global.get(AuthService).verify(token)).rejects.toMatchObject({ code: 'unsupported_context' });
    } finally {
      await app.close();
      await global.close();
    }
  });
});

it('makes a token that cannot be changed and is of no use elsewhere', async () => {
  const token = mockToken({ sub: 'alice', jti: '1' }, { type: 'refresh', location: 'cookie', header: { kid: 'k' } });
  expect(token).toBeInstanceOf(Token);
  expect([token.sub, token.type, token.location, token.jti, token.header.kid]).toEqual([
    'alice',
    'refresh',
    'cookie',
    '1',
    'k',
  ]);
  expect(Object.isFrozen(token.claims)).toBe(true);
  const app = await boot('express', new TestClock(start));
  try {
    expect((await send(app, 'GET', '/notes', token.raw)).status).toBe(401);
  } finally {
    await app.close();
  }
});
