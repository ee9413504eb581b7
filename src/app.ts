import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import { AuthConfigError, AuthModule } from 'nest-latchkey';
import { AppModule } from './app.module.js';
import { setUpDocumentation } from './documentation.js';
import { EnvironmentError, type Environment } from './environment.js';
import { DemoProviders } from './oauth/demo-providers.js';
import { oauthProviders } from './oauth/providers.js';

/**
 * The whole application, ready for `listen()`.
 *
 * @throws EnvironmentError when the environment cannot be used; the database's own error when it cannot be reached.
 */
export async function createApp(environment: Environment): Promise<INestApplication> {
  const adapter = adapterOf(environment);
  const demo = await DemoProviders.start(environment);
  const app = await create(environment, demo, adapter);

  const isHttps = environment.publicUrl.startsWith('https:');
  app.useSecurityHeaders({
    // both tell the browser to use https, which a local server does not speak
    strictTransportSecurity: isHttps,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: isHttps } },
  });
  if (environment.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...environment.corsOrigins],
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: AuthModule.corsHeaders(),
      exposedHeaders: ['WWW-Authenticate', 'Retry-After'],
    });
  }
  setUpDocumentation(app);
  return app;
}

/** Which of the addresses of a request is the client's: limits and devices go by it. */
function adapterOf({ adapter, trustedProxies }: Environment): AbstractHttpAdapter {
  const trustProxy = trustedProxies.length > 0 && [...trustedProxies];
  if (adapter === 'fastify') return new FastifyAdapter({ trustProxy });
  const express = new ExpressAdapter();
  express.set('trust proxy', trustProxy);
  return express;
}

/** The library names its options; whoever starts the application knows the variables. */
async function create(
  environment: Environment,
  demo: DemoProviders,
  adapter: AbstractHttpAdapter,
): Promise<INestApplication> {
  try {
    return await NestFactory.create(AppModule.forEnvironment(environment, demo), adapter, { abortOnError: false });
  } catch (error) {
    // there is no application to stop them
    await demo.onApplicationShutdown();
    if (!(error instanceof AuthConfigError)) throw error;
    if (error.option.startsWith('oauth.providers[')) throw new EnvironmentError([providerProblem(error, environment)]);
    if (!Object.hasOwn(variables, error.option)) throw error;
    throw new EnvironmentError([
      error.message
        .replace(':', '')
        .replace(/\b(publicUrl|(?:jwt|session|oauth)\.\w+)/g, (option) => variables[option] ?? option),
    ]);
  }
}

/** `OAUTH_PROVIDERS: corp.issuer is plain http`, where the library counts. */
function providerProblem({ message }: AuthConfigError, environment: Environment): string {
  const names = oauthProviders(environment).map(({ name }) => name);
  return message
    .replace(
      /^oauth\.providers\[(\d+)\]([^:]*):/,
      (_, index: string, path: string) => `OAUTH_PROVIDERS: ${names[Number(index)]}${path}`,
    )
    .replace('allowInsecureLoopback', 'OAUTH_ALLOW_LOOPBACK_HTTP=1');
}

const variables: Readonly<Record<string, string>> = {
  publicUrl: 'PUBLIC_URL',
  'jwt.issuer': 'AUTH_ISSUER',
  'jwt.audience': 'AUTH_AUDIENCE',
  'jwt.algorithm': 'AUTH_ALGORITHM',
  'jwt.secret': 'AUTH_SECRET',
  'jwt.privateKey': 'AUTH_PRIVATE_KEY',
  'jwt.accessTokenLifetime': 'ACCESS_TOKEN_LIFETIME',
  'jwt.refreshTokenLifetime': 'REFRESH_TOKEN_LIFETIME',
  'jwt.clockTolerance': 'CLOCK_TOLERANCE',
  'oauth.timeout': 'OAUTH_TIMEOUT',
  'oauth.refreshLeeway': 'OAUTH_REFRESH_LEEWAY',
  'session.reuseLeeway': 'REUSE_LEEWAY',
  'session.idleLifetime': 'REFRESH_TOKEN_LIFETIME',
  'session.antiCsrf': 'ANTI_CSRF',
};
