import { jest } from '@jest/globals';
import { inspect } from 'node:util';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthService, Clock } from 'nest-latchkey';
import { TestClock } from 'nest-latchkey/testing';
import { RefreshTokenEntity, typeormStores } from 'nest-latchkey/typeorm';
import type { DataSource, Logger, QueryRunner } from 'typeorm';
import type {
  Promotion,
  RefreshTokenRow,
  SessionRow,
  SessionSelection,
  SessionStore,
} from '../../libs/auth/src/stores/session.store.js';
import { openTwice, reachableDatabases, undoMigrations, type DatabaseKind, type OpenedTwice } from './databases.js';

jest.setTimeout(30_000);

const now = Date.UTC(2030, 0, 1);
const hour = 3_600_000;

for (const kind of await reachableDatabases()) describeSessions(kind);

function describeSessions(kind: DatabaseKind): void {
  describe(`typeorm session store: ${kind.name}`, () => {
    let opened: OpenedTwice;
    /** Two on one database, as two processes have them. */
    let dataSources: OpenedTwice['dataSources'];
    let store: SessionStore;
    let other: SessionStore;
    let statements: string[];

    beforeEach(async () => {
      statements = [];
      opened = await openTwice(kind, { logger: loggerInto(statements) });
      ({ dataSources } = opened);
      [store, other] = dataSources.map(storeOf) as [SessionStore, SessionStore];
      statements.length = 0;
    });
    afterEach(() => opened.close());

    /** Twenty calls at once, spread over the processes. */
    const twenty = <T>(call: (handle: SessionStore, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 20 }, (_, index) => call(index % 2 === 0 ? store : other, index)));

    const tokensOf = async (sessionId: string): Promise<string[]> => {
      const rows = await dataSources[0].getRepository(RefreshTokenEntity).findBy({ sessionId });
      return rows.map(({ id }) => id).toSorted();
    };

    describe('what is written', () => {
      it.each<[string, Partial<SessionRow>]>([
        ['bare', {}],
        ['of a tenant, with JSON of all kinds', { tenant: 'acme', grant: strange(), data: strange() }],
        ['that has moved', { previousId: 'r0', currentId: 'r1', rotatedAt: now + 5 }],
        ['that was revoked', { revokedAt: now + 1, revokeReason: 'signout' }],
        ['that expires at different times', { idleExpiresAt: now + 2, absoluteExpiresAt: now + 1 }],
      ])('is read as it was: a session %s', async (_name, given) => {
        const row = session(given);
        await store.create(row, token({ id: row.currentId, antiCsrfHash: 'value' }));
        expect(await other.find('s')).toEqual(row);
        if (row.previousId !== null) await store.addToken(token({ id: row.previousId, tokenHash: 'older' }));
        const rows = await other.rotationRows('s', 'hash');
        expect(rows).toMatchObject({ session: row, token: token({ id: row.currentId, antiCsrfHash: 'value' }) });
      });

      it('is of one session only, to the letter', async () => {
        await store.create(session(), token());
        await store.create(session({ id: 'S' }), token({ sessionId: 'S', tokenHash: 'HASH' }));
        await store.create(session({ id: 's ' }), token({ sessionId: 's ', tokenHash: 'hash ' }));
        expect((await store.rotationRows('S', 'HASH'))?.session.id).toBe('S');
        expect((await store.rotationRows('s ', 'hash '))?.token.sessionId).toBe('s ');
        for (const [id, hash] of [
          ['S', 'hash'],
          ['s', 'HASH'],
          ['s', 'hash '],
          ['t', 'hash'],
        ] as const) {
          expect(await store.rotationRows(id, hash)).toBeUndefined();
        }
        expect(await store.find('t')).toBeUndefined();
      });

      it('is refused when the session or the hash is taken', async () => {
        await store.create(session(), token());
        await expect(store.create(session(), token({ id: 'r9', tokenHash: 'other' }))).rejects.toThrow(
          'The store of sessions failed',
        );
        await expect(store.addToken(token({ id: 'r9' }))).rejects.toThrow('The store of sessions failed');
        expect(await tokensOf('s')).toEqual(['r0']);
      });

      it('ST-09 shows no hash and no anti-CSRF value when an entity becomes JSON', async () => {
        await store.create(session(), token({ tokenHash: 'TheHash', antiCsrfHash: 'TheValue' }));
        const read = await dataSources[0].getRepository(RefreshTokenEntity).find();
        expect(read).toHaveLength(1);
        expect(JSON.stringify(read)).not.toMatch(/TheHash|TheValue/);
      });
    });

    it('counts the children of a token and of the current one, by one statement', async () => {
      await store.create(session({ currentId: 'r1', previousId: 'r0', rotatedAt: now }), token());
      const children = [child('r1', 'r0', 1), child('r2', 'r0', 3), child('r3', 'r0', 2), child('r4', 'r1', 4)];
      for (const row of children) await store.addToken(row);
      // another session with the same ids
      await store.create(session({ id: 'twin' }), token({ sessionId: 'twin' }));
      await store.addToken({ ...child('r7', 'r1', 9), sessionId: 'twin' });

      statements.length = 0;
      const rows = await store.rotationRows('s', 'hash');
      expect(statements).toHaveLength(1);
      expect(rows).toEqual({
        session: session({ currentId: 'r1', previousId: 'r0', rotatedAt: now }),
        token: token(),
        current: { id: 'r1', parentId: 'r0', issuedAt: now + 1 },
        previous: { id: 'r0', parentId: null, issuedAt: now },
        childrenOfToken: { count: 3, newestAt: now + 3 },
        childrenOfCurrent: { count: 1, newestAt: now + 4 },
      });
      expect((await store.rotationRows('s', 'hash of r4'))?.childrenOfToken).toEqual({ count: 0, newestAt: 0 });
      expect((await store.rotationRows('twin', 'hash'))?.previous).toBeNull();
    });

    describe('promote', () => {
      const promotion: Promotion = {
        ...{ sessionId: 's', seen: 'r0', to: 'r1', now: now + hour },
        ...{ rotatedBefore: now + hour - 10_000, idleExpiresAt: now + 2 * hour },
      };

      it('S26 lets exactly one of 20 parallel calls move the branch, in 100 rounds of two processes', async () => {
        await store.create(session(), token());
        let seen = 'r0';
        for (let round = 1; round <= 100; round++) {
          const at = now + round;
          const times = { now: at, rotatedBefore: at, idleExpiresAt: at + hour };
          const moved = await twenty((handle, index) =>
            handle.promote({ sessionId: 's', seen, to: `r${round} of ${index}`, ...times }),
          );
          expect(moved.filter(Boolean)).toHaveLength(1);
          const next = `r${round} of ${moved.indexOf(true)}`;
          expect(await other.find('s')).toMatchObject({ currentId: next, previousId: seen, rotatedAt: at });
          seen = next;
        }
      }, 120_000);

      it('moves the branch, and the idle expiry no further than the absolute one', async () => {
        await store.create(session({ absoluteExpiresAt: now + 2 * hour + 1 }), token());
        expect(await store.promote(promotion)).toBe(true);
        expect(await store.find('s')).toEqual(
          session({
            ...{ currentId: 'r1', previousId: 'r0', rotatedAt: now + hour },
            ...{ idleExpiresAt: now + 2 * hour, absoluteExpiresAt: now + 2 * hour + 1 },
          }),
        );
        const again = { ...promotion, seen: 'r1', to: 'r2', rotatedBefore: now + hour + 1 };
        expect(await store.promote({ ...again, idleExpiresAt: now + 9 * hour })).toBe(true);
        expect(await store.find('s')).toMatchObject({ previousId: 'r1', idleExpiresAt: now + 2 * hour + 1 });
      });

      it.each<[string, Partial<SessionRow>, Partial<Promotion>]>([
        ['another token is current', {}, { seen: 'r7' }],
        ['there is no such session', {}, { sessionId: 't' }],
        ['the last move is too young', { rotatedAt: promotion.rotatedBefore }, {}],
        ['T5 it has just expired by its idle time', { idleExpiresAt: promotion.now }, {}],
        ['it has just expired by its absolute time', { absoluteExpiresAt: promotion.now }, {}],
        ['it was revoked, by a clock ahead of ours', { revokedAt: now + 3 * hour, revokeReason: 'signout' }, {}],
      ])('changes nothing when %s', async (_when, given, asked) => {
        const row = session({ ...given });
        await store.create(row, token());
        expect(await store.promote({ ...promotion, ...asked })).toBe(false);
        expect(await store.find('s')).toEqual(row);
      });
    });

    describe('revoke', () => {
      it('lets exactly one of 20 parallel calls end a session, and keeps its reason', async () => {
        await store.create(session(), token());
        const ended = await twenty((handle, index) =>
          handle.revoke('s', index === 0 ? 'reuse' : 'signout', now + index),
        );
        expect(ended.filter(Boolean)).toHaveLength(1);
        const winner = ended.indexOf(true);
        expect(await store.find('s')).toEqual(
          session({ revokedAt: now + winner, revokeReason: winner === 0 ? 'reuse' : 'signout' }),
        );
        expect(await store.revoke('t', 'revoked', now)).toBe(false);
      });

      it('S31 ends the sessions of a subject, of one tenant, all but one, and says which', async () => {
        await openAll();
        expect(await ids({ subject: 'ada', tenant: 'acme' })).toEqual(['a2', 'a3']);
        expect(await ids({ subject: 'ada', except: 'a1' })).toEqual(['a4', 'idle', 'old']);
        expect(await ids({ subject: 'ada' })).toEqual(['a1']);
        expect(await ids({ subject: 'ada' })).toEqual([]);
        expect((await store.list({ subject: 'Ada' }, now)).map(({ id }) => id)).toEqual(['b1']);
        expect(await store.find('dead')).toMatchObject({ revokedAt: now - 1, revokeReason: 'signout' });
        expect(await store.find('idle')).toMatchObject({ revokedAt: now });
        expect(await store.find('a2')).toMatchObject({ revokedAt: now, revokeReason: 'revoked' });
      });

      it('tells each session to one of 20 parallel calls', async () => {
        await openAll();
        const ended = await twenty((handle) => handle.revokeSelected({ subject: 'ada' }, 'revoked', now));
        expect(ended.flat().toSorted()).toEqual(['a1', 'a2', 'a3', 'a4', 'idle', 'old']);
      });

      it('lists what lives, the newest first', async () => {
        await openAll();
        const list = async (selection: SessionSelection) => (await store.list(selection, now)).map(({ id }) => id);
        expect(await list({ subject: 'ada' })).toEqual(['a4', 'a3', 'a2', 'a1']);
        expect(await list({ subject: 'ada', tenant: 'acme', except: 'a2' })).toEqual(['a3']);
        expect(await list({ subject: 'nobody' })).toEqual([]);
      });

      const ids = async (selection: SessionSelection) =>
        (await other.revokeSelected(selection, 'revoked', now)).toSorted();

      async function openAll(): Promise<void> {
        const rows: Partial<SessionRow>[] = [
          { id: 'a2', tenant: 'acme', createdAt: now - 3 },
          { id: 'a1', createdAt: now - 4 },
          { id: 'a4', tenant: 'other', createdAt: now - 1 },
          { id: 'a3', tenant: 'acme', createdAt: now - 2 },
          { id: 'b1', subject: 'Ada' },
          { id: 'b2', subject: 'ada ' },
          { id: 'dead', revokedAt: now - 1, revokeReason: 'signout' },
          { id: 'idle', idleExpiresAt: now },
          { id: 'old', absoluteExpiresAt: now },
        ];
        for (const row of rows) await store.create(session(row), token({ sessionId: row.id! }));
      }
    });

    describe('prune', () => {
      it('T6 deletes what has ended, the oldest first, with its tokens, and nothing that lives', async () => {
        const ends: Partial<SessionRow>[] = [
          { id: 'idle', idleExpiresAt: now - 3 },
          { id: 'old', absoluteExpiresAt: now - 2 },
          { id: 'dead', revokedAt: now - 1, revokeReason: 'signout' },
          { id: 'just', idleExpiresAt: now },
          { id: 'live' },
        ];
        for (const row of ends) await store.create(session(row), token({ sessionId: row.id! }));
        await store.revoke('live', 'signout', now + 1);

        expect(await store.prune(now, 2)).toBe(2);
        expect(await Promise.all(ends.map(({ id }) => store.find(id!)))).toMatchObject([
          ...[undefined, undefined, { id: 'dead' }, { id: 'just' }, { id: 'live' }],
        ]);
        expect(await store.prune(now, 2)).toBe(1);
        expect(await store.prune(now, 2)).toBe(0);
        expect([await tokensOf('idle'), await tokensOf('old'), await tokensOf('dead')]).toEqual([[], [], []]);
        expect([await tokensOf('just'), await tokensOf('live')]).toEqual([['r0'], ['r0']]);
        expect(await store.prune(now + 2, 9)).toBe(2);
      });

      it('T6 takes the tokens of a busy session in pieces, and the session after the last', async () => {
        await store.create(session({ idleExpiresAt: now - 1 }), token());
        for (let index = 1; index < 25; index++) await store.addToken(child(`r${index}`, 'r0', index));

        expect(await store.prune(now, 2)).toBe(2);
        expect(await store.find('s')).toMatchObject({ revokeReason: 'expired' });
        expect(await tokensOf('s')).toHaveLength(5);
        expect(await store.prune(now, 2)).toBe(1);
        expect(await store.find('s')).toBeUndefined();
        expect(await tokensOf('s')).toEqual([]);
      });

      it('leaves a session whole whose idle expiry slides between its statements', async () => {
        await store.create(session({ idleExpiresAt: now }), token());
        const slide = { sessionId: 's', seen: 'r0', to: 'r1', now: now - 1, rotatedBefore: now - 1 };
        let slid = false;
        standBetween(dataSources[0], async (statement, proceed) => {
          if (statement.startsWith('UPDATE') && !slid)
            slid = await other.promote({ ...slide, idleExpiresAt: now + hour });
          return proceed();
        });
        expect(await store.prune(now + 1, 9)).toBe(0);
        expect(slid).toBe(true);
        expect(await other.find('s')).toMatchObject({ currentId: 'r1' });
        expect(await tokensOf('s')).toEqual(['r0']);
      });
    });

    describe('its input and its answers', () => {
      const calls: [name: string, call: () => Promise<unknown>][] = [
        ['create', () => store.create(session(), token())],
        ['rotationRows', () => store.rotationRows('s', 'hash')],
        ['addToken', () => store.addToken(token())],
        ['promote', () => store.promote(promotionOf({}))],
        ['find', () => store.find('s')],
        ['replaceGrant', () => store.replaceGrant({ sessionId: 's', seen: {}, grant: {}, now })],
        ['updateData', () => store.updateData('s', {}, now)],
        ['revoke', () => store.revoke('s', 'signout', now)],
        ['revokeSelected', () => store.revokeSelected({ subject: 'ada' }, 'revoked', now)],
        ['list', () => store.list({ subject: 'ada' }, now)],
        ['prune', () => store.prune(now, 1)],
      ];

      it.each([undefined, null, 7, {}, [], ['s'], Object('s'), () => "'s'", Symbol('s')])(
        'ST-05, ST-06 refuses %p for a text, before any statement',
        async (bad) => {
          const text = bad as string;
          const refused = [
            store.create(session({ id: text }), token()),
            store.create(session({ subject: text }), token()),
            store.create(session(), token({ id: text })),
            store.create(session(), token({ tokenHash: text })),
            store.addToken(token({ sessionId: text })),
            store.rotationRows(text, 'hash'),
            store.rotationRows('s', text),
            store.promote(promotionOf({ sessionId: text })),
            store.promote(promotionOf({ seen: text })),
            store.promote(promotionOf({ to: text })),
            store.find(text),
            store.replaceGrant({ sessionId: text, seen: {}, grant: {}, now }),
            store.updateData(text, {}, now),
            store.revoke(text, 'signout', now),
            store.revoke('s', text as 'signout', now),
            store.revokeSelected({ subject: text }, 'revoked', now),
            store.list({ subject: text }, now),
            ...(bad === undefined
              ? []
              : [
                  store.list({ subject: 'ada', tenant: text }, now),
                  store.revokeSelected({ subject: 'ada', except: text }, 'revoked', now),
                ]),
            ...(bad === null ? [] : [store.create(session({ tenant: text }), token())]),
          ];
          for (const call of refused) await expect(call).rejects.toMatchObject({ code: 'invalid_argument' });
          expect(statements).toEqual([]);
        },
      );

      it.each([undefined, null, '7', 1.5, Number.NaN, Infinity, {}, () => '7'])(
        'refuses %p for a whole number, before any statement',
        async (bad) => {
          const number = bad as number;
          const refused = [
            store.create(session({ createdAt: number }), token()),
            store.create(session({ idleExpiresAt: number }), token()),
            store.addToken(token({ issuedAt: number })),
            store.promote(promotionOf({ now: number })),
            store.promote(promotionOf({ rotatedBefore: number })),
            store.promote(promotionOf({ idleExpiresAt: number })),
            store.replaceGrant({ sessionId: 's', seen: {}, grant: {}, now: number }),
            store.updateData('s', {}, number),
            store.revoke('s', 'signout', number),
            store.revokeSelected({ subject: 'ada' }, 'revoked', number),
            store.list({ subject: 'ada' }, number),
            store.prune(number, 1),
            store.prune(now, number),
          ];
          for (const call of refused) await expect(call).rejects.toMatchObject({ code: 'invalid_argument' });
          expect(statements).toEqual([]);
        },
      );

      it('refuses to write what a column might cut off', async () => {
        const long = 'x'.repeat(256);
        const refusal = { code: 'invalid_argument' };
        await expect(store.create(session({ subject: long }), token())).rejects.toMatchObject(refusal);
        await expect(store.addToken(token({ parentId: long }))).rejects.toMatchObject(refusal);
        await expect(store.promote(promotionOf({ to: long }))).rejects.toMatchObject(refusal);
        const data = { text: 'é'.repeat(32_762) };
        expect(Buffer.byteLength(JSON.stringify(data))).toBe(65_535);
        await store.create(session({ data }), token());
        expect((await store.find('s'))?.data).toEqual(data);
        const longer = session({ id: 't', data: { ...data, and: 1 } });
        await expect(store.create(longer, token())).rejects.toMatchObject(refusal);
        await expect(store.create(session({ grant: null as never }), token())).rejects.toMatchObject(refusal);
        await expect(store.updateData('s', { ...data, and: 1 }, now)).rejects.toMatchObject(refusal);
        const change = { sessionId: 's', seen: {}, grant: { ...data, and: 1 }, now };
        await expect(store.replaceGrant(change)).rejects.toMatchObject(refusal);
      });

      it.each(calls)('lets no SQL, parameter or cause out when %s fails', async (_name, call) => {
        await undoMigrations(dataSources[0]);
        const error = await call().catch((reason: unknown) => reason);
        expect((error as Error).message).toMatch(/^The store of sessions failed: \w+$/);
        expect((error as Error).cause).toBeUndefined();
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(
          /auth_|ada|hash|\bselect\b|insert|QueryFailed/i,
        );
      });

      it.each(calls)('asks the primary only to %s', async (_name, call) => {
        const [dataSource] = dataSources;
        const createRunner = dataSource.createQueryRunner.bind(dataSource);
        const modes: unknown[] = [];
        dataSource.createQueryRunner = (mode) => {
          modes.push(mode);
          return createRunner(mode);
        };
        await call();
        expect(new Set(modes)).toEqual(new Set(['master']));
      });

      it.each(calls)('does %s again when a deadlock took a statement back', async (_name, call) => {
        let number = 0;
        standBetween(dataSources[0], async (_statement, proceed) => {
          number += 1;
          if (number % 2 === 1) throw Object.assign(new Error('Deadlock found'), { code: 'ER_LOCK_DEADLOCK' });
          return proceed();
        });
        await call();
        expect(number).toBeGreaterThan(1);
      });

      it.each(
        calls.filter(([method]) =>
          ['promote', 'revoke', 'revokeSelected', 'prune', 'replaceGrant', 'updateData'].includes(method),
        ),
      )('does not guess when the driver of %s does not count rows', async (_name, call) => {
        await store.create(session({ idleExpiresAt: now - 1 }), token());
        standBetween(dataSources[0], async (_statement, proceed) => {
          const result = (await proceed()) as object;
          return { ...result, affected: undefined };
        });
        await expect(call()).rejects.toThrow('The store of sessions failed: MissingRowCount');
      });
    });

    describe('migrations', () => {
      it('go up, down and up again', async () => {
        const [dataSource] = dataSources;
        await store.create(session(), token());
        await undoMigrations(dataSource);
        await expect(store.find('s')).rejects.toThrow('The store of sessions failed');
        await dataSource.runMigrations();
        expect(await store.find('s')).toBeUndefined();
        await store.create(session(), token());
      });

      it('make the schema that the entities describe', async () => {
        const { upQueries } = await dataSources[0].driver.createSchemaBuilder().log();
        expect(upQueries.map(({ query }) => query)).toEqual([]);
      });
    });

    describe('under the module', () => {
      const clock = new TestClock(now);
      const reuses: unknown[] = [];
      let app: TestingModule;
      let auth: AuthService;
      /** Of sessions and their tokens; the deny-list is polled meanwhile. */
      const ofSessions = () => statements.filter((statement) => /auth_session|auth_refresh_token/.test(statement));

      beforeEach(async () => {
        clock.set(now);
        reuses.length = 0;
        const onEvent = (name: string, payload: unknown) => name === 'session.reused' && reuses.push(payload);
        app = await Test.createTestingModule({
          imports: [
            TypeOrmModule.forRoot({ ...dataSources[0].options, logger: loggerInto(statements) }),
            AuthModule.forRoot({
              jwt: { issuer: 'https://api.example.com', secret: 'Zp3vQm81yLkT5wXe0RgHs7BnUc2JfAdo' },
              stores: typeormStores(),
              hooks: { onEvent },
            }),
          ],
        })
          .overrideProvider(Clock)
          .useValue(clock)
          .compile();
        await app.init();
        auth = app.get(AuthService);
        statements.length = 0;
      });
      afterEach(() => app.close());

      it('a refresh takes three statements, or four where the token is used for the first time', async () => {
        const { refresh_token: first } = await auth.createSession('ada', { scope: 'read', data: { theme: 'dark' } });
        expect(ofSessions()).toHaveLength(3);
        clock.advance(60);
        statements.length = 0;
        const { refresh_token: second } = await auth.refreshSession(first);
        expect(ofSessions().map((statement) => statement.split(' ')[0])).toEqual(['SELECT', 'INSERT', 'SELECT']);
        statements.length = 0;
        await auth.refreshSession(second);
        expect(ofSessions().map((statement) => statement.split(' ')[0])).toEqual([
          ...['SELECT', 'UPDATE', 'INSERT', 'SELECT'],
        ]);
        expect(statements.filter((statement) => /transaction|begin|commit/i.test(statement))).toEqual([]);
      });

      it('S16, S17, S19 a lost answer and a race are answered; a token used twice ends the session', async () => {
        const { refresh_token: first, sid } = await auth.createSession('ada', {
          scope: 'read',
          data: { theme: 'dark' },
        });
        clock.advance(60);
        const race = await Promise.all(Array.from({ length: 20 }, () => auth.refreshSession(first)));
        expect(new Set(race.map(({ refresh_token: text }) => text)).size).toBe(20);
        clock.advance(60);
        const third = await auth.refreshSession(race[3]!.refresh_token);
        expect(third).toMatchObject({ sid, scope: 'read', token_type: 'Bearer' });
        expect((await auth.getSession(sid))?.data).toEqual({ theme: 'dark' });
        expect((await auth.refreshSession(first)).sid).toBe(sid); // within the leeway
        clock.advance(60);
        const late = await Promise.allSettled(Array.from({ length: 5 }, () => auth.refreshSession(first)));
        expect(late.map((result) => (result as PromiseRejectedResult).reason.code).toSorted()).toContain(
          'token_reused',
        );
        expect(reuses).toEqual([{ subject: 'ada', sid, at: clock.now() }]);
        await expect(auth.refreshSession(third.refresh_token)).rejects.toMatchObject({ code: 'token_revoked' });
        expect(await auth.getSession(sid)).toBeUndefined();
        await expect(auth.verify(third.access_token)).rejects.toMatchObject({ code: 'token_revoked' });
      });

      it('S31 ends the other sessions of a user', async () => {
        const devices = await Promise.all([1, 2, 3].map(() => auth.createSession('ada')));
        const [here, ...others] = devices.map(({ sid }) => sid);
        expect((await auth.revokeSessions({ subject: 'ada', except: here! })).toSorted()).toEqual(others.toSorted());
        expect((await auth.listSessions({ subject: 'ada' })).map(({ id }) => id)).toEqual([here]);
      });

      it('ST-01, S44 keeps no text of a token', async () => {
        const { refresh_token: text } = await auth.createSession('ada');
        const secret = text.split('.')[1]!;
        const rows: unknown = await dataSources[0].query('SELECT * FROM auth_refresh_token');
        expect(rows).toHaveLength(1);
        expect(JSON.stringify(rows)).not.toContain(secret);
      });
    });
  });
}

function session(given: Partial<SessionRow> = {}): SessionRow {
  return {
    ...{ id: 's', subject: 'ada', tenant: null, currentId: 'r0', previousId: null, rotatedAt: 0, createdAt: now },
    ...{ idleExpiresAt: now + 5 * hour, absoluteExpiresAt: now + 9 * hour, revokedAt: null, revokeReason: null },
    ...{ grant: {}, data: {}, device: null, network: null },
    ...given,
  };
}

function token(given: Partial<RefreshTokenRow> = {}): RefreshTokenRow {
  const row = { id: 'r0', sessionId: 's', tokenHash: 'hash', parentId: null, antiCsrfHash: null, issuedAt: now };
  return { ...row, ...given };
}

function child(id: string, parentId: string, later: number): RefreshTokenRow {
  return token({ id, parentId, tokenHash: `hash of ${id}`, issuedAt: now + later });
}

function promotionOf(given: Partial<Promotion>): Promotion {
  const idleExpiresAt = now + hour;
  return { ...{ sessionId: 's', seen: 'r0', to: 'r1', now, rotatedBefore: now, idleExpiresAt }, ...given };
}

/** JSON that a careless store would lose. */
function strange(): Record<string, unknown> {
  return {
    ...{ none: null, zero: 0, no: false, list: [1, [{}]], '': '', 'ä🔑': 'ß\u2028\u0000\ud800', quote: `'"\\\`` },
    scope: { read: true, admin: false },
  };
}

function storeOf(dataSource: DataSource): SessionStore {
  const { sessions } = typeormStores().create({ get: <T>() => dataSource as T });
  if (sessions === undefined) throw new Error('typeormStores() made no store of sessions');
  return sessions;
}

/** Collects every statement that reaches the database. */
function loggerInto(statements: string[]): Logger {
  const quiet = () => {};
  return {
    logQuery: (statement) => statements.push(statement),
    ...{ logQueryError: quiet, logQuerySlow: quiet, logSchemaBuild: quiet, logMigration: quiet, log: quiet },
  };
}

/** Stands between the store and the database, whichever runner a statement takes. */
function standBetween(
  dataSource: DataSource,
  answer: (statement: string, proceed: () => Promise<unknown>) => Promise<unknown>,
): void {
  const createRunner = dataSource.createQueryRunner.bind(dataSource);
  const wrapped = new WeakSet<QueryRunner>();
  dataSource.createQueryRunner = (mode) => {
    const runner = createRunner(mode);
    // SQLite has one runner for all
    if (wrapped.has(runner)) return runner;
    wrapped.add(runner);
    const query = runner.query.bind(runner);
    const between = (statement: string, ...rest: unknown[]): Promise<unknown> =>
      answer(statement, () => query(statement, ...(rest as [])));
    runner.query = between as QueryRunner['query'];
    return runner;
  };
}
