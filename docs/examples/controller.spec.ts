import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AuthTestingModule, signTestToken, TestClock } from 'nest-latchkey/testing';
import { NotesController } from './five-minutes.js';

describe('a profile', () => {
  let app: INestApplication;

  beforeAll(async () => {
    const imports = [AuthTestingModule.forRoot()];
    const testing = await Test.createTestingModule({ imports, controllers: [NotesController] }).compile();
    app = testing.createNestApplication();
    await app.listen(0);
  });
  afterAll(() => app.close());

  async function profileOfBob(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${await app.getUrl()}/users/bob`, { headers })).status;
  }

  it('is for whose it is, and for administrators', async () => {
    expect(await profileOfBob(await signTestToken(app, 'bob'))).toBe(200);
    expect(await profileOfBob(await signTestToken(app, 'ada'))).toBe(403);
    expect(await profileOfBob(await signTestToken(app, 'root', { scope: { admin: true } }))).toBe(200);
  });

  it('wants a token that has not expired', async () => {
    const token = await signTestToken(app, 'bob');
    app.get(TestClock).advance('16m');
    expect(await profileOfBob(token)).toBe(401);
  });
});
