import { jest } from '@jest/globals';
import { inspect } from 'node:util';
import { SigningKeyEntity, typeormStores } from 'nest-latchkey/typeorm';
import type { SigningKeyStore } from '../../libs/auth/src/stores/signing-key.store.js';
import {
  finderOf,
  openTwice,
  reachableDatabases,
  undoMigrations,
  type DatabaseKind,
  type OpenedTwice,
} from './databases.js';
import { signingKeyRow } from './signing-key.contract.js';

jest.setTimeout(30_000);

for (const kind of await reachableDatabases()) describeSigningKeys(kind);

function describeSigningKeys(kind: DatabaseKind): void {
  describe(`typeorm signing key store: ${kind.name}`, () => {
    let opened: OpenedTwice;
    let store: SigningKeyStore;

    beforeEach(async () => {
      opened = await openTwice(kind);
      store = typeormStores().create(finderOf(opened.dataSources[0])).signingKeys!;
    });
    afterEach(() => opened.close());

    const calls: [name: string, call: () => Promise<unknown>][] = [
      ['list', () => store.list()],
      ['add', () => store.add(signingKeyRow({ generation: 7, kid: 'TheKid', sealed: 'TheSealedKey' }))],
      ['remove', () => store.remove([7])],
    ];

    it('ST-09 shows no sealed key when an entity becomes JSON', async () => {
      await store.add(signingKeyRow({ sealed: 'TheSealedKey' }));
      const read = await opened.dataSources[0].getRepository(SigningKeyEntity).find();
      expect(read).toHaveLength(1);
      expect(JSON.stringify(read)).not.toContain('TheSealedKey');
    });

    it.each(calls)('lets no SQL, parameter or cause out when %s fails', async (_name, call) => {
      await undoMigrations(opened.dataSources[0]);
      const error = await call().catch((reason: unknown) => reason);
      expect((error as Error).message).toMatch(/^The store of signing keys failed: \w+$/);
      expect((error as Error).cause).toBeUndefined();
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/auth_|TheKid|TheSealedKey|select|insert/i);
    });

    it.each(calls)('asks the primary only to %s', async (_name, call) => {
      const [dataSource] = opened.dataSources;
      const createRunner = dataSource.createQueryRunner.bind(dataSource);
      const modes: unknown[] = [];
      dataSource.createQueryRunner = (mode) => {
        modes.push(mode);
        return createRunner(mode);
      };
      await call();
      expect(modes).toEqual(['master']);
    });

    it.each<[string, () => Promise<unknown>]>([
      ['a name that is no text', () => store.add(signingKeyRow({ kid: { $ne: null } as never }))],
      ['a name that is too long', () => store.add(signingKeyRow({ kid: 'x'.repeat(256) }))],
      ['half a generation', () => store.add(signingKeyRow({ generation: 1.5 }))],
      ['no time', () => store.add(signingKeyRow({ signsFrom: Number.NaN }))],
      ['a generation in an object', () => store.remove([{ $gt: 0 } as never])],
      ['one among others', () => store.remove([{ $gt: 0 } as never, 7])],
    ])('ST-05 refuses %s before any statement', async (_what, call) => {
      await expect(call()).rejects.toMatchObject({ code: 'invalid_argument' });
      expect(await store.list()).toEqual([]);
    });

    it('the migrations go up, down and up again', async () => {
      const [dataSource] = opened.dataSources;
      await store.add(signingKeyRow());
      await undoMigrations(dataSource);
      await expect(store.list()).rejects.toThrow('The store of signing keys failed');
      await dataSource.runMigrations();
      expect(await store.list()).toEqual([]);
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    });
  });
}
