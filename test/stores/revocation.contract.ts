import type {
  RefreshUse,
  Revocation,
  RevocationCursor,
  RevocationKind,
  RevocationStore,
} from '../../libs/auth/src/stores/revocation.store.js';

/** An empty store, as each test gets it. */
export interface OpenedStore {
  /** The same data as different processes see it; one handle where a store is not shared. At least one. */
  readonly handles: readonly [RevocationStore, ...RevocationStore[]];
  close(): Promise<void>;
}

const now = Date.UTC(2030, 0, 1);
const hour = 3_600_000;
const kinds = ['jti', 'sid', 'sub'] as const satisfies RevocationKind[];

/** Ids that a careless store takes for each other, for a property of every object, or for a piece of SQL. */
const strangeIds: readonly string[] = [
  '__proto__',
  'constructor',
  '',
  ' ',
  'abc',
  'ABC',
  'abc ',
  ' abc',
  'äbc',
  'a\u0308bc', // the same letters as the one before, written otherwise
  'ß',
  'ss',
  '%',
  '_bc',
  'null',
  'undefined',
  "'; DELETE FROM auth_revocation; --",
  '"`\\',
  ':kind',
  '?',
  '$1',
  '🔑',
  'x'.repeat(255),
  'é'.repeat(255),
];

/** What every store of revocations must keep to, whatever it is made of. */
export function describeRevocationStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`revocation store: ${name}`, () => {
    let opened: OpenedStore;
    let store: RevocationStore;

    beforeEach(async () => {
      opened = await open();
      [store] = opened.handles;
    });
    afterEach(() => opened.close());

    /** Twenty calls at once, spread over the processes. */
    const twenty = <T>(call: (handle: RevocationStore, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(
        Array.from({ length: 20 }, (_, index) => call(opened.handles[index % opened.handles.length] ?? store, index)),
      );

    const revokeAll = (rows: readonly Revocation[]): Promise<boolean[]> => inOrder(rows, (row) => store.revoke(row));

    describe('revoke', () => {
      it.each(kinds)('writes a %s once and finds it as it was written', async (kind) => {
        const row = revocation({ kind, notBefore: kind === 'sub' ? 1_893_456_000 : 0 });
        expect(await store.revoke(row)).toBe(true);
        expect(await store.revoke(row)).toBe(false);
        expect(await store.find({ [kind]: row.id })).toEqual([row]);
      });

      it.each(kinds)('lets exactly one of 20 parallel calls write a %s', async (kind) => {
        const first = await twenty((handle) => handle.revoke(revocation({ kind, id: 'raced' })));
        expect(first.filter(Boolean)).toHaveLength(1);
      });

      it('keeps the same id apart by its kind', async () => {
        await store.revoke(revocation({ kind: 'jti', id: 'same' }));
        expect(await store.find({ sid: 'same', sub: 'same' })).toEqual([]);
        expect(await store.revoke(revocation({ kind: 'sid', id: 'same' }))).toBe(true);
      });

      it.each(['jti', 'sid'] as const)('RV-06 keeps a %s for the longest time that was asked for', async (kind) => {
        await store.revoke(revocation({ kind, expiresAt: now + hour }));
        expect(await store.revoke(revocation({ kind, revokedAt: now + 1, expiresAt: now + 2 * hour }))).toBe(false);
        expect(await store.revoke(revocation({ kind, revokedAt: now + 2, expiresAt: now }))).toBe(false);

        const raised = revocation({ kind, revokedAt: now + 1, expiresAt: now + 2 * hour });
        expect(await store.find({ [kind]: raised.id })).toEqual([raised]);
      });

      it.each<[change: string, by: Partial<Revocation>, changed: boolean, left: Partial<Revocation>]>([
        ['nothing', { revokedAt: now + 5 }, false, {}],
        ['a later notBefore', { notBefore: 150, revokedAt: now + 5 }, true, { notBefore: 150, revokedAt: now + 5 }],
        ['an earlier notBefore', { notBefore: 50, revokedAt: now + 5 }, false, {}],
        [
          'a later expiry',
          { expiresAt: now + 9, revokedAt: now + 5 },
          true,
          { expiresAt: now + 9, revokedAt: now + 5 },
        ],
        ['an earlier expiry', { expiresAt: now - 9, revokedAt: now + 5 }, false, {}],
        [
          'a later notBefore and an earlier expiry',
          { notBefore: 150, expiresAt: now - 9, revokedAt: now + 5 },
          true,
          { notBefore: 150, revokedAt: now + 5 },
        ],
        [
          'an earlier notBefore and a later expiry',
          { notBefore: 50, expiresAt: now + 9, revokedAt: now + 5 },
          true,
          { expiresAt: now + 9, revokedAt: now + 5 },
        ],
        ['a later notBefore by a slow clock', { notBefore: 150, revokedAt: now - 5 }, true, { notBefore: 150 }],
      ])('raises a subject and never lowers it: %s', async (_change, by, changed, left) => {
        const before = revocation({ kind: 'sub', notBefore: 100, expiresAt: now });
        await store.revoke(before);
        expect(await store.revoke({ ...before, ...by })).toBe(changed);
        expect(await store.find({ sub: before.id })).toEqual([{ ...before, ...left }]);
      });

      it('ends at the greatest values when 20 processes raise a subject at once', async () => {
        await twenty((handle, index) =>
          handle.revoke(
            revocation({ kind: 'sub', notBefore: 100 + index, revokedAt: now + index, expiresAt: now + 40 - index }),
          ),
        );
        const greatest = { notBefore: 119, expiresAt: now + 40 };
        expect(await store.find({ sub: 'id' })).toEqual([expect.objectContaining(greatest)]);
      });
    });

    describe('find', () => {
      beforeEach(async () => {
        await revokeAll(kinds.map((kind) => revocation({ kind, id: `${kind}-1` })));
        await store.revoke(revocation({ kind: 'jti', id: 'jti-2' }));
      });

      it.each<[names: string, token: { jti?: string; sid?: string; sub?: string }, found: string[]]>([
        ['nothing', {}, []],
        ['one undefined member', { jti: undefined }, []],
        ['undefined members', { jti: undefined, sid: undefined, sub: undefined }, []],
        ['a token', { jti: 'jti-1', sid: undefined, sub: undefined }, ['jti-1']],
        ['a family, and an unknown subject', { jti: undefined, sid: 'sid-1', sub: 'other' }, ['sid-1']],
        ['a subject', { sub: 'sub-1' }, ['sub-1']],
        ['unknown ids', { jti: 'other', sid: 'other', sub: 'other' }, []],
        ['ids of another kind', { jti: 'sid-1', sid: 'sub-1', sub: 'jti-1' }, []],
        ['all three', { jti: 'jti-1', sid: 'sid-1', sub: 'sub-1' }, ['jti-1', 'sid-1', 'sub-1']],
      ])('ST-05 finds what is named and nothing more: %s', async (_names, token, found) => {
        expect((await store.find(token)).map((row) => row.id).toSorted()).toEqual(found);
      });

      it.each([[null], [1], [{}], [['jti-1']], [{ id: 'jti-1' }], [true]])(
        'ST-06 refuses an id that is %j',
        async (id: unknown) => {
          await expect(store.find({ jti: id as string })).rejects.toMatchObject({ code: 'invalid_argument' });
          await expect(store.revoke(revocation({ id: id as string }))).rejects.toMatchObject({
            code: 'invalid_argument',
          });
        },
      );

      it('finds nothing by an id longer than any that can be written', async () => {
        expect(await store.find({ jti: 'x'.repeat(300) })).toEqual([]);
      });
    });

    describe('ids', () => {
      it('takes no id for another one', async () => {
        const rows = strangeIds.map((id) => revocation({ id }));
        expect(await revokeAll(rows)).toEqual(rows.map(() => true));
        expect(await Promise.all(rows.map(({ id }) => store.find({ jti: id })))).toEqual(rows.map((row) => [row]));
      });

      it('takes no refresh token for another one', async () => {
        const uses = strangeIds.map((jti, index) => use({ jti, usedAt: now + index }));
        await inOrder(uses, (each) => store.use(each));
        const again = await inOrder(uses, (each) => store.use({ ...each, usedAt: now - 1 }));
        expect(again).toEqual(uses.map((each) => standing(each)));
      });

      it('takes no child for another one', async () => {
        await store.confirm(use({}), 'child');
        expect(await store.confirm(use({}), 'CHILD')).toBe(false);
        expect(await store.confirm(use({}), 'child ')).toBe(false);
      });
    });

    describe('list', () => {
      const page = { since: 0, now, limit: 100 };

      it('gives the rows written at or after `since`', async () => {
        await revokeAll([-1, 0, 1].map((offset) => revocation({ id: `${offset}`, revokedAt: now + offset })));
        expect(await idsOf(store.list({ ...page, since: now }))).toEqual(['0', '1']);
      });

      it('leaves out a row once its time is over, and not before', async () => {
        await revokeAll([-1, 0, 1].map((offset) => revocation({ id: `${offset}`, expiresAt: now + offset })));
        expect(await idsOf(store.list(page))).toEqual(['0', '1']);
      });

      it('gives a subject again when it is raised', async () => {
        await store.revoke(revocation({ kind: 'sub', notBefore: 1, revokedAt: now }));
        await store.revoke(revocation({ kind: 'sub', notBefore: 2, revokedAt: now + 10 }));
        expect(await store.list({ ...page, since: now + 10 })).toHaveLength(1);
      });

      it('gives whole rows, ordered by time, kind and id', async () => {
        const rows = manyRows();
        await revokeAll(rows.toReversed());
        expect(await store.list(page)).toEqual(rows);
      });

      it.each([1, 2, 5, 12, 13])('pages through all rows once in steps of %i', async (limit) => {
        const rows = manyRows();
        await revokeAll(rows);
        expect(await readPages(store, { ...page, limit })).toEqual(rows);
      });

      it('goes on after a cursor whose row is gone', async () => {
        await revokeAll(manyRows());
        const after: RevocationCursor = { revokedAt: now + 1, kind: 'sid', id: 'aa' };
        const [next] = await store.list({ ...page, after, limit: 1 });
        expect(next).toMatchObject({ revokedAt: now + 1, kind: 'sid', id: 'b' });
      });

      it('holds to `since` when the cursor is before it', async () => {
        await revokeAll(manyRows());
        const after: RevocationCursor = { revokedAt: 0, kind: 'jti', id: '' };
        expect(await store.list({ ...page, since: now + 1, after })).toEqual(manyRows().slice(6));
      });
    });

    describe('use', () => {
      it('answers with the first use, now and later', async () => {
        const first = use({});
        expect(await store.use(first)).toEqual(standing(first));
        expect(await store.use(use({ usedAt: now + 5, expiresAt: now + 2 * hour }))).toEqual(standing(first));
      });

      it('answers with the live branch when there is one', async () => {
        await store.use(use({}));
        await store.confirm(use({}), 'child');
        expect(await store.use(use({ usedAt: now + 5 }))).toEqual({ ...use({}), child: 'child' });
      });

      it('answers 20 parallel uses with the same first one', async () => {
        const uses = await twenty((handle, index) => handle.use(use({ usedAt: now + index })));
        expect(new Set(uses.map((each) => each.usedAt)).size).toBe(1);
        expect(await store.use(use({ usedAt: now + 99 }))).toEqual(uses[0]);
      });
    });

    describe('confirm', () => {
      it('lets the first child go on, again and again, and no sibling', async () => {
        await store.use(use({}));
        expect(await store.confirm(use({}), 'one')).toBe(true);
        expect(await store.confirm(use({}), 'two')).toBe(false);
        expect(await store.confirm(use({}), 'one')).toBe(true);
      });

      it('keeps the time of the first use', async () => {
        await store.use(use({}));
        await store.confirm(use({ usedAt: now + 5, expiresAt: now + 9 * hour }), 'one');
        expect(await store.use(use({ usedAt: now + 9 }))).toEqual({ ...use({}), child: 'one' });
      });

      it('writes the row of a parent that has none', async () => {
        expect(await store.confirm(use({}), 'one')).toBe(true);
        expect(await store.confirm(use({}), 'two')).toBe(false);
        expect(await store.use(use({ usedAt: now + 5 }))).toEqual({ ...use({}), child: 'one' });
      });

      it.each([
        ['used', true],
        ['without a row', false],
      ])('lets exactly one of 20 siblings go on when the parent is %s', async (_state, used) => {
        if (used) await store.use(use({}));
        const live = await twenty((handle, index) => handle.confirm(use({}), `child-${index}`));
        expect(live.filter(Boolean)).toHaveLength(1);

        const winner = `child-${live.indexOf(true)}`;
        expect(await store.use(use({}))).toMatchObject({ child: winner });
      });

      it('tells 20 parallel calls of the same child that it is live', async () => {
        const live = await twenty((handle) => handle.confirm(use({}), 'only'));
        expect(live).toEqual(Array(20).fill(true));
      });

      it('lets one of 20 siblings go on while the parent is being used', async () => {
        const live = await twenty(async (handle, index) =>
          index % 2 === 0 ? handle.confirm(use({}), `child-${index}`) : (await handle.use(use({}))) === undefined,
        );
        expect(live.filter(Boolean)).toHaveLength(1);
      });
    });

    describe('prune', () => {
      it('RV-06 RV-07 removes what is expired and never a live row', async () => {
        const times = [-hour, -1, 0, 1].map((offset) => ({ id: `${offset}`, expiresAt: now + offset }));
        await revokeAll(times.flatMap((time) => kinds.map((kind) => revocation({ kind, ...time }))));
        await inOrder(times, ({ id, expiresAt }) => store.use(use({ jti: id, expiresAt })));

        expect(await store.prune(now, 100)).toBe(8);
        expect(await store.prune(now, 100)).toBe(0);
        expect(await idsOf(store.list({ since: 0, now: 0, limit: 100 }))).toEqual(['0', '1', '0', '1', '0', '1']);
        expect(await store.use(use({ jti: '0', usedAt: now + 5 }))).toMatchObject({ usedAt: now });
      });

      it('RV-06 keeps for ever what never expires', async () => {
        const endless = kinds.map((kind) => revocation({ kind, expiresAt: Infinity }));
        await revokeAll(kinds.map((kind) => revocation({ kind })));
        await revokeAll(endless);
        await store.use(use({ expiresAt: Infinity }));

        expect(await store.prune(now + 1000 * hour, 100)).toBe(0);
        expect(await store.list({ since: 0, now: now + 1000 * hour, limit: 100 })).toEqual(endless);
        expect(await store.use(use({}))).toEqual(standing({ expiresAt: Infinity }));
        expect(await revokeAll(endless)).toEqual([false, false, false]);
      });

      it('RV-06 never ends a fraction of a millisecond early', async () => {
        await store.revoke(revocation({ id: 'new', expiresAt: now + 0.25 }));
        await store.revoke(revocation({ id: 'raised', expiresAt: now }));
        await store.revoke(revocation({ id: 'raised', expiresAt: now + 0.25 }));
        expect(await store.prune(now + 0.25, 100)).toBe(0);
        expect(await idsOf(store.list({ since: now - 0.5, now: now + 0.25, limit: 100 }))).toEqual(['new', 'raised']);
      });

      it('removes at most `limit` of each kind', async () => {
        const expired = ['a', 'b', 'c', 'd', 'e'].map((id) => revocation({ id, expiresAt: now - 1 }));
        await revokeAll(expired);
        await inOrder(expired, ({ id, expiresAt }) => store.use(use({ jti: id, expiresAt })));
        expect([await store.prune(now, 2), await store.prune(now, 2), await store.prune(now, 2)]).toEqual([4, 4, 2]);
      });

      it('RV-07 keeps a row whose time was raised before it ended', async () => {
        await revokeAll(kinds.map((kind) => revocation({ kind, expiresAt: now - 1 })));
        await revokeAll(kinds.map((kind) => revocation({ kind, expiresAt: now + hour })));
        expect(await store.prune(now, 100)).toBe(0);
      });

      it('RV-07 loses no revocation that is written while it runs', async () => {
        await twenty((handle, index) => handle.revoke(revocation({ kind: 'sub', id: `${index}`, expiresAt: now - 1 })));
        await twenty(async (handle, index) =>
          Promise.all([
            handle.revoke(revocation({ kind: 'sub', id: `${index}`, expiresAt: now + hour })),
            handle.prune(now, 5),
          ]),
        );
        await store.prune(now, 100);
        expect(await store.list({ since: 0, now, limit: 100 })).toHaveLength(20);
      });

      it('forgets the branches of a refresh token that is pruned', async () => {
        await store.confirm(use({ expiresAt: now - 1 }), 'one');
        expect(await store.prune(now, 100)).toBe(1);
        expect(await store.confirm(use({}), 'two')).toBe(true);
      });
    });
  });
}

function revocation(row: Partial<Revocation>): Revocation {
  return { kind: 'jti', id: 'id', notBefore: 0, revokedAt: now, expiresAt: now + hour, ...row };
}

function use(row: Partial<Omit<RefreshUse, 'child'>>): Omit<RefreshUse, 'child'> {
  return { jti: 'parent', usedAt: now, expiresAt: now + hour, ...row };
}

function standing(row: Partial<RefreshUse>): RefreshUse {
  return { ...use({}), child: undefined, ...row };
}

/** Twelve rows in the order of the port: two of each kind at each of two times. */
function manyRows(): Revocation[] {
  // the later rows have the smaller ids: an order by id alone would show
  const idsByTime = new Map([
    [now, ['c', 'd']],
    [now + 1, ['a', 'b']],
  ]);
  return [...idsByTime].flatMap(([revokedAt, ids]) =>
    kinds.flatMap((kind) => ids.map((id) => revocation({ kind, id, revokedAt }))),
  );
}

/** One after another, where {@link Promise.all} would be a race. */
async function inOrder<T, R>([first, ...rest]: readonly T[], call: (each: T) => Promise<R>): Promise<R[]> {
  return first === undefined ? [] : [await call(first), ...(await inOrder(rest, call))];
}

async function idsOf(rows: Promise<Revocation[]>): Promise<string[]> {
  return (await rows).map((row) => row.id);
}

async function readPages(
  store: RevocationStore,
  page: { since: number; now: number; after?: RevocationCursor; limit: number },
): Promise<Revocation[]> {
  const rows = await store.list(page);
  const last = rows.at(-1);
  if (rows.length < page.limit || last === undefined) return rows;
  return [...rows, ...(await readPages(store, { ...page, after: last }))];
}
