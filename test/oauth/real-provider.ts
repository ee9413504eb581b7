import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import type { ClientMetadata, Configuration, default as Provider } from 'oidc-provider';

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

/** One request that reached the provider. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** `oidc-provider`, which nobody here wrote, on a port of loopback. Whoever comes is logged in as alice and consents. */
export class RealProvider {
  readonly seen: SeenRequest[] = [];
  private server!: Server;
  issuer = '';

  constructor(
    private readonly clients: readonly ClientMetadata[],
    private readonly more: Partial<Configuration> = {},
    /** What its issuer calls itself: `localhost` is another site than an application on 127.0.0.1. */
    private readonly host = '127.0.0.1',
  ) {}

  async start(): Promise<void> {
    this.server = createServer();
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://${this.host}:${(this.server.address() as AddressInfo).port}`;
    // Jest's own makes objects of another realm, which the provider takes for none of JSON
    globalThis.structuredClone = (value) => JSON.parse(JSON.stringify(value)) as never;
    const provider = await silently(
      async () =>
        new (await import('oidc-provider')).default(this.issuer, {
          clients: [...this.clients],
          pkce: { required: () => true },
          scopes: ['openid', 'offline_access', 'email', 'profile', 'read'],
          claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
          findAccount: (_ctx, accountId) => ({
            accountId,
            claims: () => ({ sub: accountId, email: `${accountId}@example.com`, email_verified: true, name: 'Alice' }),
          }),
          renderError: (ctx, out) => {
            ctx.body = { ...out };
          },
          jwks: { keys: [{ ...privateKey, use: 'sig', alg: 'RS256', kid: 'one' }] },
          cookies: { keys: [randomBytes(32).toString('hex')] },
          interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
          features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true } },
          ...this.more,
        }),
    );
    provider.use(interaction(provider));
    provider.use(api(provider));
    const callback = provider.callback();
    this.server.on('request', (request, response) => {
      const { method = '', url = '', headers } = request;
      this.seen.push({ method, path: url.split('?')[0]!, headers });
      void callback(request, response);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** How often a path was asked. */
  count(path: string): number {
    return this.seen.filter((request) => request.path === path).length;
  }
}

/** It tells on the console what is not fit for production. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  for (const method of ['info', 'warn'] as const) {
    const original = console[method].bind(console);
    jest.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
      if (!String(parts[0]).includes('oidc-provider')) original(...parts);
    });
  }
  return work();
}

type Middleware = Parameters<Provider['use']>[0];

/** What a user would click. */
function interaction(provider: Provider): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
    if (prompt.name === 'login') {
      await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'alice' } });
    } else {
      const grant = new provider.Grant({ accountId: session!.accountId, clientId: params['client_id'] as string });
      grant.addOIDCScope(params['scope'] as string);
      const grantId = await grant.save();
      await provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId } });
    }
    ctx.respond = false;
    return undefined;
  };
}

/** Of plain OAuth 2: whose the access token is, a user's or a client's, in words that no specification has. */
function api(provider: Provider): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/api/me') return next();
    const [, token = ''] = ctx.get('authorization').split('Bearer ');
    const own = await provider.ClientCredentials.find(token);
    const found = await provider.AccessToken.find(token);
    ctx.status = found === undefined && own === undefined ? 401 : 200;
    ctx.body = own
      ? { data: { client: own.clientId, scope: own.scope } }
      : { data: { id: 4711, login: found?.accountId, mail: `${found?.accountId}@example.com`, proved: true } };
    return undefined;
  };
}

/** Redirect URIs are registered before their application listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}
