import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { All, Controller, Get, Injectable, Module, Options, UseGuards, Version, VERSION_NEUTRAL } from '@nestjs/common';
import type { CanActivate, DynamicModule, Provider, Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { APP_GUARD, RouterModule } from '@nestjs/core';
import { AuthModule, Public, RequireToken, RequireTokenGuard, type AuthModuleExtras } from 'nest-latchkey';
import type { AuthModuleOptions } from 'nest-latchkey';
import { oauthLogin, RequireOAuth } from 'nest-latchkey/passport';
import { github } from 'nest-latchkey/providers';
import { map } from '../../libs/auth/src/cli/map/map.js';
import { asMarkdown, asText } from '../../libs/auth/src/cli/map/map-views.js';
import { preview, type PathSettings } from '../../libs/auth/src/cli/map/preview.js';
import { mapRoutes, type MappedRoute } from '../../libs/auth/src/cli/map/route-map.js';
import { REQUIREMENT } from '../../libs/auth/src/resource/route-requirement.js';
import { createApp } from '../../src/app.js';
import { AppModule } from '../../src/app.module.js';
import { readEnvironment } from '../../src/environment.js';
import { DemoProviders } from '../../src/oauth/demo-providers.js';

const secret = 'kJ3v-9sQx_27LrTnWb8yZpEo5GhCdAuF';
const options: AuthModuleOptions = {
  jwt: { issuer: 'https://api.example.com', secret },
  oauth: oauthLogin({ providers: [github({ clientId: 'id', clientSecret: 'secret' })] }),
};

@Injectable()
class ThrottleGuard implements CanActivate {
  constructor() {
    throw new Error('a provider was made');
  }
  canActivate() {
    return true;
  }
}

class OwnTokenGuard extends RequireTokenGuard {}

@Controller('notes')
class NotesController {
  constructor() {
    throw new Error('a controller was made');
  }

  @Get()
  bare() {}

  @Public()
  @Get('open')
  open() {}

  @UseGuards(ThrottleGuard)
  @Get('throttled')
  throttled() {}

  @UseGuards(OwnTokenGuard)
  @Get('own')
  own() {}

  @RequireToken({ scope: { admin: true }, fresh: '5m', locations: ['cookie'], csrf: false })
  @Get(['one', 'other'])
  asked() {}

  @RequireOAuth('github', { scope: ['repo'] })
  @RequireToken({ optional: true, revocation: false })
  @Version('2')
  @Get('repos')
  repos() {}

  @RequireToken()
  @All('everything')
  everything() {}

  @RequireToken()
  @Options('options')
  options() {}
}

/** The routes of the notes, by their paths. */
async function mapOf(
  module: { extras?: AuthModuleExtras & Partial<AuthModuleOptions>; providers?: Provider[]; auth?: DynamicModule },
  settings: PathSettings & { trusted?: string[] } = {},
): Promise<Record<string, MappedRoute>> {
  @Module({ controllers: [NotesController], providers: module.providers ?? [] })
  class NotesModule {}
  const auth = module.auth ?? AuthModule.forRoot({ ...options, controllers: false, ...module.extras });
  const application = await preview({ module: NotesModule, imports: [auth] }, settings);
  return Object.fromEntries(mapRoutes(application, settings.trusted).map((route) => [route.path, route]));
}

const accessOf = (routes: Record<string, MappedRoute>) =>
  Object.fromEntries(Object.entries(routes).map(([path, { access }]) => [path.replace('/notes', ''), access]));

const withoutGlobalGuard = {
  '': 'unprotected',
  '/open': 'public',
  '/throttled': 'unprotected',
  '/own': 'token',
  '/one': 'token',
  '/other': 'token',
  '/repos': 'token',
  '/everything': 'token',
  '/options': 'token',
};

describe('the map of routes', () => {
  it('tells public, guarded and unprotected routes apart, and makes no provider and no controller', async () => {
    expect(accessOf(await mapOf({ providers: [ThrottleGuard] }))).toEqual(withoutGlobalGuard);
  });

  it('does not take a guard of somebody else for ours, unless it is told to', async () => {
    const throttle = { provide: APP_GUARD, useClass: ThrottleGuard };
    expect(accessOf(await mapOf({ providers: [throttle] }))).toEqual(withoutGlobalGuard);
    const made = { provide: APP_GUARD, useFactory: () => new ThrottleGuard() };
    expect(accessOf(await mapOf({ providers: [made] }))).toEqual(withoutGlobalGuard);
    const trusted = await mapOf({}, { trusted: ['ThrottleGuard'] });
    expect(accessOf(trusted)).toEqual({ ...withoutGlobalGuard, '/throttled': 'guard' });
    expect(trusted['/notes/throttled']).toMatchObject({ guards: ['ThrottleGuard'] });
  });

  it.each<[string, Parameters<typeof mapOf>[0]]>([
    ['globalGuard: true', { extras: { globalGuard: true } }],
    ['APP_GUARD by useExisting', { providers: [{ provide: APP_GUARD, useExisting: RequireTokenGuard }] }],
    ['APP_GUARD by useClass', { providers: [{ provide: APP_GUARD, useClass: RequireTokenGuard }] }],
    ['a subclass', { providers: [{ provide: APP_GUARD, useClass: OwnTokenGuard }] }],
  ])('knows a global guard: %s', async (_name, module) => {
    const routes = await mapOf(module);
    expect(accessOf(routes)).toEqual({ ...withoutGlobalGuard, '': 'token', '/throttled': 'token' });
    expect(routes['/notes']).toMatchObject({
      method: 'GET',
      handler: 'NotesController.bare',
      asks: ['an access token'],
    });
  });

  it('counts a route of an exempt method as unprotected', async () => {
    const routes = await mapOf({ extras: { guard: { exemptMethods: ['OPTIONS'] } } });
    const open = { '/everything': 'unprotected', '/options': 'unprotected' };
    expect(accessOf(routes)).toEqual({ ...withoutGlobalGuard, ...open });
    expect(routes['/notes/options']!.asks).toEqual(['guard.exemptMethods lets OPTIONS through']);
  });

  it('does not know the methods that a factory exempts, and does not run it', async () => {
    const useFactory = (): never => {
      throw new Error('a factory was run');
    };
    const application = await preview(AuthModule.forRootAsync({ useFactory }), {});
    expect(application.exemptMethods).toBeUndefined();
    expect(application.routes.length).toBeGreaterThan(2);
  });

  it('tells what is asked', async () => {
    const routes = await mapOf({});
    expect(routes['/notes/one']).toEqual({
      method: 'GET',
      path: '/notes/one',
      handler: 'NotesController.asked',
      access: 'token',
      guards: [],
      asks: ['an authentication in the last 300 s', 'scope admin', 'by cookie', 'no anti-CSRF proof'],
      requirement: { type: 'access', locations: ['cookie'], fresh: 300, scope: { admin: true }, csrf: false },
    });
    expect(routes['/notes/repos']).toMatchObject({
      asks: ['optional', 'an access token', 'revoked tokens will do', 'consent of github repo'],
      consent: [{ provider: 'github', scope: ['repo'] }],
      versions: ['2'],
    });
  });

  it('knows the paths of modules, and what it is told of main.ts', async () => {
    @Controller({ path: 'neutral', version: VERSION_NEUTRAL })
    class NeutralController {
      @Public()
      @Get()
      open() {}
    }
    @Module({ controllers: [NotesController, NeutralController] })
    class InnerModule {}
    const routed = RouterModule.register([{ path: 'inner', module: InnerModule }]);
    const root = { ...AuthModule.forRoot(options), imports: [InnerModule, routed] };
    const paths = async (settings: PathSettings) =>
      mapRoutes(await preview(root, settings))
        .map(({ path }) => path)
        .filter((path) => /repos|neutral/.test(path));
    expect(await paths({})).toEqual(['/inner/notes/repos', '/inner/neutral']);
    expect(await paths({ prefix: 'api', uriVersioning: 'v' })).toEqual([
      '/api/v2/inner/notes/repos',
      '/api/inner/neutral',
    ]);
  });
});

describe('--fail-on-unprotected', () => {
  const said: string[] = [];
  const terminal = { stdout: { write: () => {} }, stderr: { write: (text: string) => said.push(text) } };
  const notesWith = (auth: DynamicModule) => ({ ...auth, controllers: [NotesController, ...(auth.controllers ?? [])] });
  const notes = notesWith(AuthModule.forRoot(options));

  it('fails where there is an unprotected route, naming it', async () => {
    const failing = map(notes, { app: '', failOnUnprotected: true }, terminal);
    await expect(failing).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('\n  GET /notes (NotesController.bare)\n  GET /notes/throttled') as string,
    });
    expect(said.join('')).toBe('16 routes: 6 token, 8 public, 2 unprotected\n');
  });

  it('is not asked for by itself', async () => {
    await map(notes, { app: '' }, terminal);
    const guarded = notesWith(AuthModule.forRoot({ ...options, globalGuard: true }));
    await map(guarded, { app: '', failOnUnprotected: true }, terminal);
  });
});

describe('the views of the map', () => {
  const route: MappedRoute = {
    method: 'GET',
    path: '/a|b',
    handler: 'NotesController.one',
    access: 'unprotected',
    asks: [],
    guards: ['ThrottleGuard'],
  };
  const routes: MappedRoute[] = [route, { ...route, path: '/', access: 'public', guards: [] }];

  it('is a table of Markdown', () => {
    expect(asMarkdown(routes).split('\n')).toEqual([
      '| Method | Path | Access | Asks | Handler |',
      '| --- | --- | --- | --- | --- |',
      String.raw`| GET | /a\|b | unprotected | guards ThrottleGuard | NotesController.one |`,
      '| GET | / | public |  | NotesController.one |',
    ]);
  });

  it('is red where nobody asks, on terminals with colours alone', () => {
    const lines = (stream: object) => asText(routes, { write: () => {}, ...stream }).split('\n');
    const [heading, open, isPublic] = lines({});
    expect(heading).toBe('Method  Path  Access       Asks                  Handler');
    expect(open).toBe('GET     /a|b  unprotected  guards ThrottleGuard  NotesController.one');
    expect(lines({ isTTY: true, hasColors: () => false })).toEqual([heading, open, isPublic]);
    expect(lines({ isTTY: true, hasColors: () => true })).toEqual([heading, `\u001b[31m${open}\u001b[39m`, isPublic]);
  });
});

describe('docs/command-line.md', () => {
  it('shows the map of the first example', async () => {
    process.env['AUTH_SECRET'] = secret;
    const { AppModule: Example } = await import('../../docs/examples/five-minutes.js');
    const shown = /```console\n\$ npx latchkey map[^\n]*\n([^]*?)\n```/.exec(
      readFileSync('docs/command-line.md', 'utf8'),
    );
    expect(shown?.[1]).toBe(asText(mapRoutes(await preview(Example, {})), { write: () => {} }));
  });
});

describe('the map of the reference application', () => {
  const environment = readEnvironment({ AUTH_SECRET: secret, DATABASE_URL: 'sqlite::memory:', PORT: '31999' });
  let demo: DemoProviders;
  let root: DynamicModule;

  beforeAll(async () => {
    demo = await DemoProviders.start(environment);
    root = AppModule.forEnvironment(environment, demo);
  });
  afterAll(() => demo.onApplicationShutdown());

  const unprotected = async () => mapRoutes(await preview(root, {})).filter(({ access }) => access === 'unprotected');

  it('has every route that Express has, but the pages of Swagger', async () => {
    const app = await createApp(environment);
    await app.init();
    const layers = app.getHttpAdapter().getInstance().router.stack as {
      route?: { path: string; methods: Record<string, boolean> };
    }[];
    const served = layers.flatMap(({ route }) =>
      Object.keys(route?.methods ?? {}).map((method) => `${method.toUpperCase()} ${route!.path}`),
    );
    await app.close();
    const mapped = mapRoutes(await preview(root, {})).map(({ method, path }) => `${method} ${path}`);
    expect(mapped.length).toBeGreaterThan(20);
    expect(mapped.toSorted()).toEqual([
      // middleware for one route stands there, too
      ...new Set(served.filter((route) => !/ \/(docs|openapi)/.test(route)).toSorted()),
    ]);
  });

  it('has no unprotected route, and has one as soon as any decorator is taken away', async () => {
    expect(await unprotected()).toEqual([]);
    const { routes } = await preview(root, {});
    const declared = new Set(
      routes
        .flatMap(({ controller, handler }) => [controller, handler])
        .filter((one) => Reflect.hasOwnMetadata(REQUIREMENT, one)),
    );
    const ofLibrary = ['JwksController', 'SessionController', 'OAuthController'];
    const ofApplication = [...declared].filter((one) =>
      routes.some(
        ({ controller, handler }) => [controller, handler].includes(one) && !ofLibrary.includes(controller.name),
      ),
    );
    expect(ofApplication.length).toBe(decoratorsWritten());
    expect(declared.size).toBeGreaterThan(ofApplication.length);

    for (const target of declared) {
      const restore = takeAway(target);
      const found = await unprotected();
      restore();
      expect([target, found.length]).not.toEqual([target, 0]);
    }
    expect(await unprotected()).toEqual([]);
  });
});

/** How many there are in the source, `@SessionForm()` brings one along: each must be one of those that are taken away. */
function decoratorsWritten(): number {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const texts = files.map((file) => readFileSync(join('src', file), 'utf8'));
  return texts.flatMap((text) => text.match(/^ *@(RequireToken|Public|SessionForm)\(/gm) ?? []).length;
}

/** As if `@RequireToken()` or `@Public()` had not been written: what it said, and the guard it put there. */
function takeAway(target: object): () => void {
  const requirement: unknown = Reflect.getOwnMetadata(REQUIREMENT, target);
  const guards = (Reflect.getOwnMetadata(GUARDS_METADATA, target) as Type[] | undefined) ?? [];
  Reflect.deleteMetadata(REQUIREMENT, target);
  Reflect.defineMetadata(
    GUARDS_METADATA,
    guards.filter((guard) => guard !== RequireTokenGuard),
    target,
  );
  return () => {
    Reflect.defineMetadata(REQUIREMENT, requirement, target);
    Reflect.defineMetadata(GUARDS_METADATA, guards, target);
  };
}
