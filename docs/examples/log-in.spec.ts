import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AuthModule } from 'nest-latchkey';
import { oauthLogin } from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';

describe('logging in with corp', () => {
  let provider: LoopbackProvider;
  let app: INestApplication;

  beforeAll(async () => {
    provider = await LoopbackProvider.start({ users: [{ sub: 'ada', email: 'ada@example.com' }], login: 'ada' });
    const auth = AuthModule.forRoot({
      publicUrl: 'http://127.0.0.1:3000',
      jwt: { issuer: 'http://127.0.0.1:3000', secret: process.env['AUTH_SECRET']! },
      session: {},
      hooks: { oauthUser: ({ identity }) => ({ user: identity.subject }) },
      oauth: oauthLogin({ providers: [oidc('corp', provider.oidc)] }),
    });
    app = (await Test.createTestingModule({ imports: [auth] }).compile()).createNestApplication();
    await app.listen(0);
  });
  afterEach(() => provider.heal());
  afterAll(async () => {
    await app.close();
    await provider.stop();
  });

  /** What a browser does: there, and back with the cookie. */
  async function logIn(): Promise<Response> {
    const url = await app.getUrl();
    const begun = await fetch(`${url}/login/corp`, { redirect: 'manual' });
    const answer = await fetch(begun.headers.get('location')!, { redirect: 'manual' });
    const cookie = begun.headers.getSetCookie().map((line) => line.split(';')[0]);
    const back = new URL(answer.headers.get('location')!);
    return fetch(url + back.pathname + back.search, { headers: { cookie: cookie.join('; ') }, redirect: 'manual' });
  }

  it('begins a session', async () => {
    const answer = await logIn();
    expect(answer.status).toBe(302);
    expect(answer.headers.getSetCookie().join()).toContain('sAccessToken=');
  });

  it('waits for corp to come back', async () => {
    provider.fail('token', { kind: 'status', status: 503 });
    expect((await logIn()).status).toBe(503);
    expect(provider.count('token')).toBe(2);
  });
});
