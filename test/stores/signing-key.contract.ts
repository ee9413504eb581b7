import type { SigningKeyRow, SigningKeyStore } from '../../libs/auth/src/stores/signing-key.store.js';

/** An empty store, as each test gets it. */
export interface OpenedSigningKeyStores {
  readonly store: SigningKeyStore;
  /** The same data as another process sees it; the same handle where a store is not shared. */
  readonly second: SigningKeyStore;
  drop(): Promise<void>;
}

const now = Date.UTC(2030, 0, 1);

export function signingKeyRow(given: Partial<SigningKeyRow> = {}): SigningKeyRow {
  return {
    ...{ generation: 1, kid: 'kid', algorithm: 'ES256', createdAt: now, signsFrom: now + 600_000 },
    ...{ endsOlder: false, sealed: 'a.nonce.bytes' },
    ...given,
  };
}

/** What every store of signing keys must keep to, whatever it is made of. */
export function describeSigningKeyStore(name: string, openStores: () => Promise<OpenedSigningKeyStores>): void {
  describe(`signing key store: ${name}`, () => {
    let opened: OpenedSigningKeyStores;
    let store: SigningKeyStore;
    let second: SigningKeyStore;

    beforeEach(async () => {
      opened = await openStores();
      ({ store, second } = opened);
    });
    afterEach(() => opened.drop());

    it('is empty at first', async () => {
      expect(await store.list()).toEqual([]);
    });

    it.each<[string, Partial<SigningKeyRow>]>([
      ['bare', {}],
      ['that ends the older ones', { endsOlder: true }],
      ['whose name differs by case and spaces', { kid: 'KID ' }],
      ['of a large generation', { generation: 2_000_000_000 }],
      ['with a long text', { sealed: `a.${'x'.repeat(16)}.${'Ab-_'.repeat(2_000)}` }],
    ])('gives every process a key %s as it was written', async (_what, given) => {
      const row = signingKeyRow(given);
      expect(await store.add(row)).toBe(true);
      for (const handle of [store, second]) expect(await handle.list()).toEqual([row]);
    });

    it('gives the oldest generation first', async () => {
      const rows = [3, 1, 10, 2].map((generation) => signingKeyRow({ generation, kid: `kid ${generation}` }));
      for (const row of rows) await store.add(row);
      expect((await second.list()).map(({ generation }) => generation)).toEqual([1, 2, 3, 10]);
    });

    it('never writes over a key that is there', async () => {
      const row = signingKeyRow();
      await store.add(row);
      expect(await second.add(signingKeyRow({ kid: 'forged', sealed: 'forged' }))).toBe(false);
      expect(await store.list()).toEqual([row]);
    });

    it('S43 writes exactly one of 20 keys of one generation, in 20 rounds of two processes', async () => {
      for (let generation = 1; generation <= 20; generation++) {
        const written = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? store : second).add(signingKeyRow({ generation, kid: `${generation} of ${index}` })),
          ),
        );
        expect(written.filter(Boolean)).toHaveLength(1);
        const winner = `${generation} of ${written.indexOf(true)}`;
        expect((await store.list()).at(-1)?.kid).toBe(winner);
      }
    });

    it('deletes what it is told to, and nothing else', async () => {
      for (const generation of [1, 2, 3]) await store.add(signingKeyRow({ generation, kid: `kid ${generation}` }));
      await second.remove([]);
      expect(await store.list()).toHaveLength(3);
      await Promise.all([store.remove([1, 2, 99]), second.remove([1, 2])]);
      expect((await store.list()).map(({ generation }) => generation)).toEqual([3]);
      expect(await second.add(signingKeyRow({ generation: 3 }))).toBe(false);
    });
  });
}
