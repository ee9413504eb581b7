import { ConfigurableModuleBuilder, Inject, Logger, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthConfigError } from './auth.errors.js';
import { AUTH_HOOKS, type AuthHooks } from './auth.hooks.js';
import {
  checkAsyncOptions,
  checkEdge,
  checkExtras,
  type AuthModuleAsyncOptions,
  type AuthModuleExtras,
} from './auth.extras.js';
import type { AuthModuleOptions } from './auth.options.js';
import type { AuthSettings } from './auth.settings.js';
import { AUTH_SETTINGS, ROUTES_PATH, STORES, type Stores } from './auth.composition.js';
import { exported, providersOf } from './auth.providers.js';
import { RouteCheck } from './auth.route-check.js';
import { createJwksController } from './http/jwks.controller.js';
import { createSessionController } from './http/session.controller.js';
import { allRequestHeaders } from './http/session-protocol.js';
import { OAUTH_EDGE } from './oauth/oauth-edge.js';
import { RequireTokenGuard } from './resource/require-token.guard.js';
import { SessionCleanup } from './session/session-cleanup.js';
import { SigningKeys } from './keys/signing-keys.js';
import { RevocationList } from './stores/revocation-list.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AuthModuleOptions>({
  moduleName: 'Auth',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAuthOptions')
  .setExtras<AuthModuleExtras & Pick<AuthModuleOptions, 'oauth'>>(
    { isGlobal: true, globalGuard: false, controllers: true, imports: [] },
    shape,
  )
  .build();

/** The injection token of the options as they were written: a value of `forRoot()`, the answer of a factory of `forRootAsync()`. */
export const WRITTEN_OPTIONS = MODULE_OPTIONS_TOKEN;

function shape(
  definition: DynamicModule,
  {
    isGlobal,
    globalGuard,
    controllers,
    imports,
    session,
    oauth,
  }: AuthModuleExtras & Pick<AuthModuleOptions, 'session' | 'oauth'>,
): DynamicModule {
  checkExtras({ isGlobal, globalGuard, controllers });
  checkEdge(oauth);
  const basePath = (typeof controllers === 'object' ? controllers.basePath : session?.basePath) ?? '/auth';
  return {
    ...definition,
    global: isGlobal ?? true,
    imports: [...new Set([...(definition.imports ?? []), ...(imports ?? [])])],
    controllers:
      controllers === false
        ? []
        : [createJwksController(basePath), createSessionController(basePath), ...(oauth?.controllers ?? [])],
    providers: [
      ...(definition.providers ?? []),
      { provide: ROUTES_PATH, useValue: controllers === false ? null : basePath },
      { provide: OAUTH_EDGE, useValue: oauth ?? null },
      ...providersOf(MODULE_OPTIONS_TOKEN),
      ...(oauth?.providers ?? []),
      ...(globalGuard === true ? [{ provide: APP_GUARD, useExisting: RequireTokenGuard }] : []),
    ],
    exports: [...(definition.exports ?? []), ...exported, ...((oauth?.exports ?? []) as never[])],
  };
}

/** Authentication in one module: `AuthModule.forRoot({ jwt: { issuer, secret } })`, once, in the root module. */
@Module({})
export class AuthModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  /** @throws AuthConfigError when it is given nothing; everything else is checked when the application starts. */
  static override forRoot(options: AuthModuleOptions & AuthModuleExtras): DynamicModule {
    if (typeof options !== 'object' || options === null)
      throw new AuthConfigError('forRoot()', 'takes an object: { jwt: { issuer, secret } }');
    return super.forRoot(options);
  }

  /** @throws AuthConfigError for options that stand in the wrong place; what the factory gives is checked when the application starts. */
  static override forRootAsync(options: AuthModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    return super.forRootAsync(options);
  }

  /**
   * The headers that clients of sessions send: for `allowedHeaders` of `app.enableCors({ origin: ['https://…'], credentials:
   * true, allowedHeaders: AuthModule.corsHeaders() })`. What they read of an answer is exposed by the answer itself.
   */
  static corsHeaders(): string[] {
    return [...allRequestHeaders];
  }

  constructor(
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
    @Inject(STORES) private readonly stores: Stores,
    @Inject(AUTH_HOOKS) private readonly hooks: AuthHooks,
    @Inject(SigningKeys) private readonly signingKeys: SigningKeys | null,
    @Inject(RevocationList) private readonly revocations: RevocationList,
    @Inject(SessionCleanup) private readonly cleanup: SessionCleanup,
    @Inject(RouteCheck) private readonly routes: RouteCheck,
  ) {
    super();
    // before any route is registered: Fastify would complain of the second JWKS route first
    routes.checkSingle(AuthModule);
  }

  /** Nothing listens before the routes are checked, and keys and revocations are known. */
  async onModuleInit(): Promise<void> {
    const { jwt, withCookies } = this.settings;
    this.routes.check({
      issuers: [jwt.issuer, ...(jwt.trustedIssuers ?? []).map(({ issuer }) => issuer)],
      subjectClaim: jwt.subjectClaim,
      withCookies,
      hasStore: this.stores.revocations !== undefined,
      sessionClaims: this.settings.session.claims,
      hasUsers: this.hooks.loadUser !== undefined,
    });
    if (this.settings.oauth?.logsIn === true && this.hooks.oauthUser === undefined)
      throw new AuthConfigError(
        'hooks.oauthUser',
        'is missing: it finds or makes the user of an identity, or write oauthLogin({ controller: false })',
      );
    this.warn();
    await this.signingKeys?.start();
    try {
      await this.revocations.start();
    } catch (error) {
      // nobody closes an application that did not come up
      this.signingKeys?.stop();
      throw error;
    }
    this.cleanup.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.signingKeys?.stop();
    this.cleanup.stop();
    await this.revocations.stop();
  }

  private warn(): void {
    const { stores, csrf, withCookies, transport } = this.settings;
    const logger = new Logger(AuthModule.name);
    if (process.env['NODE_ENV'] === 'production' && !stores.durable) {
      logger.warn(
        'stores: memoryStores() forgets revocations at a restart and shares them with no other process: use typeormStores()',
      );
    }
    const unproven = ['POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => !csrf.methods.includes(method));
    if (withCookies && csrf.enabled && unproven.length > 0)
      logger.warn(`csrf.methods lacks ${unproven.join(', ')} beside cookies: other sites can send them for your users`);
    if (withCookies && !csrf.enabled)
      logger.warn('csrf.enabled is false beside cookies: other sites can act for your users');
    if (transport.locations.includes('query'))
      logger.warn("transport.locations has 'query': tokens in URLs reach logs and histories");
  }
}
