import { ClaimFetcher } from '../../libs/auth/src/session/claim-fetcher.js';
import { SessionChanges, type SessionChangesParts } from '../../libs/auth/src/session/session-changes.js';
import type { IssuedAccess } from '../../libs/auth/src/session/session-tokens.js';
import type {
  GrantChange,
  Promotion,
  RefreshTokenRow,
  SessionRow,
  SessionSelection,
  SessionStore,
} from '../../libs/auth/src/stores/session.store.js';

/** An empty store, as each test gets it. */
export interface OpenedSessionStores {
  readonly store: SessionStore;
  /** The same data as another process sees it; the same handle where a store is not shared. */
  readonly second: SessionStore;
  drop(): Promise<void>;
}

const now = Date.UTC(2030, 0, 1);
const hour = 3_600_000;
const leeway = 10_000;

/** Texts that a careless store takes for each other, cuts off, or takes for a piece of SQL. */
const strangeTexts: readonly string[] = [
  'ada',
  'ADA',
  'ada ',
  ' ada',
  'ädа', // its last letter is Cyrillic
  'äda',
  'a\u0308da', // the same letters as the one before, written otherwise
  'ß',
  'ss',
  '%',
  '_da',
  'null',
  'undefined',
  '__proto__',
  "'; DELETE FROM auth_session; --",
  '"`\\',
  ':subject',
  '?',
  '$1',
  '🔑',
  '名前',
  'x'.repeat(200),
];

/** What is no id: in a database's `where`, each of them finds the first row or an operator. */
const noIds: readonly (readonly [what: string, id: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 1],
  ['true', true],
  ['an object', {}],
  ['an object with an id', { id: 'session' }],
  ['an operator', { $ne: null }],
  ['an array', ['session']],
  ['a text in an object', new String('session')],
];

/** What every store of sessions must keep to, whatever it is made of. */
export function describeSessionStore(name: string, openStores: () => Promise<OpenedSessionStores>): void {
  describe(`session store: ${name}`, () => {
    let opened: OpenedSessionStores;
    let store: SessionStore;
    let second: SessionStore;

    beforeEach(async () => {
      opened = await openStores();
      ({ store, second } = opened);
    });
    afterEach(() => opened.drop());

    /** Twenty calls at once, spread over both processes. */
    const twenty = <T>(call: (handle: SessionStore, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 20 }, (_, index) => call(index % 2 === 0 ? store : second, index)));

    const create = async (changes: Partial<SessionRow> = {}): Promise<SessionRow> => {
      const session = sessionRow(changes);
      await store.create(session, tokenRow({ id: session.currentId, sessionId: session.id }));
      return session;
    };

    describe('create', () => {
      it('writes a session and its first refresh token, whole, for every process', async () => {
        const session = sessionRow({ tenant: 'acme' });
        const token = tokenRow({ antiCsrfHash: 'value' });
        await store.create(session, token);
        for (const handle of [store, second]) {
          expect(await handle.find('session')).toEqual(session);
          expect(await handle.rotationRows('session', token.tokenHash)).toMatchObject({
            ...{ session, token, current: descentOf(token), previous: null },
            ...{ childrenOfToken: { count: 0, newestAt: 0 }, childrenOfCurrent: { count: 0, newestAt: 0 } },
          });
        }
      });

      it('SF-01 never writes over a session that is there', async () => {
        const session = await create();
        await store.revoke('session', 'signout', now);
        await expect(
          second.create(sessionRow({ subject: 'eve' }), tokenRow({ id: 'forged', tokenHash: hashOf('forged') })),
        ).rejects.toThrow();
        expect(await store.find('session')).toEqual({ ...session, revokedAt: now, revokeReason: 'signout' });
        expect(await store.rotationRows('session', hashOf('forged'))).toBeUndefined();
      });

      it('keeps its grant and data as JSON has them', async () => {
        const json = {
          ...{ text: 'é🔑"\\\n\u2028', empty: '', none: null, yes: true, no: false, zero: 0, real: -1.5e-7 },
          ...{ large: 9_007_199_254_740_991, list: [1, [2, {}], null], deep: { er: { est: ['end'] } } },
          ...JSON.parse('{"__proto__": "own", "constructor": 1, "a.b": {"$set": 1}}'),
        };
        await create({ grant: { claims: json, scope: ['read'] }, data: json });
        const found = await second.find('session');
        expect(JSON.stringify(sorted(found?.data))).toBe(JSON.stringify(sorted(json)));
        expect(JSON.stringify(sorted(found?.grant))).toBe(JSON.stringify(sorted({ claims: json, scope: ['read'] })));
      });

      it('keeps 20,000 characters of data', async () => {
        const data = { text: 'é'.repeat(20_000) };
        await create({ data });
        expect((await second.find('session'))?.data).toEqual(data);
      });

      it('shares no object with its caller: what is changed outside stays outside', async () => {
        const data = { list: ['written'] };
        const session = sessionRow({ data, grant: { claims: data } });
        await store.create(session, tokenRow({}));
        data.list.push('later');
        const found = (await store.find('session'))!;
        expect(found).toEqual({ ...session, data: { list: ['written'] }, grant: { claims: { list: ['written'] } } });
        const rows = await store.rotationRows('session', hashOf('first'));
        const [listed] = await store.list({ subject: 'ada' }, now);
        for (const row of [found, rows!.session, listed!]) (row.data as typeof data).list.push('outside');
        expect((await store.find('session'))?.data).toEqual({ list: ['written'] });
      });

      it('keeps times to the millisecond, far beyond 2^31 and 2^41', async () => {
        const far = Date.UTC(9_999, 11, 31, 23, 59, 59, 999);
        const session = sessionRow({
          ...{ createdAt: now + 1, rotatedAt: far - 3 },
          ...{ idleExpiresAt: far - 1, absoluteExpiresAt: far },
        });
        await store.create(session, tokenRow({ issuedAt: far - 2 }));
        expect(await second.find('session')).toEqual(session);
        expect((await second.rotationRows('session', hashOf('first')))?.token.issuedAt).toBe(far - 2);
        expect(await store.revoke('session', 'revoked', far - 4)).toBe(true);
        expect((await second.find('session'))?.revokedAt).toBe(far - 4);
      });

      it('takes no subject and no tenant for another one', async () => {
        for (const [index, text] of strangeTexts.entries()) {
          await create({ id: `subject-${index}`, currentId: `of-subject-${index}`, subject: text });
          await create({ id: `tenant-${index}`, currentId: `of-tenant-${index}`, subject: 'eve', tenant: text });
        }
        for (const [index, text] of strangeTexts.entries()) {
          const [bySubject, ...moreSubjects] = await second.list({ subject: text }, now);
          const [byTenant, ...moreTenants] = await second.list({ subject: 'eve', tenant: text }, now);
          expect([bySubject, moreSubjects]).toEqual([expect.objectContaining({ subject: text }), []]);
          expect([byTenant, moreTenants]).toEqual([expect.objectContaining({ tenant: text }), []]);
          expect([bySubject?.id, byTenant?.id]).toEqual([`subject-${index}`, `tenant-${index}`]);
        }
      });
    });

    describe('rotationRows', () => {
      it('finds a token by its session and its hash together', async () => {
        await create();
        await create({ id: 'other', currentId: 'of-other' });
        expect(await store.rotationRows('session', hashOf('first'))).toMatchObject({ token: { id: 'first' } });
        for (const [id, hash] of [
          ['other', hashOf('first')],
          ['session', hashOf('of-other')],
          ['unknown', hashOf('first')],
          ['session', hashOf('unknown')],
          ['session', ''],
          ['', hashOf('first')],
        ] as const)
          expect(await store.rotationRows(id, hash)).toBeUndefined();
      });

      it('takes no hash and no session id for another one of other case', async () => {
        await create();
        expect(await store.rotationRows('session', hashOf('first').toUpperCase())).toBeUndefined();
        expect(await store.rotationRows('session', `${hashOf('first')} `)).toBeUndefined();
        expect(await store.rotationRows('SESSION', hashOf('first'))).toBeUndefined();
      });

      it('gives the whole family: the token, the current one, the previous one, and the children of two', async () => {
        const { root, current, sibling, child } = await family();
        const session = (await store.find('session'))!;
        expect(session).toMatchObject({ previousId: 'first', currentId: 'current', rotatedAt: now });

        const live = { session, current: descentOf(current), previous: descentOf(root) };
        const ofCurrent = { count: 1, newestAt: now + 5 };
        const ofRoot = { count: 3, newestAt: now + 2 };
        const none = { count: 0, newestAt: 0 };
        for (const handle of [store, second]) {
          const rows = await Promise.all(
            [root, current, sibling, child].map(({ tokenHash }) => handle.rotationRows('session', tokenHash)),
          );
          expect(rows).toMatchObject([
            { ...live, token: root, childrenOfToken: ofRoot, childrenOfCurrent: ofCurrent },
            { ...live, token: current, childrenOfToken: ofCurrent, childrenOfCurrent: ofCurrent },
            { ...live, token: sibling, childrenOfToken: none, childrenOfCurrent: ofCurrent },
            { ...live, token: child, childrenOfToken: none, childrenOfCurrent: ofCurrent },
          ]);
        }
      });

      it('counts no children of another session', async () => {
        await create();
        await create({ id: 'other', currentId: 'of-other' });
        await store.addToken(tokenRow({ id: 'stray', sessionId: 'other', parentId: 'first', issuedAt: now }));
        expect(await store.rotationRows('session', hashOf('first'))).toMatchObject({
          childrenOfToken: { count: 0, newestAt: 0 },
        });
      });

      it('counts each of 60 children', async () => {
        await create();
        for (let child = 1; child <= 60; child++)
          await store.addToken(tokenRow({ id: `child-${child}`, parentId: 'first', issuedAt: now + child }));
        const counted = { count: 60, newestAt: now + 60 };
        expect(await second.rotationRows('session', hashOf('first'))).toMatchObject({
          ...{ childrenOfToken: counted, childrenOfCurrent: counted },
        });
      });

      it('gives those of a session that was revoked or has expired, too', async () => {
        const { root } = await family();
        await store.revoke('session', 'reuse', now);
        expect(await second.rotationRows('session', root.tokenHash)).toMatchObject({
          session: { revokedAt: now, revokeReason: 'reuse' },
          previous: { id: 'first' },
        });
      });

      it('reads the family at one time, while it turns', async () => {
        await create();
        for (let turn = 1; turn <= 20; turn++) {
          const [seen, to] = [turn === 1 ? 'first' : `turn-${turn - 1}`, `turn-${turn}`];
          await store.addToken(tokenRow({ id: to, parentId: seen }));
          const promotion = promotionOf({ seen, to, now: now + turn, rotatedBefore: now + turn });
          const [moved, ...read] = await Promise.all([
            second.promote(promotion),
            ...Array.from({ length: 4 }, () => store.rotationRows('session', hashOf('first'))),
          ]);
          expect(moved).toBe(true);
          for (const rows of read) {
            expect([rows?.current.id, rows?.previous?.id ?? null]).toEqual([
              rows?.session.currentId,
              rows?.session.previousId,
            ]);
            expect([seen, to]).toContain(rows?.current.id);
            expect(rows?.current.parentId ?? null).toBe(rows?.previous?.id ?? null);
          }
        }
      });
    });

    describe('promote', () => {
      it('moves the live branch, and writes no more than that', async () => {
        const session = await create();
        const promotion = promotionOf({ idleExpiresAt: now + 5 * hour });
        expect(await store.promote(promotion)).toBe(true);
        expect(await second.find('session')).toEqual({
          ...session,
          ...{ currentId: 'child', previousId: 'first', rotatedAt: now, idleExpiresAt: now + 5 * hour },
        });
      });

      it('moves one session alone', async () => {
        await create();
        const other = await create({ id: 'other', currentId: 'of-other' });
        await store.promote(promotionOf({}));
        expect(await store.find('other')).toEqual(other);
      });

      it.each<[what: string, session: Partial<SessionRow>, promotion: Partial<Promotion>, moves: boolean]>([
        ['another token is current', { currentId: 'moved' }, {}, false],
        ['the token to move to is current', { currentId: 'child' }, {}, false],
        ['the current one is written otherwise', { currentId: 'FIRST' }, {}, false],
        ['the session is unknown', {}, { sessionId: 'unknown' }, false],
        ['the last move was a leeway and a millisecond ago', { rotatedAt: now - leeway - 1 }, {}, true],
        ['the last move was exactly a leeway ago', { rotatedAt: now - leeway }, {}, false],
        ['the last move was of this moment', { rotatedAt: now }, {}, false],
        ['the last move was of a clock that is ahead', { rotatedAt: now + 1 }, {}, false],
        ['it is idle in a millisecond', { idleExpiresAt: now + 1 }, {}, true],
        ['it is idle at this very millisecond', { idleExpiresAt: now }, {}, false],
        ['it is idle since a millisecond', { idleExpiresAt: now - 1 }, {}, false],
        ['it ends in a millisecond', { absoluteExpiresAt: now + 1 }, {}, true],
        ['it ends at this very millisecond', { absoluteExpiresAt: now }, {}, false],
        ['it ended a millisecond ago', { absoluteExpiresAt: now - 1 }, {}, false],
        ['it was revoked', { revokedAt: now - 1, revokeReason: 'signout' }, {}, false],
        ['it was revoked in the first millisecond of time', { revokedAt: 0, revokeReason: 'signout' }, {}, false],
        ['it was revoked by a clock that is ahead', { revokedAt: now + 1, revokeReason: 'signout' }, {}, false],
      ])('is conditional: %s', async (_what, session, promotion, moves) => {
        const before = await create(session);
        expect(await store.promote(promotionOf(promotion))).toBe(moves);
        const after = await second.find('session');
        if (moves) expect(after).toMatchObject({ currentId: 'child', rotatedAt: now });
        else expect(after).toEqual(before);
      });

      it('moves once: 100 rounds of 20 siblings at once, spread over the processes', async () => {
        await create();
        let current = 'first';
        for (let round = 1; round <= 100; round++) {
          const at = now + round * (leeway + 1);
          const siblings = (index: number) => `${round}-${index}`;
          const promotion = { seen: current, now: at, rotatedBefore: at - leeway, idleExpiresAt: at + hour };
          const moved = await twenty((handle, index) =>
            handle.promote(promotionOf({ ...promotion, to: siblings(index) })),
          );
          expect([round, moved.filter(Boolean)]).toEqual([round, [true]]);
          const next = siblings(moved.indexOf(true));
          expect(await second.find('session')).toMatchObject({
            ...{ currentId: next, previousId: current, rotatedAt: at, idleExpiresAt: at + hour },
          });
          current = next;
        }
      });

      it('never moves a session that a parallel call has ended', async () => {
        for (let round = 0; round < 20; round++) {
          const id = `session-${round}`;
          await create({ id, currentId: `first-${round}` });
          const promotion = promotionOf({ sessionId: id, seen: `first-${round}`, to: `child-${round}` });
          const [ended, moved] = await Promise.all([store.revoke(id, 'signout', now), second.promote(promotion)]);
          expect(ended).toBe(true);
          expect(await store.find(id)).toMatchObject({
            ...{ revokedAt: now, currentId: moved ? `child-${round}` : `first-${round}` },
          });
          expect(await store.promote({ ...promotion, seen: `first-${round}`, to: 'late' })).toBe(false);
        }
      });
    });

    describe('revoke', () => {
      it('ends a session once, and keeps the first reason and time', async () => {
        const session = await create();
        expect(await store.revoke('session', 'reuse', now)).toBe(true);
        expect(await second.revoke('session', 'signout', now + 1)).toBe(false);
        expect(await second.find('session')).toEqual({ ...session, revokedAt: now, revokeReason: 'reuse' });
      });

      it.each(['reuse', 'signout', 'revoked', 'expired', 'limit'] as const)('keeps the reason %s', async (reason) => {
        await create();
        await store.revoke('session', reason, now);
        expect((await second.find('session'))?.revokeReason).toBe(reason);
      });

      it('ends one session alone, and none that is not there', async () => {
        await create();
        const other = await create({ id: 'other', currentId: 'of-other' });
        expect(await store.revoke('unknown', 'signout', now)).toBe(false);
        expect(await store.revoke('SESSION', 'signout', now)).toBe(false);
        expect(await store.revoke('session ', 'signout', now)).toBe(false);
        expect(await store.revoke('session', 'signout', now)).toBe(true);
        expect(await store.find('other')).toEqual(other);
      });

      it('ends one that has expired, too: the clock of another process may not have noticed', async () => {
        await create({ idleExpiresAt: now });
        expect(await store.revoke('session', 'signout', now)).toBe(true);
        expect(await second.revoke('session', 'signout', now)).toBe(false);
      });

      it('answers true once: 100 rounds of 20 calls at once, spread over the processes', async () => {
        for (let round = 0; round < 100; round++) {
          const id = `session-${round}`;
          await create({ id, currentId: `first-${round}` });
          const ended = await twenty((handle, index) => handle.revoke(id, 'signout', now + index));
          expect([round, ended.filter(Boolean)]).toEqual([round, [true]]);
          expect((await store.find(id))?.revokedAt).toBe(now + ended.indexOf(true));
        }
      });
    });

    describe('replaceGrant and updateData', () => {
      const grant = { claims: { theme: 'dark' } };
      const change = (changes: Partial<GrantChange> = {}): GrantChange => ({
        ...{ sessionId: 'session', seen: {}, grant, now },
        ...changes,
      });

      it('write for every process, and nothing besides', async () => {
        const session = await create({ data: { cart: [1] } });
        await create({ id: 'another' });
        expect(await store.replaceGrant(change())).toBe(true);
        expect(await second.find('session')).toEqual({ ...session, grant });
        expect(await second.updateData('session', { cart: [] }, now)).toBe(true);
        expect(await store.find('session')).toEqual({ ...session, grant, data: { cart: [] } });
        expect(await store.find('another')).toMatchObject({ grant: {}, data: {} });
      });

      it('S38 replace no grant but the one that was seen', async () => {
        await create({ grant: { scope: 'read', claims: { theme: 'light' } } });
        for (const seen of [{}, { scope: 'read' }, { scope: 'Read', claims: { theme: 'light' } }, grant])
          expect(await store.replaceGrant(change({ seen }))).toBe(false);
        expect(await store.replaceGrant(change({ seen: (await second.find('session'))!.grant }))).toBe(true);
      });

      it('find again what they wrote, whatever JSON it is', async () => {
        const strange = {
          ...{ text: 'é🔑"\\\n\u2028', empty: '', none: null, real: -1.5e-7, 10: 'ten', 9: 'nine' },
          ...JSON.parse('{"__proto__": "own", "constructor": 1, "a.b": {"$set": [1, {}]}, "lone": "\\ud800"}'),
        };
        await create({ grant: { claims: strange } });
        const seen = (await store.find('session'))!.grant;
        expect(await second.replaceGrant(change({ seen, grant: { claims: strange, audience: 'x' } }))).toBe(true);
        const next = (await second.find('session'))!.grant;
        expect(next).toEqual({ claims: strange, audience: 'x' });
        // the same once more is a change too
        expect(await store.replaceGrant(change({ seen: next, grant: next }))).toBe(true);
      });

      it('write the same data twice', async () => {
        await create();
        for (const handle of [store, second, store])
          expect(await handle.updateData('session', { a: 1 }, now)).toBe(true);
      });

      it.each<[what: string, changes: Partial<SessionRow>]>([
        ['revoked', { revokedAt: now - 1, revokeReason: 'signout' }],
        ['idle at this very millisecond', { idleExpiresAt: now }],
        ['at its absolute limit at this very millisecond', { absoluteExpiresAt: now }],
        ['not there', { id: 'another' }],
      ])('leave a session as it is that is %s', async (_what, changes) => {
        const session = await create(changes);
        expect(await store.replaceGrant(change())).toBe(false);
        expect(await store.updateData('session', { a: 1 }, now)).toBe(false);
        expect(await store.find(session.id)).toEqual(session);
      });

      it('S26 S38 tell one of 20 parallel calls that saw the same', async () => {
        for (let round = 0; round < 5; round++) {
          const id = `session-${round}`;
          await create({ id });
          const answers = await twenty((handle, index) =>
            handle.replaceGrant(change({ sessionId: id, grant: { claims: { index } } })),
          );
          expect([round, answers.filter(Boolean)]).toEqual([round, [true]]);
          expect((await store.find(id))?.grant).toEqual({ claims: { index: answers.indexOf(true) } });
        }
      });

      it('S26 S38 lose no claim of 20 that are merged at once, while the branch moves', async () => {
        await create({ grant: { scope: 'read', claims: { own: true, gone: true } } });
        const changesOf = (handle: SessionStore) =>
          new SessionChanges({ ...partsOfChanges, store: handle }, tokensOfNobody);
        const [moved, ...merged] = await Promise.all([
          store.promote(promotionOf({})),
          second.updateData('session', { cart: [1] }, now),
          changesOf(store).mergeClaims('session', { gone: null }),
          ...Array.from({ length: 20 }, (_, index) =>
            changesOf(index % 2 === 0 ? store : second).mergeClaims('session', { [`claim-${index}`]: index }),
          ),
        ]);
        expect([moved, new Set(merged)]).toEqual([true, new Set([true])]);
        const claims = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`claim-${index}`, index]));
        expect(await second.find('session')).toMatchObject({ currentId: 'child', data: { cart: [1] } });
        expect((await second.find('session'))!.grant).toEqual({ scope: 'read', claims: { own: true, ...claims } });
      });
    });

    describe('revokeSelected and list', () => {
      /** Of ada: two without a tenant, two of acme, one revoked, two expired; of eve: two. */
      const all: readonly Partial<SessionRow>[] = [
        { id: 'ada-1', createdAt: now - 5 },
        { id: 'ada-2', createdAt: now - 3 },
        { id: 'ada-acme-1', createdAt: now - 4, tenant: 'acme' },
        { id: 'ada-acme-2', createdAt: now - 2, tenant: 'acme' },
        { id: 'ada-revoked', revokedAt: now - 1, revokeReason: 'reuse' },
        { id: 'ada-idle', idleExpiresAt: now },
        { id: 'ada-over', absoluteExpiresAt: now },
        { id: 'eve-1', subject: 'eve' },
        { id: 'eve-acme', subject: 'eve', tenant: 'acme' },
      ];
      const selections: [what: string, selection: SessionSelection, newestFirst: string[]][] = [
        ['a subject', { subject: 'ada' }, ['ada-acme-2', 'ada-2', 'ada-acme-1', 'ada-1']],
        ['a subject in a tenant', { subject: 'ada', tenant: 'acme' }, ['ada-acme-2', 'ada-acme-1']],
        ['all but one', { subject: 'ada', except: 'ada-2' }, ['ada-acme-2', 'ada-acme-1', 'ada-1']],
        ['a tenant but one', { subject: 'ada', tenant: 'acme', except: 'ada-acme-2' }, ['ada-acme-1']],
        ['all but one of another subject', { subject: 'eve', except: 'ada-1' }, ['eve-1', 'eve-acme']],
        ['an unknown subject', { subject: 'bob' }, []],
        ['an empty subject', { subject: '' }, []],
        ['an unknown tenant', { subject: 'ada', tenant: 'other' }, []],
        ['an empty tenant', { subject: 'ada', tenant: '' }, []],
        ['members that are undefined', { subject: 'eve', tenant: undefined, except: undefined }, ['eve-1', 'eve-acme']],
      ];
      beforeEach(async () => {
        for (const [index, changes] of all.entries()) await create({ currentId: `first-${index}`, ...changes });
      });

      it.each(selections)('list %s that have not ended, the newest first', async (_what, selection, expected) => {
        const listed = (await second.list(selection, now)).map(({ id }) => id);
        // of the same moment, any order will do
        expect(selection.subject === 'ada' ? listed : listed.toSorted()).toEqual(expected);
      });

      it('list whole rows', async () => {
        expect(await second.list({ subject: 'eve', tenant: 'acme' }, now)).toEqual([await store.find('eve-acme')]);
      });

      it.each(selections)('end %s, and no more', async (_what, selection, live) => {
        // what has expired by this clock may live on by another one
        const isOfAll = selection.subject === 'ada' && selection.tenant === undefined;
        const expected = isOfAll ? [...live, 'ada-idle', 'ada-over'] : live;
        const before = await rowsOfAll();
        const ended = await store.revokeSelected(selection, 'signout', now);
        expect(ended.toSorted()).toEqual(expected.toSorted());
        const end = { revokedAt: now, revokeReason: 'signout' };
        expect(await rowsOfAll()).toEqual(before.map((row) => (expected.includes(row!.id) ? { ...row, ...end } : row)));
        expect(await second.revokeSelected(selection, 'revoked', now + 1)).toEqual([]);
      });

      it('end each session once: 20 calls at once name it once in all', async () => {
        const ended = await twenty((handle) => handle.revokeSelected({ subject: 'ada' }, 'revoked', now));
        expect(ended.flat().toSorted()).toEqual([
          ...['ada-1', 'ada-2', 'ada-acme-1', 'ada-acme-2', 'ada-idle', 'ada-over'],
        ]);
      });

      it('name a session that a parallel revoke ends to one of the two', async () => {
        const [ids, ended] = await Promise.all([
          store.revokeSelected({ subject: 'eve' }, 'revoked', now),
          second.revoke('eve-1', 'signout', now),
        ]);
        expect(ids.includes('eve-1')).toBe(!ended);
        expect(ids).toContain('eve-acme');
      });

      const rowsOfAll = () => Promise.all(all.map(({ id }) => store.find(id!)));
    });

    describe('leastRecentlyUsed', () => {
      /** The last used first: the first by a refresh, the others by their log-in; of one moment, the greater id. */
      const sessions: readonly Partial<SessionRow>[] = [
        { id: 'refreshed', createdAt: now - 90, rotatedAt: now - 10 },
        { id: 'of-a-tenant', createdAt: now - 20, tenant: 'acme' },
        { id: 'made-late', createdAt: now - 30, rotatedAt: now - 40 },
        { id: 'made-early-2', createdAt: now - 80 },
        { id: 'made-early-1', createdAt: now - 80 },
      ];
      const ids = sessions.map(({ id }) => id);

      it.each([0, 1, 3, 4, 5, 99])('are the live ones of the subject but for %d, the last used first', async (keep) => {
        for (const changes of sessions.toReversed()) await create(changes);
        await create({ id: 'of-eve', subject: 'eve', createdAt: now - 99 });
        await create({ id: 'idle', idleExpiresAt: now, createdAt: now - 99 });
        await create({ id: 'over', absoluteExpiresAt: now, createdAt: now - 99 });
        await create({ id: 'ended', revokedAt: now - 1, revokeReason: 'signout', createdAt: now - 99 });
        expect(await second.leastRecentlyUsed('ada', keep, now)).toEqual(ids.slice(keep));
      });
    });

    describe('prune', () => {
      it.each<[what: string, session: Partial<SessionRow>, goes: boolean]>([
        ['a live session', {}, false],
        ['one that was idle before', { idleExpiresAt: now - 1 }, true],
        ['one that is idle at this moment', { idleExpiresAt: now }, false],
        ['one that reached its absolute limit before', { absoluteExpiresAt: now - 1 }, true],
        ['one that reaches it at this moment', { absoluteExpiresAt: now }, false],
        ['one that was revoked before', { revokedAt: now - 1, revokeReason: 'signout' }, true],
        ['one that was revoked at this moment', { revokedAt: now, revokeReason: 'signout' }, false],
        ['one that was revoked in the first millisecond of time', { revokedAt: 0, revokeReason: 'reuse' }, true],
        [
          'one that was revoked now, and had been idle before',
          { revokedAt: now, revokeReason: 'signout', idleExpiresAt: now - 1 },
          true,
        ],
      ])('%s', async (_what, changes, goes) => {
        const session = await create(changes);
        expect(await store.prune(now, 100)).toBe(goes ? 1 : 0);
        expect(await second.find('session')).toEqual(goes ? undefined : session);
        const rows = await second.rotationRows('session', hashOf(session.currentId));
        expect(rows === undefined).toBe(goes);
      });

      it('takes the tokens of a session with it, and those of no other', async () => {
        const { root } = await family();
        await create({ id: 'over', currentId: 'of-over', revokedAt: now - 1, revokeReason: 'expired' });
        await store.addToken(tokenRow({ id: 'child-of-over', sessionId: 'over', parentId: 'of-over' }));
        expect(await store.prune(now, 100)).toBe(1);
        expect(await store.rotationRows('session', root.tokenHash)).toMatchObject({ childrenOfToken: { count: 3 } });

        // a session of that name would find none of its rows
        await create({ id: 'over', currentId: 'of-over' });
        expect(await store.rotationRows('over', hashOf('child-of-over'))).toBeUndefined();
        expect(await store.rotationRows('over', hashOf('of-over'))).toMatchObject({ childrenOfToken: { count: 0 } });
      });

      it('takes at most `limit` sessions, and says how many', async () => {
        for (let index = 0; index < 5; index++)
          await create({ id: `${index}`, currentId: `first-${index}`, idleExpiresAt: now - 1 });
        await create();
        const gone = [await store.prune(now, 2), await second.prune(now, 2), await store.prune(now, 2)];
        expect([...gone, await store.prune(now, 2)]).toEqual([2, 2, 1, 0]);
        expect(await store.find('session')).toBeDefined();
      });

      it('takes a session, or leaves it to the parallel call that keeps it alive', async () => {
        for (let round = 0; round < 20; round++) {
          const id = `session-${round}`;
          await create({ id, currentId: `first-${round}`, idleExpiresAt: now + 1 });
          await store.addToken(tokenRow({ id: `child-${round}`, sessionId: id, parentId: `first-${round}` }));
          const [moved, gone] = await Promise.all([
            second.promote(promotionOf({ sessionId: id, seen: `first-${round}`, to: `child-${round}` })),
            store.prune(now + 2, 100),
          ]);
          expect([round, gone]).toEqual([round, moved ? 0 : 1]);
          expect((await store.find(id))?.currentId).toBe(moved ? `child-${round}` : undefined);
          const rows = await store.rotationRows(id, hashOf(`first-${round}`));
          expect(rows?.childrenOfToken.count).toBe(moved ? 1 : undefined);
        }
      });
    });

    describe('ST-05 ST-06 arguments', () => {
      const calls: [call: string, call: (handle: SessionStore, id: string) => Promise<unknown>][] = [
        ['create: the session', (handle, id) => handle.create(sessionRow({ id }), tokenRow({ sessionId: id }))],
        ['create: its subject', (handle, subject) => handle.create(sessionRow({ id: 'new', subject }), newToken)],
        ['create: its token', (handle, id) => handle.create(sessionRow({ id: 'new' }), { ...newToken, id })],
        ['create: its hash', (handle, hash) => handle.create(newSession, { ...newToken, tokenHash: hash })],
        ['rotationRows: the session', (handle, id) => handle.rotationRows(id, hashOf('first'))],
        ['rotationRows: the hash', (handle, hash) => handle.rotationRows('session', hash)],
        ['rotationRows: the hash, session unknown', (handle, hash) => handle.rotationRows('unknown', hash)],
        ['addToken: the session', (handle, sessionId) => handle.addToken(tokenRow({ id: 'x', sessionId }))],
        ['addToken: its id', (handle, id) => handle.addToken(tokenRow({ id }))],
        ['addToken: its hash', (handle, tokenHash) => handle.addToken(tokenRow({ id: 'x', tokenHash }))],
        ['promote: the session', (handle, sessionId) => handle.promote(promotionOf({ sessionId }))],
        ['promote: from', (handle, seen) => handle.promote(promotionOf({ seen }))],
        ['promote: to', (handle, to) => handle.promote(promotionOf({ to }))],
        [
          'replaceGrant: the session',
          (handle, sessionId) => handle.replaceGrant({ sessionId, seen: {}, grant: {}, now }),
        ],
        ['updateData: the session', (handle, id) => handle.updateData(id, {}, now)],
        ['find', (handle, id) => handle.find(id)],
        ['revoke', (handle, id) => handle.revoke(id, 'revoked', now)],
        ['revokeSelected: the subject', (handle, subject) => handle.revokeSelected({ subject }, 'revoked', now)],
        ['list: the subject', (handle, subject) => handle.list({ subject }, now)],
        ['leastRecentlyUsed: the subject', (handle, subject) => handle.leastRecentlyUsed(subject, 0, now)],
      ];
      const narrowing: [call: string, call: (handle: SessionStore, id: string) => Promise<unknown>][] = [
        [
          'revokeSelected: the tenant',
          (handle, tenant) => handle.revokeSelected({ subject: 'ada', tenant }, 'revoked', now),
        ],
        [
          'revokeSelected: except',
          (handle, except) => handle.revokeSelected({ subject: 'ada', except }, 'revoked', now),
        ],
        ['list: the tenant', (handle, tenant) => handle.list({ subject: 'ada', tenant }, now)],
        ['list: except', (handle, except) => handle.list({ subject: 'ada', except }, now)],
      ];
      const newSession = sessionRow({ id: 'new' });
      const newToken = tokenRow({ sessionId: 'new', id: 'of-new', tokenHash: hashOf('of-new') });

      /** Refused as an argument, and nothing is changed by it. */
      async function expectRefusals(call: (handle: SessionStore, id: string) => Promise<unknown>, ids: typeof noIds) {
        const session = await create();
        for (const [what, id] of ids) {
          const answer = await call(store, id as string).then(
            () => 'ok',
            (error: { code?: string }) => error.code,
          );
          expect([what, answer]).toEqual([what, 'invalid_argument']);
        }
        expect(await store.find('session')).toEqual(session);
        expect(await store.find('new')).toBeUndefined();
        expect(await store.rotationRows('session', hashOf('first'))).toMatchObject({ childrenOfToken: { count: 0 } });
      }

      it.each(calls)('%s must be a text', (_name, call) => expectRefusals(call, noIds));

      it.each(narrowing)('%s must be a text or undefined', (_name, call) =>
        expectRefusals(
          call,
          noIds.filter(([, id]) => id !== undefined),
        ),
      );
    });

    /** first → three children, of which one is current; it has one child. */
    async function family() {
      const root = tokenRow({ issuedAt: now - hour });
      const current = tokenRow({ id: 'current', parentId: 'first', issuedAt: now });
      const sibling = tokenRow({ id: 'sibling', parentId: 'first', issuedAt: now + 2 });
      const other = tokenRow({ id: 'other-sibling', parentId: 'first', issuedAt: now + 1 });
      const child = tokenRow({ id: 'child', parentId: 'current', issuedAt: now + 5, antiCsrfHash: 'value' });
      await store.create(sessionRow({}), root);
      for (const token of [current, sibling, other]) await store.addToken(token);
      await store.promote(promotionOf({ to: 'current' }));
      await store.addToken(child);
      return { root, current, sibling, child };
    }
  });
}

function sessionRow(changes: Partial<SessionRow>): SessionRow {
  return {
    ...{ id: 'session', subject: 'ada', tenant: null, currentId: 'first', previousId: null, rotatedAt: 0 },
    ...{ createdAt: now - hour, idleExpiresAt: now + hour, absoluteExpiresAt: now + 9 * hour },
    ...{ revokedAt: null, revokeReason: null, grant: {}, data: {}, device: null, network: null },
    ...changes,
  };
}

/** Its hash follows from its id. */
function tokenRow(changes: Partial<RefreshTokenRow>): RefreshTokenRow {
  const row = {
    id: 'first',
    sessionId: 'session',
    parentId: null,
    antiCsrfHash: null,
    issuedAt: now - hour,
    ...changes,
  };
  return { tokenHash: hashOf(row.id), ...row };
}

/** As long as a hash is, and in mixed case. */
function hashOf(id: string): string {
  return `Hash-${id}`.padEnd(43, '_');
}

/** Its token issuer only refuses reserved names; here there are none. */
/** Makes none: what fits into a token is no matter of the store. */
const tokensOfNobody = { tryOutRefresh: async () => ({}) as IssuedAccess };

const partsOfChanges: Omit<SessionChangesParts, 'store'> = {
  clock: { now: () => now },
  issuer: { checkClaims: () => {} },
  claimFetcher: new ClaimFetcher([], { now: () => now }, () => {
    throw new Error('there are no providers here');
  }),
};

const descentOf = ({ id, parentId, issuedAt }: RefreshTokenRow) => ({ id, parentId, issuedAt });

/** From the first token to its child, now. */
function promotionOf(changes: Partial<Promotion>): Promotion {
  const promotion = { sessionId: 'session', seen: 'first', to: 'child', now, idleExpiresAt: now + hour };
  return { ...promotion, rotatedBefore: now - leeway, ...changes };
}

/** The members of each object by name: a database may keep them in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}
