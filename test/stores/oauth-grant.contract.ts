import type {
  OAuthGrantContent,
  OAuthGrantKey,
  OAuthGrantStore,
} from '../../libs/auth/src/stores/oauth-grant.store.js';

/** An empty store, as each test gets it. */
export interface OpenedOAuthGrantStores {
  readonly store: OAuthGrantStore;
  /** The same data as another process sees it; the same handle where a store is not shared. */
  readonly second: OAuthGrantStore;
  drop(): Promise<void>;
}

const now = Date.UTC(2030, 0, 1);
const key: OAuthGrantKey = { owner: 'user:ada', provider: 'corp', subject: '4711' };

export function grantContent(given: Partial<OAuthGrantContent> = {}): OAuthGrantContent {
  return {
    ...key,
    ...{ issuer: 'https://sso.example.com', sealed: 'a.nonce.bytes', scope: 'openid email', expiresAt: now + 300_000 },
    ...{ status: 'active', createdAt: now, updatedAt: now },
    ...given,
  };
}

/** What every store of grants must keep to, whatever it is made of. */
export function describeOAuthGrantStore(name: string, openStores: () => Promise<OpenedOAuthGrantStores>): void {
  describe(`OAuth grant store: ${name}`, () => {
    let opened: OpenedOAuthGrantStores;
    let store: OAuthGrantStore;
    let second: OAuthGrantStore;

    beforeEach(async () => {
      opened = await openStores();
      ({ store, second } = opened);
    });
    afterEach(() => opened.drop());

    /** Calls that come from two processes in turn. */
    const atOnce = <T>(count: number, call: (handle: OAuthGrantStore, index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, index) => call(index % 2 === 0 ? store : second, index)));

    it('is empty at first', async () => {
      expect(await store.find(key)).toBeUndefined();
      expect(await store.list(key.owner)).toEqual([]);
      expect(await store.page(undefined, 10)).toEqual([]);
      expect(await store.delete(key)).toBe(false);
    });

    it.each<[string, Partial<OAuthGrantContent>]>([
      ['bare', {}],
      ['that needs the user', { status: 'needs_reauth' }],
      ['without an end', { expiresAt: null }],
      ['without a scope', { scope: '' }],
      [
        'of the longest names',
        { owner: `user:${'a'.repeat(255)}`, provider: 'p'.repeat(64), subject: 's'.repeat(255) },
      ],
      ['with a long text', { sealed: `a.${'x'.repeat(16)}.${'Ab-_'.repeat(10_000)}` }],
    ])('gives every process a grant %s as it was written', async (_what, given) => {
      const grant = grantContent(given);
      await store.save(grant);
      const row = { ...grant, version: 1, leaseUntil: null };
      for (const handle of [store, second]) {
        expect(await handle.find(grant)).toEqual(row);
        expect(await handle.list(grant.owner)).toEqual([row]);
      }
    });

    it('O45 ST-07 keeps owners apart, and takes no key for another', async () => {
      const owners = [
        'app',
        'user:app',
        'user:',
        'user:ada',
        'user:Ada',
        'user:ada ',
        'user:äda',
        "user:' OR 1=1 --",
        'user:%',
      ];
      const keys = [
        ...owners.map((owner) => ({ ...key, owner })),
        ...['4711 ', 'ABC', 'abc', '', '__proto__'].map((subject) => ({ ...key, subject })),
        ...['Corp', 'corp '].map((provider) => ({ ...key, provider })),
      ];
      for (const [index, one] of keys.entries()) await store.save(grantContent({ ...one, sealed: `sealed ${index}` }));
      for (const [index, one] of keys.entries())
        expect([one, (await second.find(one))?.sealed]).toEqual([one, `sealed ${index}`]);
      expect(await store.list('app')).toHaveLength(1);
      expect(await store.list('user:ada')).toHaveLength(8);
      expect(await store.list('user:ada', 'corp')).toHaveLength(6);
      await store.delete({ ...key, owner: 'app' });
      expect(await store.page(undefined, 100)).toHaveLength(keys.length - 1);
    });

    it('writes over what is there, counts it, and keeps when it was made', async () => {
      await store.save(grantContent());
      await store.lease(key, 1, now + 1_000, now);
      await second.save(
        grantContent({ sealed: 'b', scope: 'x', expiresAt: null, createdAt: now + 5, updatedAt: now + 5 }),
      );
      expect(await store.find(key)).toEqual({
        ...grantContent({ sealed: 'b', scope: 'x', expiresAt: null, updatedAt: now + 5 }),
        ...{ version: 2, leaseUntil: null },
      });
    });

    it('O46 leaves one row of ten writes at once', async () => {
      await atOnce(10, (handle, index) => handle.save(grantContent({ sealed: `sealed ${index}` })));
      const rows = await store.list(key.owner);
      expect(rows).toEqual([expect.objectContaining({ version: 10, sealed: expect.stringMatching(/^sealed \d$/) })]);
    });

    it.each([0, 1])('lets one of twenty at once replace version %j', async (version) => {
      if (version > 0) await store.save(grantContent());
      const answers = await atOnce(20, (handle, index) =>
        handle.replace(grantContent({ sealed: `${index}` }), version),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await second.find(key)).toMatchObject({ version: version + 1, sealed: String(answers.indexOf(true)) });
    });

    it('replaces no other version, and nothing that is gone', async () => {
      expect(await store.replace(grantContent(), 1)).toBe(false);
      await store.save(grantContent());
      expect(await second.replace(grantContent({ sealed: 'b' }), 0)).toBe(false);
      expect(await second.replace(grantContent({ sealed: 'b' }), 2)).toBe(false);
      expect(await store.find(key)).toMatchObject({ sealed: 'a.nonce.bytes', version: 1 });
    });

    it('OC-18 leases a version to one of twenty at once, until then, and not after a write', async () => {
      await store.save(grantContent());
      const lease = (handle: OAuthGrantStore, version: number, at: number) => handle.lease(key, version, at + 100, at);
      expect((await atOnce(20, (handle) => lease(handle, 1, now))).filter(Boolean)).toHaveLength(1);
      expect(await store.find(key)).toMatchObject({ version: 1, leaseUntil: now + 100 });
      expect(await lease(second, 1, now + 99)).toBe(false);
      expect((await atOnce(20, (handle) => lease(handle, 1, now + 100))).filter(Boolean)).toHaveLength(1);
      expect(await lease(store, 2, now + 500)).toBe(false);
      expect(await store.replace(grantContent({ sealed: 'b' }), 1)).toBe(true);
      expect(await lease(store, 1, now + 500)).toBe(false);
      expect(await lease(second, 2, now)).toBe(true);
      expect(await lease(second, 2, now)).toBe(false);
    });

    it('OC-18 takes a lease that ends further away than two for none', async () => {
      await store.save(grantContent());
      expect(await store.lease(key, 1, now + 86_400_000, now)).toBe(true);
      expect((await atOnce(20, (handle) => handle.lease(key, 1, now + 100, now))).filter(Boolean)).toHaveLength(1);
      expect(await store.find(key)).toMatchObject({ version: 1, leaseUntil: now + 100 });
      expect(await second.lease(key, 1, now + 50, now)).toBe(false);
      expect(await second.lease(key, 1, now + 49, now)).toBe(true);
    });

    it('OC-18 leases no grant of anybody else, and none that is gone', async () => {
      expect(await store.lease(key, 1, now + 1, now)).toBe(false);
      await store.save(grantContent());
      await store.save(grantContent({ owner: 'user:bob' }));
      expect(await store.lease(key, 1, now + 100, now)).toBe(true);
      expect(await store.find({ ...key, owner: 'user:bob' })).toMatchObject({ leaseUntil: null });
    });

    it('gives back the lease with that end alone', async () => {
      await store.save(grantContent());
      await store.lease(key, 1, now + 100, now);
      await second.release(key, now + 99);
      await second.release({ ...key, owner: 'app' }, now + 100);
      expect(await store.find(key)).toMatchObject({ leaseUntil: now + 100 });
      await second.release(key, now + 100);
      expect(await store.find(key)).toMatchObject({ version: 1, leaseUntil: null });
    });

    it('ST-04 pages through all grants, each once', async () => {
      const keys = ['app', 'user:a', 'user:b'].flatMap((owner) =>
        ['corp', 'other'].flatMap((provider) => ['1', '2', '3'].map((subject) => ({ owner, provider, subject }))),
      );
      for (const one of keys) await store.save(grantContent(one));
      const seen: OAuthGrantKey[] = [];
      let page: OAuthGrantKey[];
      while ((page = await second.page(seen.at(-1), 5)).length > 0) {
        expect(page.length).toBeLessThanOrEqual(5);
        seen.push(...page);
      }
      const named = ({ owner, provider, subject }: OAuthGrantKey) => `${owner} ${provider} ${subject}`;
      expect(seen.map(named).toSorted()).toEqual(keys.map(named).toSorted());
    });

    it('ST-04 seals a version again, and leaves everything else to whoever has the lease', async () => {
      await store.save(grantContent());
      await store.lease(key, 1, now + 100, now);
      expect(await second.reseal(key, 1, 'b')).toBe(true);
      expect(await store.find(key)).toEqual({ ...grantContent({ sealed: 'b' }), version: 1, leaseUntil: now + 100 });
      expect(await store.replace(grantContent({ sealed: 'c' }), 1)).toBe(true);
      expect(await second.reseal(key, 1, 'd')).toBe(false);
      expect(await store.find(key)).toMatchObject({ sealed: 'c' });
    });

    it('deletes one grant', async () => {
      for (const subject of ['4711', '4712']) await store.save(grantContent({ subject }));
      expect((await atOnce(10, (handle) => handle.delete(key))).filter(Boolean)).toHaveLength(1);
      expect(await store.list(key.owner)).toEqual([expect.objectContaining({ subject: '4712' })]);
    });

    it('deletes a version, and no other', async () => {
      for (const subject of ['4711', '4711', '4712']) await store.save(grantContent({ subject }));
      for (const version of [0, 1, 3]) expect(await second.delete(key, version)).toBe(false);
      expect(await second.delete({ ...key, subject: '4713' }, 1)).toBe(false);
      expect(await store.find(key)).toMatchObject({ version: 2 });
      expect((await atOnce(10, (handle) => handle.delete(key, 2))).filter(Boolean)).toHaveLength(1);
      expect(await store.list(key.owner)).toEqual([expect.objectContaining({ subject: '4712' })]);
    });

    it.each([undefined, null, 5, {}, ['user:ada']])('ST-05 takes %j for no key', async (text) => {
      const other = (part: keyof OAuthGrantKey) => ({ ...key, [part]: text as never });
      const refused = { code: 'invalid_argument' };
      await store.save(grantContent());
      for (const part of ['owner', 'provider', 'subject'] as const) {
        await expect(store.find(other(part))).rejects.toMatchObject(refused);
        await expect(store.delete(other(part))).rejects.toMatchObject(refused);
        await expect(store.save(grantContent(other(part)))).rejects.toMatchObject(refused);
        await expect(store.replace(grantContent(other(part)), 1)).rejects.toMatchObject(refused);
        await expect(store.lease(other(part), 1, now + 1, now)).rejects.toMatchObject(refused);
        await expect(store.release(other(part), now)).rejects.toMatchObject(refused);
        await expect(store.reseal(other(part), 1, 'b')).rejects.toMatchObject(refused);
      }
      await expect(store.list(text as never)).rejects.toMatchObject(refused);
      if (text !== undefined) await expect(store.list(key.owner, text as never)).rejects.toMatchObject(refused);
      if (typeof text !== 'number')
        await expect(store.replace(grantContent(), text as never)).rejects.toMatchObject(refused);
      if (typeof text === 'object') await expect(store.delete(key, text as never)).rejects.toMatchObject(refused);
      expect(await store.page(undefined, 10)).toHaveLength(1);
    });
  });
}
