import { jest } from '@jest/globals';
import type { SessionResponse } from 'nest-latchkey';
import { reachableDatabases, type DatabaseKind } from '../stores/databases.js';
import { AppProcess, codeOf, killAll, valueOf } from './app-process.js';
import { createDatabase, type SharedDatabase } from './database.js';
import { canRunRedis, eventually, namedRedis, RedisServer } from './redis-server.js';

jest.setTimeout(60_000);

const secret = 'processes: Yx7fQ2mZ9kT4wB1nR8cV5hJ3sD0pLgAu';
const refused = 'token_revoked';

const databases = await reachableDatabases();
const withRedis = canRunRedis();
const named = await namedRedis();

for (const kind of databases)
  describe(`two processes on ${kind.name}, by the poll alone`, () => describeProcesses(kind));
(withRedis ? describe : describe.skip)('two processes on SQLite, over Redis', () =>
  describeProcesses(databases[0]!, 'ours'),
);
if (named !== undefined)
  describe('two processes on SQLite, over TEST_REDIS_URL', () => describeProcesses(databases[0]!, named));

/** @param over a URL, or `ours`: a Redis that tests stop and start. Undefined: no Redis. */
function describeProcesses(kind: DatabaseKind, over?: string): void {
  let redis: RedisServer | undefined;
  let database: SharedDatabase;
  let here: AppProcess;
  let there: AppProcess;
  let clockOffset = 0;
  let lastSubject = 0;
  const newSubject = () => `ada-${(lastSubject += 1)}`;

  beforeAll(async () => {
    redis = over === 'ours' ? await RedisServer.start() : undefined;
    database = await createDatabase(kind);
    // a poll that is not due for a minute: what is seen sooner came over Redis
    const revocation = over === undefined ? { poll: 1 } : { poll: 60, maxStaleness: 3_600 };
    const options = { database: database.options, secret, redisUrl: redis?.url ?? over, revocation };
    [here, there] = await Promise.all([AppProcess.start(options), AppProcess.start(options)]);
  });
  afterAll(async () => {
    await killAll();
    await redis?.stop();
    await database.drop();
  });

  /** A session that both processes have seen. */
  async function logIn(subject: string, tenant?: string): Promise<SessionResponse> {
    const session = await valueOf(here.create(subject, tenant));
    for (const one of [here, there]) expect(await valueOf(one.use(session.access_token))).toBe(subject);
    return session;
  }

  /** Refused at once where it was ended and where the store is asked, and soon everywhere; its refresh token too. */
  async function expectEnded(session: SessionResponse): Promise<void> {
    expect(await codeOf(there.askStore(session.access_token))).toBe(refused);
    expect(await codeOf(here.use(session.access_token))).toBe(refused);
    expect(await codeOf(there.refresh(session.refresh_token!))).toBe(refused);
    await eventually(async () => (await codeOf(there.use(session.access_token))) === refused);
  }

  async function expectAlive(session: SessionResponse): Promise<void> {
    for (const one of [here, there]) expect(await codeOf(one.askStore(session.access_token))).toBeUndefined();
    for (const one of [here, there]) expect(await codeOf(one.use(session.access_token))).toBeUndefined();
    expect(await codeOf(there.refresh(session.refresh_token!))).toBeUndefined();
  }

  it('S30 RV-01 ends one session', async () => {
    const subject = newSubject();
    const [one, other] = [await logIn(subject), await logIn(subject)];
    expect(await valueOf(here.revokeSession(one.sid))).toBe(true);
    await expectEnded(one);
    await expectAlive(other);
  });

  it('RV-01 is seen by a process that does not ask the store, without being asked first', async () => {
    const session = await logIn(newSubject());
    await valueOf(here.revokeSession(session.sid));
    await eventually(async () => (await codeOf(there.use(session.access_token))) === refused);
  });

  it('S31 ends all sessions of a subject but this one, and none of others', async () => {
    const subject = newSubject();
    const [one, two, kept] = [await logIn(subject), await logIn(subject), await logIn(subject)];
    const others = await logIn(newSubject());
    const ended = await valueOf(here.revokeSessions({ subject, except: kept.sid }));
    expect(ended.toSorted()).toEqual([one.sid, two.sid].toSorted());
    for (const session of [one, two]) await expectEnded(session);
    for (const session of [kept, others]) await expectAlive(session);
  });

  it('S31 ends the sessions of one tenant alone', async () => {
    const subject = newSubject();
    const [acme, umbrella, none] = [
      await logIn(subject, 'acme'),
      await logIn(subject, 'umbrella'),
      await logIn(subject),
    ];
    expect(await valueOf(here.revokeSessions({ subject, tenant: 'acme' }))).toEqual([acme.sid]);
    await expectEnded(acme);
    for (const session of [umbrella, none]) await expectAlive(session);
  });

  it('RV-09 ends all that a subject holds, sessions and tokens', async () => {
    const subject = newSubject();
    const session = await logIn(subject);
    const { access_token: token } = await valueOf(here.issue(subject));
    const others = await logIn(newSubject());
    expect(await codeOf(there.use(token))).toBeUndefined();
    await valueOf(here.revokeAll(subject));
    expect(await codeOf(there.askStore(token))).toBe(refused);
    await eventually(async () => (await codeOf(there.use(token))) === refused);
    await expectEnded(session);
    await expectAlive(others);
  });

  it('S27 RV-05 ends a session by its sign-out, over HTTP', async () => {
    const session = await logIn(newSubject());
    const headers = { authorization: `Bearer ${session.access_token}`, 'st-auth-mode': 'header', rid: 'session' };
    const get = async ({ url }: AppProcess, path: string) => (await fetch(url + path, { headers })).status;
    expect([await get(here, '/me'), await get(there, '/me')]).toEqual([200, 200]);
    const answer = await fetch(`${here.url}/auth/signout`, { method: 'POST', headers });
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'OK' }]);
    expect([await get(here, '/me'), await get(there, '/careful')]).toEqual([401, 401]);
    await eventually(async () => (await get(there, '/me')) === 401);
    expect(await codeOf(there.refresh(session.refresh_token!))).toBe(refused);
  });

  it('S20 RR-02 ends a session whose refresh token comes back, whichever process it comes to', async () => {
    const afterTheLeeway = async () => {
      clockOffset += 11_000;
      for (const one of [here, there]) await valueOf(one.setClock(clockOffset));
    };
    const first = await logIn(newSubject());
    const second = await valueOf(here.refresh(first.refresh_token!));
    await valueOf(there.use(second.access_token));
    await afterTheLeeway();
    const third = await valueOf(there.refresh(second.refresh_token!));
    await valueOf(here.use(third.access_token));
    await afterTheLeeway();
    expect(await codeOf(here.refresh(first.refresh_token!))).toBe('token_reused');
    await expectEnded(third);
    expect(await codeOf(there.refresh(first.refresh_token!))).toBe(refused);
    expect(await valueOf(there.events())).not.toContain('session.reused');
    expect((await valueOf(here.events())).filter((name) => name === 'session.reused')).toHaveLength(1);
  });

  if (over === 'ours') {
    it('FT-03 falls back to the poll without Redis, and needs nobody when it is back', async () => {
      const slow = { database: database.options, secret, redisUrl: redis!.url, revocation: { poll: 1 } };
      const [one, other] = await Promise.all([AppProcess.start(slow), AppProcess.start(slow)]);
      const end = async () => {
        const session = await valueOf(one.create(newSubject()));
        await valueOf(other.use(session.access_token));
        await valueOf(one.revokeSession(session.sid));
        await eventually(async () => (await codeOf(other.use(session.access_token))) !== undefined);
        expect(await codeOf(other.use(session.access_token))).toBe(refused);
      };
      await redis!.stop();
      await end();
      await redis!.start();
      await redis!.ask((client) => client.flushall());
      await eventually(() => other.log.includes('Redis cannot be asked'));
      await end();
      await Promise.all([one.stop(), other.stop()]);
      expect(other.log.match(/Redis cannot be asked/g)).toHaveLength(1);
    });

    it('CF-01 does not start when Redis is configured and not there', async () => {
      await redis!.stop();
      await expect(
        AppProcess.start({ database: database.options, secret, redisUrl: redis!.url.replace('//', '//:hunter2@') }),
      ).rejects.toThrow(/^(?!.*hunter2)[^]*revocation\.fanOut: Redis cannot be used \(ECONNREFUSED\)/);
    });
  }
}
