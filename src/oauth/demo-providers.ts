import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { OAuthLoginOptions } from 'nest-latchkey/passport';
import type { LoopbackProvider } from 'nest-latchkey/testing';
import type { Environment } from '../environment.js';
import { oauthProviders } from './providers.js';

type Providers = NonNullable<OAuthLoginOptions['providers']>;

/**
 * Two providers to try everything with, offline: `demo` speaks OpenID Connect, `demo2` plain OAuth 2, so that one account can
 * be linked to the other.
 *
 * Whoever reaches them logs in as anybody: they listen on loopback, and are there only outside production, where no provider is
 * configured, and where the application itself lives on this machine.
 */
export class DemoProviders implements OnApplicationShutdown {
  private constructor(private readonly running: Readonly<Record<'demo' | 'demo2', LoopbackProvider>> | undefined) {}

  /** Before the application is made: its routes are made of the names, and no name is known without a port. */
  static async start(environment: Environment): Promise<DemoProviders> {
    if (!isWanted(environment)) return new DemoProviders(undefined);
    // an application in production never loads it
    const { LoopbackProvider: Loopback } = await import('nest-latchkey/testing');
    const start = (name: string) =>
      Loopback.start({
        clients: [
          {
            clientId: 'reference-application',
            clientSecret: 'no secret: this is a demo',
            redirectUris: [`${environment.publicUrl}/login/${name}/authorized`],
          },
        ],
        signingAlgorithm: 'ES256',
      });
    const [demo, demo2] = await Promise.all([start('demo'), start('demo2')]);
    new Logger('Demo').log(
      'No provider is configured: /login/demo and /login/demo2 log in alice and bob, without a password',
    );
    return new DemoProviders({ demo, demo2 });
  }

  get options(): Providers {
    if (this.running === undefined) return [];
    const { demo, demo2 } = this.running;
    const scope = ['openid', 'profile', 'email', 'offline_access'];
    return [
      { ...demo.oidc, kind: 'oidc', name: 'demo', scope },
      { ...demo2.oauth2, kind: 'oauth2', name: 'demo2' },
    ];
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(Object.values(this.running ?? {}).map((provider) => provider.stop()));
  }
}

function isWanted(environment: Environment): boolean {
  const { hostname, port } = new URL(environment.publicUrl);
  const isHere = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  const isConfigured = environment.oauthProviders !== undefined || oauthProviders(environment).length > 0;
  // port 0 is a free one, which no redirect URI can name
  return !environment.production && !isConfigured && isHere && port !== '0';
}
