import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { OAuthGrantEntity, typeormStores } from 'nest-latchkey/typeorm';
import { memoryStores, noStores } from '../../libs/auth/src/stores/memory.stores.js';
import { finderOf, openTwice, reachableDatabases, undoMigrations, type DatabaseKind } from './databases.js';
import { describeOAuthGrantStore, grantContent, type OpenedOAuthGrantStores } from './oauth-grant.contract.js';

jest.setTimeout(30_000);

const databases = await reachableDatabases();

describeOAuthGrantStore('memory', openMemory);
for (const kind of databases) describeOAuthGrantStore(kind.name, () => openTypeorm(kind));

async function openMemory(): Promise<OpenedOAuthGrantStores> {
  const store = memoryStores().create(undefined as never).oauthGrants!;
  return { store, second: store, drop: async () => {} };
}

async function openTypeorm(kind: DatabaseKind): Promise<OpenedOAuthGrantStores> {
  const { dataSources, close } = await openTwice(kind);
  const [store, second] = dataSources.map((dataSource) => typeormStores().create(finderOf(dataSource)).oauthGrants!);
  return { store: store!, second: second!, drop: close };
}

it('noStores() keeps no grants', () => {
  expect(noStores().create(undefined as never).oauthGrants).toBeUndefined();
});

describe.each(databases)('typeorm OAuth grant store: $name', (kind) => {
  it('ST-09 shows no sealed tokens when an entity becomes JSON', async () => {
    const { dataSources, close } = await openTwice(kind);
    try {
      const store = typeormStores().create(finderOf(dataSources[0])).oauthGrants!;
      await store.save(grantContent({ sealed: 'TheSealedTokens' }));
      const read = await dataSources[0].getRepository(OAuthGrantEntity).find();
      expect(read).toHaveLength(1);
      expect(JSON.stringify(read)).not.toContain('TheSealedTokens');
    } finally {
      await close();
    }
  });

  it('refuses what does not fit, and cuts nothing off', async () => {
    const { dataSources, close } = await openTwice(kind);
    try {
      const store = typeormStores().create(finderOf(dataSources[0])).oauthGrants!;
      const tooLong = [
        { owner: 'x'.repeat(261) },
        { provider: 'x'.repeat(65) },
        { subject: 'x'.repeat(256) },
        { issuer: 'x'.repeat(256) },
        { sealed: 'ä'.repeat(32_768) },
      ];
      for (const given of tooLong)
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await expect(store.save(grantContent(given))).rejects.toMatchObject({ code: 'invalid_argument' });
      expect(await store.page(undefined, 10)).toEqual([]);
    } finally {
      await close();
    }
  });

  it('lets no SQL and no token out when the table is not there', async () => {
    const { dataSources, close } = await openTwice(kind);
    try {
      await undoMigrations(dataSources[0]);
      const store = typeormStores().create(finderOf(dataSources[0])).oauthGrants!;
      const error = await store.save(grantContent({ sealed: 'TheSealedTokens' })).catch((reason: unknown) => reason);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/auth_|TheSealed|insert|QueryFailed/i);
      expect((error as Error).message).toMatch(/^The store of OAuth grants failed: \w+$/);
    } finally {
      await close();
    }
  });
});
