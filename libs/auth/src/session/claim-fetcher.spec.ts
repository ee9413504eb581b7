import { jest } from '@jest/globals';
import { ForbiddenException } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { defineClaim, type SessionClaim } from '../jwt/session-claim.js';
import { TestClock } from '../testing/test-clock.js';
import { ClaimFetcher } from './claim-fetcher.js';

const start = 1_800_000_000_000;
const owner = { id: 's', subject: 'ada', tenant: 'acme', data: { secret: 'of the row' } };

class Users {
  rolesOf = (subject: string) => [`role of ${subject}`];
}
const find = <T>(type: abstract new (...parts: never[]) => T): T => {
  expect(type).toBe(Users);
  return new Users() as T;
};
const claimOf = (fetch: SessionClaim<string>['fetch'], key = 'plan') =>
  defineClaim<string>({ key, fetch }) as SessionClaim;

describe('ClaimFetcher', () => {
  const clock = new TestClock(start);
  beforeEach(() => clock.set(start));
  const fetcherOf = (...defined: SessionClaim[]) => new ClaimFetcher(defined, clock, find);

  it('asks each claim of whom it is, and what the application has', async () => {
    const asked: unknown[] = [];
    const roles = defineClaim<string[]>({
      key: 'roles',
      fetch: (session, get) => {
        asked.push(session);
        return get(Users).rolesOf(session.subject);
      },
    });
    const fetched = await fetcherOf(
      roles as SessionClaim,
      claimOf(async () => 'pro'),
    ).fetchAll(owner);
    expect(fetched).toEqual({ roles: { v: ['role of ada'], t: start }, plan: { v: 'pro', t: start } });
    // a row holds more than a claim is to see
    expect(asked).toEqual([{ id: 's', subject: 'ada', tenant: 'acme' }]);
  });

  it('S39 dates a value by its question: what changed meanwhile may not be in it', async () => {
    const slow = claimOf(async () => {
      clock.set(start + 5_000);
      return 'pro';
    });
    expect(await fetcherOf(slow).fetchAll(owner)).toEqual({ plan: { v: 'pro', t: start } });
  });

  it.each([undefined, null])('takes %j for no value', async (none) => {
    expect(await fetcherOf(claimOf(() => none)).fetchAll(owner)).toEqual({ plan: { v: null, t: start } });
  });

  it.each([
    ['an error', new Error('down')],
    ['a refusal of the application, which is not about this request', new ForbiddenException()],
    ['a refusal of ours', new AuthError('token_invalid')],
    ['nothing', undefined],
  ])('S39 takes whatever is thrown for an outage: %s', async (_what, thrown) => {
    for (const fetch of [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      const fetched = fetcherOf(claimOf(fetch)).fetchAll(owner);
      await expect(fetched).rejects.toMatchObject({ code: 'store_unavailable', statusCode: 503 });
    }
  });

  it('S39 takes for an outage what does not answer within 3 seconds', async () => {
    jest.useFakeTimers();
    try {
      const answers = [2_999, 3_001].map((milliseconds) =>
        claimOf(() => new Promise((resolve) => setTimeout(resolve, milliseconds, 'pro'))),
      );
      const [soon, late] = answers.map((claim) =>
        fetcherOf(claim)
          .fetchAll(owner)
          .catch((error: unknown) => error),
      );
      await jest.advanceTimersByTimeAsync(3_001);
      expect(await soon).toEqual({ plan: { v: 'pro', t: start } });
      expect(await late).toMatchObject({ code: 'store_unavailable', statusCode: 503 });
    } finally {
      jest.useRealTimers();
    }
  });

  it.each([[new Date(0)], [Number.NaN], [() => 'x'], [{ a: undefined }]])(
    'refuses what is no JSON: %p',
    async (value) => {
      const fetched = fetcherOf(claimOf(() => value as never)).fetchAll(owner);
      await expect(fetched).rejects.toMatchObject({ code: 'invalid_argument' });
    },
  );

  it('asks no claim that the module does not define, also of the same name', async () => {
    const fetched = fetcherOf(claimOf(() => 'pro')).fetch([claimOf(() => 'other')], owner);
    await expect(fetched).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('S38 leaves the names of its claims to nobody else', () => {
    const fetcher = fetcherOf(claimOf(() => 'pro'));
    expect(() => fetcher.checkNames({ plan: null })).toThrow(expect.objectContaining({ code: 'reserved_claim' }));
    expect(() => fetcher.checkNames({ Plan: 'pro', other: 1 })).not.toThrow();
  });
});
