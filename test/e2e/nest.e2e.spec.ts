/** The examples of docs/nest.md, as they stand there. */
import { setTimeout as wait } from 'node:timers/promises';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AUTH_SETTINGS,
  AuthHealth,
  AuthService,
  memoryStores,
  type AuthSettings,
  type AuthStores,
} from 'nest-latchkey';
import { AuthTestingModule, signTestToken } from 'nest-latchkey/testing';
import { secret } from './fixture.js';

process.env['AUTH_SECRET'] = secret;

describe('docs/nest.md', () => {
  let app: INestApplication;
  afterEach(() => app.close());

  async function boot(root: Type | DynamicModule): Promise<INestApplication> {
    app = (await Test.createTestingModule({ imports: [root] }).compile()).createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    return app;
  }

  it('CF-07 has options of a ConfigService', async () => {
    Object.assign(process.env, { AUTH_ISSUER: 'https://configured.example', ACCESS_TOKEN_LIFETIME: '5m' });
    const { ConfiguredByServiceModule } = await import('../../docs/examples/from-configuration.js');
    const token = await signTestToken(await boot(ConfiguredByServiceModule), 'ada');
    const { iss, iat, exp } = app.get(AuthService).decodeUnverified(token).claims;
    expect([iss, exp! - iat!]).toEqual(['https://configured.example', 300]);
  });

  it('is healthy', async () => {
    const { HealthModule } = await import('../../docs/examples/health.js');
    const answer = await fetch(`${await (await boot(HealthModule)).getUrl()}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'ok', info: { auth: { status: 'up' } } });
  });

  it.each(['revocations', 'sessions', 'signingKeys', 'oauthLinks', 'oauthGrants'] as const)(
    'FT-01 is not healthy while the store of %s is down',
    async (name) => {
      const inner = memoryStores().create(undefined as never);
      const stores: AuthStores = { ...memoryStores(), create: () => inner };
      const health = (await boot(AuthTestingModule.forRoot({ stores }))).get(AuthHealth);
      await health.check();
      const down = () => Promise.reject(new Error('postgres://user:password@host'));
      Object.assign(inner[name]!, { find: down, list: down });
      await expect(health.check()).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.not.stringContaining('password'),
      });
    },
  );

  it('FT-08 is not healthy where nobody knows what is revoked', async () => {
    const inner = memoryStores().create(undefined as never);
    Object.assign(inner.revocations!, { shared: true });
    const stores: AuthStores = { ...memoryStores(), create: () => inner };
    const revocation = { poll: 1, maxStaleness: 2 };
    const health = (await boot(AuthTestingModule.forRoot({ stores, revocation }))).get(AuthHealth);
    // it answers what is asked of one token, and no poll
    Object.assign(inner.revocations!, { list: () => Promise.reject(new Error('too long')) });
    await health.check();
    await wait(2_500);
    await expect(health.check()).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('CF-07 has options from a class', async () => {
    const { ClassConfiguredModule } = await import('../../docs/examples/options-class.js');
    const { jwt }: AuthSettings = (await boot(ClassConfiguredModule)).get(AUTH_SETTINGS);
    expect(jwt.issuer).toBe('https://api.example.com');
  });
});
