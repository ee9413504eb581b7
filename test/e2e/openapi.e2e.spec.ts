import { All, Body, Controller, Get, Module, Param, Post, UseGuards, VersioningType } from '@nestjs/common';
import type { CanActivate, INestApplication, Type } from '@nestjs/common';
import { APP_GUARD, NestFactory, RouterModule } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  anyOf,
  defineClaim,
  AuthModule,
  AuthService,
  param,
  Public,
  query,
  RequireToken,
  RequireTokenGuard,
  type AuthModuleExtras,
  type AuthModuleOptions,
} from 'nest-latchkey';
import { describeSecurity } from 'nest-latchkey/openapi';
import { adapters, issuer, secret, type Adapter } from './fixture.js';

type Json = Record<string, any>;
type Options = Partial<AuthModuleOptions & AuthModuleExtras>;

class NoteDto {
  @ApiProperty()
  text!: string;
}

@Controller('plain')
class PlainController {
  @Get('open')
  open() {
    return {};
  }

  @Public()
  @Get('public')
  isPublic() {
    return {};
  }

  @RequireToken()
  @ApiOperation({ description: 'All notes.' })
  @Get('notes')
  notes() {
    return [];
  }

  @RequireToken()
  @Post('notes')
  write(@Body() note: NoteDto) {
    return note;
  }

  @RequireToken({ optional: true })
  @Get('optional')
  optional() {
    return {};
  }

  @UseGuards(RequireTokenGuard)
  @Get('guard-only')
  guardOnly() {
    return {};
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('passport')
  passport() {
    return {};
  }

  @RequireToken()
  @All('everything')
  everything() {
    return {};
  }

  @RequireToken()
  @Get(['files/:name', 'folders/:folder/*'])
  files() {
    return {};
  }
}

const roles = defineClaim<string[]>({ key: 'roles', fetch: () => ['reader'] });

@RequireToken({ scope: { admin: true } })
@Controller('users/:username')
class UsersController {
  @Get()
  read() {
    return {};
  }

  @RequireToken({ sub: param('username'), override: { admin: true } })
  @Get('profile')
  profile(@Param('username') username: string) {
    return { username };
  }

  @RequireToken({ scope: 'notes:read notes:write', fresh: '5m', claims: { plan: anyOf('pro', 'team') } })
  @ApiResponse({ status: 403, description: 'Not for you.' })
  @Get('strict')
  strict() {
    return {};
  }

  @RequireToken({ claims: { tenant: query('tenant') }, verify: () => true, type: 'refresh' })
  @Post('renew')
  renew() {
    return {};
  }

  @RequireToken({ session: true })
  @Get('session')
  session() {
    return {};
  }

  @RequireToken({ session: { claims: [roles.includes('admin'), roles.excludes('guest')] } })
  @Get('roles')
  roles() {
    return {};
  }

  @Public()
  @Get('avatar')
  avatar() {
    return {};
  }
}

@Module({ controllers: [UsersController] })
class UsersModule {}

async function start(
  adapter: Adapter,
  { options = {}, root = {}, setUp }: { options?: Options; root?: Json; setUp?: (app: INestApplication) => void } = {},
): Promise<INestApplication> {
  const session = { ...(options.session ?? { transfer: 'header' }), claims: [roles] };
  @Module({
    imports: [
      AuthModule.forRoot({ jwt: { issuer, secret }, ...options, session } as AuthModuleOptions),
      UsersModule,
      RouterModule.register([{ path: 'api', module: UsersModule }]),
    ],
    controllers: [PlainController],
    ...root,
  })
  class Root {}
  const server = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(Root, server as never, { logger: false, abortOnError: false });
  setUp?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

function documentOf(app: INestApplication, options: Json = {}): Json {
  const config = new DocumentBuilder().setTitle('test').setVersion('1').build();
  return describeSecurity(app, SwaggerModule.createDocument(app, config, options));
}

async function documentFor(adapter: Adapter, setting: Parameters<typeof start>[1] = {}): Promise<Json> {
  const app = await start(adapter, setting);
  try {
    return documentOf(app);
  } finally {
    await app.close();
  }
}

describe.each(adapters)('the OpenAPI document (%s)', (adapter) => {
  let app: INestApplication;
  let document: Json;
  const at = (path: string, method = 'get'): Json => document['paths'][path][method];

  beforeAll(async () => {
    app = await start(adapter);
    document = documentOf(app);
  });
  afterAll(() => app.close());

  it.each([
    ['get', '/plain/notes', 'Requires: an access token'],
    ['post', '/plain/notes', 'Requires: an access token'],
    ['get', '/plain/guard-only', 'Requires: an access token'],
    ['get', '/plain/files/{name}', 'Requires: an access token'],
    ['get', '/plain/folders/{folder}/{path}', 'Requires: an access token'],
    ['get', '/plain/everything', 'Requires: an access token'],
    ['delete', '/plain/everything', 'Requires: an access token'],
    ['get', '/plain/optional', 'Optional token: an access token'],
    ['get', '/api/users/{username}', 'Requires: scope admin'],
    [
      'get',
      '/api/users/{username}/profile',
      'Requires: claims { sub: path parameter username }; or claims { admin: true }',
    ],
    [
      'get',
      '/api/users/{username}/strict',
      'Requires: an authentication in the last 300 s; claims { plan: "pro" or "team" }; scope notes:read notes:write',
    ],
    ['get', '/api/users/{username}/session', 'Requires: a session'],
    ['get', '/api/users/{username}/roles', 'Requires: a session, its claims roles'],
    [
      'post',
      '/api/users/{username}/renew',
      "Requires: a refresh token; claims { tenant: query parameter tenant }; the application's own check",
    ],
  ])('says at %s %s: %s', (method, path, line) => {
    const operation = at(path, method);
    expect(operation['description'].split('\n\n').at(-1)).toBe(line);
    const optional = line.startsWith('Optional') ? [{}] : [];
    expect(operation['security']).toEqual([{ bearer: [] }, ...optional]);
    expect(operation['responses']['401'].description).toContain('WWW-Authenticate: `Bearer');
  });

  it.each(['/plain/open', '/plain/public', '/api/users/{username}/avatar', '/.well-known/jwks.json'])(
    'says that %s is open',
    (path) => {
      expect(at(path)['security']).toEqual([]);
      expect(at(path)).not.toHaveProperty('x-required-token');
      expect(at(path)['responses']).not.toHaveProperty('401');
    },
  );

  it('leaves an operation alone that a guard of somebody else guards', () => {
    expect(at('/plain/passport')).not.toHaveProperty('security');
    expect(at('/plain/passport')).not.toHaveProperty('x-required-token');
  });

  it('keeps what the application wrote itself', () => {
    expect(at('/plain/notes')['description']).toBe('All notes.\n\nRequires: an access token');
    expect(at('/api/users/{username}/strict')['responses']['403']).toMatchObject({ description: 'Not for you.' });
  });

  it('names the challenge of a 403, only where one can happen', () => {
    expect(at('/api/users/{username}')['responses']['403'].description).toContain(
      'Bearer error="insufficient_scope", scope="admin"',
    );
    expect(at('/plain/notes')['responses']).not.toHaveProperty('403');
    expect(at('/api/users/{username}/strict')['responses']['401'].description).toContain(
      'error="insufficient_user_authentication", max_age=300',
    );
  });

  it('says the same for machines', () => {
    expect(at('/api/users/{username}/profile')['x-required-token']).toEqual({
      type: 'access',
      locations: ['header'],
      claims: { sub: { from: 'path', name: 'username' } },
      override: [{ admin: true }],
    });
    expect(at('/api/users/{username}/strict')['x-required-token']).toMatchObject({
      fresh: 300,
      scope: 'notes:read notes:write',
      claims: { plan: { anyOf: ['pro', 'team'] } },
    });
    expect(at('/api/users/{username}/session')['x-required-token']).toMatchObject({ session: true });
    expect(at('/api/users/{username}/session')['responses']).not.toHaveProperty('403');
    expect(at('/api/users/{username}/roles')['x-required-token']).toMatchObject({ session: { claims: ['roles'] } });
    expect(at('/api/users/{username}/roles')['responses']['403'].description).toContain('error="insufficient_scope"');
  });

  it('stays valid in shape: every scheme that is asked for is defined, and JSON loses nothing', () => {
    expect(document['components'].securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    for (const item of Object.values(document['paths'] as Record<string, Json>)) {
      for (const operation of Object.values(item)) {
        const names = (operation['security'] ?? []).flatMap((alternative: Json) => Object.keys(alternative));
        expect(Object.keys(document['components'].securitySchemes)).toEqual(expect.arrayContaining(names));
        for (const response of Object.values(operation['responses'])) expect(response).toHaveProperty('description');
      }
    }
  });

  it('says it once, however often it is asked', () => {
    const once = structuredClone(document);
    expect(describeSecurity(app, document as never)).toEqual(once);
  });

  it('agrees with what the application answers, without a token and with a plain one', async () => {
    const url = await app.getUrl();
    const token = await app.get(AuthService).issueAccessToken('alice');
    let asked = 0;
    for (const [path, item] of Object.entries(document['paths'] as Record<string, Json>)) {
      // somebody else's strategy, which this application does not have
      if (path === '/plain/passport') continue;
      // public for the guard: they ask for the tokens of a session themselves
      if (path === '/auth/session/refresh' || path === '/auth/signout') continue;
      for (const [method, operation] of Object.entries(item) as [string, Json][]) {
        // fetch knows neither
        if (method === 'search' || method === 'query') continue;
        const send = async (headers: Record<string, string>) => {
          const init = { method: method.toUpperCase(), headers };
          const answer = await fetch(url + path.replace('{username}', 'bob').replaceAll(/\{\w+\}/g, 'x'), init);
          return { status: answer.status, challenge: answer.headers.get('www-authenticate') };
        };
        const without = await send({});
        const plain = await send({ authorization: `Bearer ${token}` });
        const isOpen = operation['security'].length === 0 || operation['security'].some((one: Json) => !one['bearer']);
        const refusals = Object.keys(operation['responses']).filter((status) => status === '401' || status === '403');

        asked += 1;
        const what = `${method} ${path}`;
        expect([what, without.status < 300]).toEqual([what, isOpen]);
        if (!isOpen) expect([what, without]).toEqual([what, { status: 401, challenge: `Bearer realm="${issuer}"` }]);
        if (plain.status >= 300) expect([what, refusals]).toEqual([what, expect.arrayContaining([`${plain.status}`])]);
        const asksMore = Object.keys(operation['x-required-token'] ?? {}).some(
          (name) => !['type', 'locations', 'optional'].includes(name),
        );
        expect([what, plain.status < 300]).toEqual([what, !asksMore]);
      }
    }
    expect(asked).toBeGreaterThan(20);
  });
});

describe.each(adapters)('the OpenAPI document of another application (%s)', (adapter) => {
  const controllerOf = (...decorators: MethodDecorator[]): Type => {
    class NotesController {
      notes() {
        return [];
      }
    }
    const handler = Object.getOwnPropertyDescriptor(NotesController.prototype, 'notes')!;
    for (const decorate of [Get('notes'), ...decorators]) decorate(NotesController.prototype, 'notes', handler);
    Controller()(NotesController);
    return NotesController;
  };
  const notesOf = async (controller: Type, setting: Parameters<typeof start>[1] = {}) => {
    const root = { ...setting.root, controllers: [controller] };
    return ((await documentFor(adapter, { ...setting, root }))['paths'] as Json)['/notes'].get as Json;
  };

  it('changes with the decorators: one that is gone is gone from it', async () => {
    const guarded = await notesOf(controllerOf(RequireToken({ scope: { admin: true } })));
    const weaker = await notesOf(controllerOf(RequireToken()));
    const open = await notesOf(controllerOf());
    expect(guarded['x-required-token']).toMatchObject({ scope: { admin: true } });
    expect(weaker['x-required-token']).not.toHaveProperty('scope');
    expect([open['security'], open['x-required-token']]).toEqual([[], undefined]);
  });

  it('counts a global guard of the module, and one that the application provides', async () => {
    for (const setting of [
      { options: { globalGuard: true } },
      { root: { providers: [{ provide: APP_GUARD, useExisting: RequireTokenGuard }] } },
    ]) {
      const undecorated = await notesOf(controllerOf(), setting);
      expect([undecorated['security'], undecorated['description']]).toEqual([
        [{ bearer: [] }],
        'Requires: an access token',
      ]);
      expect((await notesOf(controllerOf(Public()), setting))['security']).toEqual([]);
    }
  });

  it.each<[what: string, decorator: MethodDecorator, session: object, schemes: string[]]>([
    ['that takes any token', RequireToken(), {}, ['bearer', 'session_cookie']],
    ['where sessions travel in headers', RequireToken(), { transfer: 'header' }, ['bearer']],
    ['that takes headers alone', RequireToken({ locations: ['header'] }), {}, ['bearer']],
    ['that asks for a refresh token', RequireToken({ type: 'refresh' }), {}, ['bearer']],
  ])('names the cookie of a session on a route %s', async (_what, decorator, session, schemes) => {
    const { security } = await notesOf(controllerOf(decorator), { options: { session } });
    expect(security.map((scheme: object) => Object.keys(scheme)[0])).toEqual(schemes);
  });

  it('does not call a route open that a global guard of somebody else may guard', async () => {
    class OtherGuard implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    const setting = { root: { providers: [{ provide: APP_GUARD, useClass: OtherGuard }] } };
    expect(await notesOf(controllerOf(), setting)).not.toHaveProperty('security');
    expect((await notesOf(controllerOf(RequireToken()), setting))['security']).toEqual([{ bearer: [] }]);
    expect(await notesOf(controllerOf(Public(), UseGuards(OtherGuard)))).not.toHaveProperty('security');
  });

  it('shows every place a token can come from, and describes the body', async () => {
    const options: Options = {
      transport: { locations: ['header', 'cookie', 'query', 'body'] },
      cookies: {},
    };
    const document = await documentFor(adapter, { options });
    const notes = document['paths']['/plain/notes'].get as Json;
    expect(notes['security']).toEqual([{ bearer: [] }, { access_cookie: [] }, { token_query: [] }]);
    expect(notes['description']).toContain("the token may be the body's member access_token");
    expect(notes['responses']['403'].description).toContain('csrf_failed');
    expect(document['paths']['/api/users/{username}/renew'].post['security']).toContainEqual({ refresh_cookie: [] });
    expect(document['components'].securitySchemes).toMatchObject({
      access_cookie: { type: 'apiKey', in: 'cookie', name: '__Host-access_token' },
      refresh_cookie: { type: 'apiKey', in: 'cookie', name: '__Secure-refresh_token' },
      token_query: { type: 'apiKey', in: 'query', name: 'access_token' },
    });

    const bodyOnly = await notesOf(controllerOf(RequireToken({ locations: ['body'] })));
    expect(bodyOnly).not.toHaveProperty('security');
    expect(bodyOnly['description']).toBe("Requires: the token is the body's member access_token");
  });

  it('shows another header and another scheme as they are', async () => {
    const schemesFor = async (header: Json) =>
      (await documentFor(adapter, { options: { transport: { header } } }))['components'].securitySchemes;
    expect(await schemesFor({ scheme: 'JWT' })).toEqual({
      bearer: { type: 'http', scheme: 'jwt', bearerFormat: 'JWT' },
    });
    expect(await schemesFor({ name: 'X-Token', scheme: null })).toMatchObject({
      token_header: { type: 'apiKey', in: 'header', name: 'X-Token' },
    });
  });

  it('uses the scheme of the application where it says the same, and no other', async () => {
    const app = await start(adapter);
    try {
      const config = (builder: DocumentBuilder) => SwaggerModule.createDocument(app, builder.build());
      const same = describeSecurity(app, config(new DocumentBuilder().addBearerAuth({ type: 'http' }, 'bearer')));
      expect(Object.keys(same.components!.securitySchemes!)).toEqual(['bearer']);
      const other = describeSecurity(app, config(new DocumentBuilder().addBasicAuth({ type: 'http' }, 'bearer')));
      expect(other.paths['/plain/notes']!.get!.security).toEqual([{ latchkey_bearer: [] }]);
      expect(other.components!.securitySchemes!['bearer']).toMatchObject({ scheme: 'basic' });
    } finally {
      await app.close();
    }
  });

  it('lets no word of the application weaken a guard', async () => {
    const open = ApiOperation({ security: [] });
    expect((await notesOf(controllerOf(RequireToken(), open)))['security']).toEqual([{ bearer: [] }]);
    expect((await notesOf(controllerOf(ApiBearerAuth())))['security']).toEqual([{ bearer: [] }]);
  });

  it('knows methods that need no token', async () => {
    const document = await documentFor(adapter, { options: { guard: { exemptMethods: ['OPTIONS'] } } });
    const everything = document['paths']['/plain/everything'] as Json;
    expect(everything['options']['security']).toEqual([]);
    expect(everything['get']['security']).toEqual([{ bearer: [] }]);
  });

  it('finds the routes behind a global prefix, its exclusions and versions in the URL', async () => {
    const setUp = (app: INestApplication) => {
      app.setGlobalPrefix('v', { exclude: ['plain/notes'] });
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1', prefix: 'release-' });
    };
    const app = await start(adapter, { setUp });
    try {
      const { paths } = documentOf(app);
      const secured = (path: string) => (paths[path]?.get as Json | undefined)?.['security'] as unknown;
      expect(secured('/v/release-1/api/users/{username}')).toEqual([{ bearer: [] }]);
      expect(secured('/release-1/plain/notes')).toEqual([{ bearer: [] }]);
      expect(secured('/v/release-1/plain/open')).toEqual([]);

      const short = documentOf(app, { ignoreGlobalPrefix: true })['paths'] as Json;
      expect(short['/release-1/api/users/{username}'].get.security).toEqual([{ bearer: [] }]);
      expect(short['/release-1/plain/open'].get.security).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it('leaves alone what no handler answers', async () => {
    const app = await start(adapter);
    try {
      const document = { paths: { '/elsewhere': { get: { responses: {} } }, '/plain/notes': { trace: {} } } };
      expect(describeSecurity(app, structuredClone(document))).toEqual(document);
    } finally {
      await app.close();
    }
  });
});

it('finds the routes of Express with optional parts, wildcards and escapes', async () => {
  @RequireToken()
  @Controller()
  class PatternController {
    @Get(['optional{/:id}', 'wild/*rest', 'quoted/:"two words"', 'escaped/\\:literal', 'maybe/{*path}'])
    read() {
      return {};
    }
  }
  const { paths } = await documentFor('express', { root: { controllers: [PatternController] } });
  const described = Object.entries(paths as Json).filter(([, { get }]) => get?.['x-required-token'] !== undefined);
  expect(described.map(([path]) => path).filter((path) => !path.startsWith('/api/'))).toEqual([
    '/optional/{id}',
    '/wild/{rest}',
    '/quoted/{two words}',
    '/escaped/:literal',
    '/maybe/{path}',
  ]);
});
