/** The examples of docs/nest.md, as they stand there. */
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AUTH_SETTINGS, type AuthSettings } from 'nest-latchkey';
import { secret } from './fixture.js';

process.env['AUTH_SECRET'] = secret;

describe('docs/nest.md', () => {
  let app: INestApplication;
  afterEach(() => app.close());

  async function boot(root: Type): Promise<INestApplication> {
    app = (await Test.createTestingModule({ imports: [root] }).compile()).createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    return app;
  }

  it('CF-07 has options from a class', async () => {
    const { ClassConfiguredModule } = await import('../../docs/examples/options-class.js');
    const { jwt }: AuthSettings = (await boot(ClassConfiguredModule)).get(AUTH_SETTINGS);
    expect(jwt.issuer).toBe('https://api.example.com');
  });
});
