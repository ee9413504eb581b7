import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import type { OAuthFlowStore } from 'nest-latchkey';
import { typeormStores } from 'nest-latchkey/typeorm';
import { memoryStores, noStores } from '../../libs/auth/src/stores/memory.stores.js';
import { finderOf, openTwice, reachableDatabases, type DatabaseKind } from './databases.js';

jest.setTimeout(30_000);

/** The same data as two processes see it. */
interface Opened {
  readonly handles: readonly [OAuthFlowStore, OAuthFlowStore];
  close(): Promise<void>;
}

const now = Date.UTC(2030, 0, 1);
/** Ids that a careless store takes for each other, or for a piece of SQL. */
const strangeIds = [
  '',
  ' ',
  'abc',
  'ABC',
  'abc ',
  'äbc',
  'ß',
  'ss',
  '__proto__',
  "'; DROP TABLE x; --",
  'x'.repeat(255),
];

describeOAuthFlowStore('memory', openMemory);
for (const kind of await reachableDatabases()) describeOAuthFlowStore(kind.name, () => openTypeorm(kind));

/** What every store of answered log-ins must keep to, whatever it is made of. */
function describeOAuthFlowStore(name: string, open: () => Promise<Opened>): void {
  describe(`OAuth flow store: ${name}`, () => {
    let opened: Opened;
    let store: OAuthFlowStore;
    let second: OAuthFlowStore;

    beforeEach(async () => {
      opened = await open();
      [store, second] = opened.handles;
    });
    afterEach(() => opened.close());

    it('O13 OC-01 consumes a flow once, whichever process asks', async () => {
      expect(await store.consume({ id: 'one', expiresAt: now })).toBe(true);
      expect(await store.consume({ id: 'one', expiresAt: now })).toBe(false);
      expect(await second.consume({ id: 'one', expiresAt: now + 1 })).toBe(false);
      expect(await second.consume({ id: 'two', expiresAt: now })).toBe(true);
    });

    it('O13 OC-01 lets one of twenty at once consume it', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => opened.handles[index % 2]!.consume({ id: 'raced', expiresAt: now })),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
    });

    it('takes no id for another', async () => {
      const answers = await Promise.all(strangeIds.map((id) => store.consume({ id, expiresAt: now })));
      expect(answers).toEqual(strangeIds.map(() => true));
    });

    it.each([undefined, null, 5, {}, { id: 'one' }])('ST-05 takes %j for no id', async (id) => {
      await expect(store.consume({ id: id as never, expiresAt: now })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    });

    it('deletes what expired before then, the batch at most, and nothing else', async () => {
      for (const [id, expiresAt] of Object.entries({ old: now - 2, older: now - 3, due: now, later: now + 1 }))
        // oxlint-disable-next-line no-await-in-loop -- in their order
        await store.consume({ id, expiresAt });
      expect(await store.prune(now, 1)).toBe(1);
      expect(await store.prune(now, 10)).toBe(1);
      expect(await store.prune(now, 10)).toBe(0);
      expect(await second.consume({ id: 'due', expiresAt: now })).toBe(false);
      expect(await second.consume({ id: 'later', expiresAt: now })).toBe(false);
      expect(await second.consume({ id: 'old', expiresAt: now })).toBe(true);
    });
  });
}

it('noStores() remembers no log-in', () => {
  expect(noStores().create(undefined as never).oauthFlows).toBeUndefined();
});

it('lets no SQL and no id out when the table is not there', async () => {
  const [kind] = await reachableDatabases();
  const { dataSources, close } = await openTwice(kind!);
  try {
    await dataSources[0].query('DROP TABLE auth_oauth_flow');
    const store = typeormStores().create(finderOf(dataSources[0])).oauthFlows!;
    const error = await store.consume({ id: 'canary', expiresAt: now }).catch((reason: unknown) => reason);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/auth_|canary|insert|QueryFailed/i);
    expect((error as Error).message).toBe('The store of OAuth flows failed: SQLITE_ERROR');
  } finally {
    await close();
  }
});

async function openMemory(): Promise<Opened> {
  const store = memoryStores().create(undefined as never).oauthFlows!;
  return { handles: [store, store], close: async () => {} };
}

async function openTypeorm(kind: DatabaseKind): Promise<Opened> {
  const { dataSources, close } = await openTwice(kind);
  const [store, second] = dataSources.map((dataSource) => typeormStores().create(finderOf(dataSource)).oauthFlows!);
  return { handles: [store!, second!], close };
}
