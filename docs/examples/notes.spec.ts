import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Clock } from 'nest-latchkey';
import { signTestToken, TestClock } from 'nest-latchkey/testing';
import { AppModule } from './five-minutes.js';

describe('removing a note', () => {
  const clock = new TestClock();
  let app: INestApplication;

  beforeAll(async () => {
    const testing = Test.createTestingModule({ imports: [AppModule] });
    testing.overrideProvider(Clock).useValue(clock);
    app = (await testing.compile()).createNestApplication();
    await app.listen(0);
  });
  afterAll(() => app.close());

  async function remove(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${await app.getUrl()}/notes/1`, { method: 'DELETE', headers });
    return answer.status;
  }

  it('is for administrators', async () => {
    expect(await remove(await signTestToken(app, 'ada'))).toBe(403);
    expect(await remove(await signTestToken(app, 'root', { scope: { admin: true } }))).toBe(200);
  });

  it('wants a token that has not expired', async () => {
    const token = await signTestToken(app, 'root', { scope: { admin: true } });
    clock.advance('16m');
    expect(await remove(token)).toBe(401);
  });
});
