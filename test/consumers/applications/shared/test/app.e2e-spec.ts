import type { INestApplication } from '@nestjs/common';
import { AuthError, AuthService } from 'nest-latchkey';
import { createApp } from './create-app.js';

describe('the notes', () => {
  let app: INestApplication;
  const get = async (path: string, token?: string) =>
    fetch(`${await app.getUrl()}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

  beforeAll(async () => {
    app = await createApp();
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it('are for who has a token', async () => {
    const token = await app.get(AuthService).issueAccessToken('bob');
    const answer = await get('/notes', token);
    expect(await answer.json()).toEqual({ owner: 'bob' });
    expect((await get('/notes')).status).toBe(401);
    expect((await get('/users/ada', token)).status).toBe(403);
  });

  it('know a refusal by its class', async () => {
    const refusal: unknown = await app
      .get(AuthService)
      .verify('no.such.token')
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AuthError);
  });
});
