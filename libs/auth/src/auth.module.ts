import {
  ConfigurableModuleBuilder,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule, ModuleRef } from '@nestjs/core';
import { Clock, SystemClock } from './auth.clock.js';
import { seconds } from './auth.durations.js';
import type { AuthEventListener } from './auth.events.js';
import { AUTH_HOOKS, type AuthHooks } from './auth.hooks.js';
import { resolveOptions, type AuthModuleOptions, type AuthSettings } from './auth.options.js';
import { RouteCheck } from './auth.routes.js';
import { AuthService, REFRESH_PARTS } from './auth.service.js';
import { AuthErrorFilter } from './http/auth-error.filter.js';
import { CookieJar } from './http/cookie-jar.js';
import { CookieSlider } from './http/cookie-slider.js';
import { HttpTransport } from './http/http.transport.js';
import { createJwksController } from './http/jwks.controller.js';
import { OriginProof } from './http/origin-proof.js';
import { KeyRing } from './jwt/key-ring.js';
import { TrustedIssuer } from './jwt/trusted-issuers.js';
import { ActivityChecker } from './resource/check-active.js';
import { REQUEST_HOOKS, type RequestHooks } from './resource/request-hooks.js';
import { GUARD_SETTINGS, RequireTokenGuard, type GuardSettings } from './resource/require-token.guard.js';
import { Transport } from './resource/transport.js';
import { TokenVerifier } from './resource/verify-token.js';
import { ISSUE_HOOKS, type IssueHooks } from './session/issue-hooks.js';
import type { RefreshParts } from './session/refresh.js';
import { TokenService } from './session/token.service.js';
import { RevocationList } from './stores/revocation-list.js';
import type { RevocationStore } from './stores/revocation.store.js';

/** The injection token of the checked options. */
export const AUTH_SETTINGS = Symbol.for('nest-latchkey:settings');
const STORES = Symbol.for('nest-latchkey:stores');

type Stores = { revocations?: RevocationStore };

/** Options that shape the module itself: they stand beside `useFactory` too. */
export interface AuthModuleExtras {
  /** Every module of the application can use the guard and AuthService. Default true. */
  isGlobal?: boolean;
  /** Every route wants a token unless it is `@Public()`. Default false. */
  globalGuard?: boolean;
  /** The module's own routes (JWKS), and where they live. Default true, below '/auth'. */
  controllers?: boolean | { basePath: string };
  /** Modules whose providers `hooks` wants. */
  imports?: DynamicModule['imports'];
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AuthModuleOptions>({
  moduleName: 'Auth',
})
  .setClassMethodName('forRoot')
  .setExtras<AuthModuleExtras>({ isGlobal: true, globalGuard: false, controllers: true, imports: [] }, shape)
  .build();

function shape(
  definition: DynamicModule,
  { isGlobal, globalGuard, controllers, imports }: AuthModuleExtras,
): DynamicModule {
  const basePath = typeof controllers === 'object' ? controllers.basePath : '/auth';
  return {
    ...definition,
    global: isGlobal ?? true,
    imports: [...new Set([DiscoveryModule, ...(definition.imports ?? []), ...(imports ?? [])])],
    controllers: controllers === false ? [] : [createJwksController(basePath)],
    providers: [
      ...(definition.providers ?? []),
      ...providers,
      ...(globalGuard === true ? [{ provide: APP_GUARD, useExisting: RequireTokenGuard }] : []),
    ],
    exports: [...(definition.exports ?? []), ...exported],
  };
}

/** A provider made of others. */
function make(provide: unknown, inject: unknown[], useFactory: (...parts: never[]) => unknown): Provider {
  return { provide, inject, useFactory } as Provider;
}

const providers: Provider[] = [
  make(AUTH_SETTINGS, [MODULE_OPTIONS_TOKEN], (options: AuthModuleOptions) => resolveOptions(options)),
  { provide: Clock, useClass: SystemClock },
  make(KeyRing, [AUTH_SETTINGS], ({ keys }: AuthSettings) => keys),

  make(AUTH_HOOKS, [AUTH_SETTINGS, ModuleRef], ({ hooks }: AuthSettings, modules: ModuleRef) =>
    typeof hooks === 'function' ? modules.create(hooks) : hooks,
  ),
  { provide: REQUEST_HOOKS, useExisting: AUTH_HOOKS },
  { provide: ISSUE_HOOKS, useExisting: AUTH_HOOKS },

  make(STORES, [AUTH_SETTINGS, ModuleRef], ({ stores }: AuthSettings, modules: ModuleRef) =>
    stores.create(modules as never),
  ),
  make(
    RevocationList,
    [AUTH_SETTINGS, STORES, Clock],
    ({ revocation }: AuthSettings, { revocations }: Stores, clock: Clock) => {
      const logger = new Logger(RevocationList.name);
      return new RevocationList(revocations, revocation, clock, () =>
        logger.error('the revocations could not be read from the store'),
      );
    },
  ),

  make(
    TokenVerifier,
    [AUTH_SETTINGS, Clock, REQUEST_HOOKS],
    ({ jwt, keys }: AuthSettings, clock: Clock, hooks: RequestHooks) => {
      const trustedIssuers = (jwt.trustedIssuers ?? []).map(
        (issuer, index) => new TrustedIssuer(issuer, `jwt.trustedIssuers[${index}]`, () => clock.now()),
      );
      return new TokenVerifier({ options: jwt, keys, trustedIssuers, clock, hooks });
    },
  ),
  make(
    ActivityChecker,
    [RevocationList, Clock, REQUEST_HOOKS],
    (revocations: RevocationList, clock: Clock, hooks: RequestHooks) => new ActivityChecker(revocations, clock, hooks),
  ),
  make(
    TokenService,
    [AUTH_SETTINGS, Clock, ISSUE_HOOKS, RevocationList],
    ({ jwt, keys, withCookies, csrf }: AuthSettings, clock: Clock, hooks: IssueHooks, revocations: RevocationList) =>
      new TokenService({ options: jwt, keys, clock, hooks, revocations, withCsrf: withCookies && csrf.enabled }),
  ),
  make(
    REFRESH_PARTS,
    [AUTH_SETTINGS, TokenService, STORES, RevocationList, Clock, AUTH_HOOKS],
    (
      { session }: AuthSettings,
      tokens: TokenService,
      stores: Stores,
      revocations: RevocationList,
      clock: Clock,
      hooks: AuthHooks,
    ) =>
      ({
        ...{ tokens, revocations, clock },
        store: stores.revocations,
        reuseLeeway: seconds(session.reuseLeeway),
        emit: listener(hooks),
      }) satisfies RefreshParts,
  ),

  make(CookieJar, [AUTH_SETTINGS, Clock], ({ cookies, csrf, secureCookies, session }: AuthSettings, clock: Clock) => {
    return new CookieJar({ cookies, csrf, clock, secure: secureCookies, refreshPath: session.basePath });
  }),
  make(
    Transport,
    [AUTH_SETTINGS, TokenService, CookieJar, Clock],
    (
      { errors, guard, jwt, transport, csrf, publicOrigin, cookies }: AuthSettings,
      tokens: TokenService,
      jar: CookieJar,
      clock: Clock,
    ) =>
      new HttpTransport({
        errors,
        scheme: transport.header.scheme ?? 'Bearer',
        realm: guard.realm ?? jwt.issuer.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, ''),
        originProof: new OriginProof(csrf, publicOrigin ?? ''),
        slider:
          cookies.slidingRefresh === false ? undefined : new CookieSlider(cookies.slidingRefresh, tokens, jar, clock),
      }),
  ),
  make(
    GUARD_SETTINGS,
    [AUTH_SETTINGS, CookieJar],
    ({ guard, transport }: AuthSettings, jar: CookieJar): GuardSettings => {
      return { guard, places: { ...transport, cookieNames: jar.names } };
    },
  ),

  RequireTokenGuard,
  AuthService,
  RouteCheck,
  { provide: APP_FILTER, useClass: AuthErrorFilter },
];

/** What modules need to guard routes, and what edges build on. */
const exported = [
  ...[AuthService, RequireTokenGuard, AUTH_SETTINGS, AUTH_HOOKS, REQUEST_HOOKS, GUARD_SETTINGS],
  ...[Clock, KeyRing, Transport, TokenVerifier, ActivityChecker, TokenService, RevocationList],
];

/** Events reach the application's listener; what it throws changes nothing. */
function listener(hooks: AuthHooks): AuthEventListener {
  const logger = new Logger('AuthEvents');
  return (name, payload) => {
    try {
      hooks.onEvent?.(name, payload);
    } catch (error) {
      logger.error(`hooks.onEvent threw ${error instanceof Error ? error.name : typeof error} at ${name}`);
    }
  };
}

/** Authentication in one module: `AuthModule.forRoot({ jwt: { issuer, secret } })`, once, in the root module. */
@Module({})
export class AuthModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
    @Inject(STORES) private readonly stores: Stores,
    @Inject(AUTH_HOOKS) private readonly hooks: AuthHooks,
    @Inject(RevocationList) private readonly revocations: RevocationList,
    @Inject(RouteCheck) private readonly routes: RouteCheck,
  ) {
    super();
  }

  /** Nothing listens before the routes are checked and the revocations are known. */
  async onModuleInit(): Promise<void> {
    const { jwt, withCookies } = this.settings;
    this.routes.checkSingle(AuthModule);
    this.routes.check({
      issuers: [jwt.issuer, ...(jwt.trustedIssuers ?? []).map(({ issuer }) => issuer)],
      withCookies,
      hasStore: this.stores.revocations !== undefined,
      hasUsers: this.hooks.loadUser !== undefined,
    });
    this.warn();
    await this.revocations.start();
  }

  onApplicationShutdown(): void {
    this.revocations.stop();
  }

  private warn(): void {
    const { stores, csrf, withCookies, transport } = this.settings;
    const logger = new Logger(AuthModule.name);
    if (process.env['NODE_ENV'] === 'production' && !stores.durable) {
      logger.warn(
        'stores: memoryStores() forgets revocations at a restart and shares them with no other process: use typeormStores()',
      );
    }
    if (withCookies && !csrf.enabled)
      logger.warn('csrf.enabled is false beside cookies: other sites can act for your users');
    if (transport.locations.includes('query'))
      logger.warn("transport.locations has 'query': tokens in URLs reach logs and histories");
  }
}
