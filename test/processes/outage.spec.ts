import { setTimeout } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { reachableDatabases } from '../stores/databases.js';
import { AppProcess, codeOf, killAll, valueOf } from './app-process.js';
import { createDatabase, type SharedDatabase } from './database.js';
import { eventually } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';

jest.setTimeout(60_000);

const secret = 'processes: Yx7fQ2mZ9kT4wB1nR8cV5hJ3sD0pLgAu';
const servers = (await reachableDatabases()).filter(({ name }) => name !== 'SQLite');
const cases = servers.flatMap((kind) =>
  (['express', 'fastify'] as const).map((adapter) => ({ kind, adapter, name: kind.name })),
);

// without a server there is nothing to be cut off from, which reachableDatabases() has said
(cases.length > 0 ? describe.each(cases) : describe.skip.each(cases))(
  '$name cut off from $adapter',
  ({ kind, adapter }) => {
    let database: SharedDatabase;
    let proxy: TcpProxy;
    let app: AppProcess;

    beforeAll(async () => {
      database = await createDatabase(kind);
      const url = new URL(database.options['url'] as string);
      proxy = await TcpProxy.before(url);
      url.port = String(proxy.port);
      app = await AppProcess.start({
        ...{ database: { ...database.options, url: url.href }, secret, adapter },
        revocation: { poll: 1, maxStaleness: 2 },
      });
    });
    afterAll(async () => {
      await killAll();
      await proxy.end();
      await database.drop();
    });
    afterEach(async () => {
      proxy.open();
      await eventually(async () => (await codeOf(app.create('probe'))) === undefined);
    });

    /** A browser's session: its cookies, and requests with them. */
    async function logIn() {
      const headers = { 'content-type': 'application/json', 'st-auth-mode': 'cookie' };
      const answer = await fetch(`${app.url}/login`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ subject: 'ada' }),
      });
      expect(answer.status).toBe(200);
      const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]!);
      const send = (method: string, path: string) =>
        fetch(app.url + path, { method, headers: { cookie: cookies.join('; '), rid: 'session' } });
      return { send };
    }

    /** Try again later: nothing else is said, and nothing is taken from the browser. */
    function expectOutage(answer: Response): void {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(answer.headers.get('front-token')).toBeNull();
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }

    it('S42 FT-02 RV-02 answers 503 and logs nobody out, and goes on by itself', async () => {
      const { send } = await logIn();
      expect((await send('GET', '/careful')).status).toBe(200);
      proxy.close();
      expectOutage(await send('POST', '/auth/session/refresh'));
      expectOutage(await send('GET', '/careful'));
      // past maxStaleness nothing is known of revocations
      await eventually(async () => (await send('GET', '/me')).status === 503);
      expectOutage(await send('GET', '/me'));

      proxy.open();
      await eventually(async () => (await send('GET', '/me')).status === 200);
      await eventually(async () => (await send('GET', '/careful')).status === 200);
      const refreshed = await send('POST', '/auth/session/refresh');
      expect(refreshed.status).toBe(200);
      expect(refreshed.headers.getSetCookie()).toHaveLength(2);
    });

    it('S42 a sign-out in an outage is promised by nobody, and done when it is asked for again', async () => {
      const { send } = await logIn();
      proxy.close();
      expectOutage(await send('POST', '/auth/signout'));
      proxy.open();
      await eventually(async () => (await send('GET', '/careful')).status === 200);
      expect((await send('POST', '/auth/signout')).status).toBe(200);
      expect((await send('GET', '/me')).status).toBe(401);
    });

    it('FT-09b takes no lost answer for a reuse', async () => {
      const first = await valueOf(app.create('ada'));
      const second = await valueOf(app.refresh(first.refresh_token!));
      for (let round = 0; round < 5; round++) {
        const late = app.refresh(second.refresh_token!);
        const muted = setTimeout(round).then(() => proxy.mute());
        expect([undefined, 'store_unavailable']).toContain(await codeOf(late));
        expect([undefined, 'store_unavailable']).toContain(await codeOf(app.use(second.access_token)));
        // the answers may have come before it
        await muted;
        proxy.open();
        await eventually(async () => (await codeOf(app.create('probe'))) === undefined);
      }
      const third = await valueOf(app.refresh(second.refresh_token!));
      expect(await valueOf(app.askStore(third.access_token))).toBe('ada');
      expect(await valueOf(app.events())).not.toContain('session.reused');
    });
  },
);
