import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import type { OAuthLink, OAuthLinkStore } from 'nest-latchkey';
import { typeormStores } from 'nest-latchkey/typeorm';
import type { DataSource } from 'typeorm';
import { memoryStores, noStores } from '../../libs/auth/src/stores/memory.stores.js';
import { finderOf, openTwice, reachableDatabases, undoMigrations, type DatabaseKind } from './databases.js';

jest.setTimeout(30_000);

/** The same data as two processes see it. */
interface Opened {
  readonly handles: readonly [OAuthLinkStore, OAuthLinkStore];
  close(): Promise<void>;
}

const now = Date.UTC(2030, 0, 1);
const issuer = 'https://sso.example.com';

function linkOf(given: Partial<OAuthLink> = {}): OAuthLink {
  return { provider: 'corp', issuer, subject: 'alice', user: 'user:alice', linkedAt: now, ...given };
}

/** Texts that a careless store takes for each other, or for a piece of SQL. */
const strangeTexts = ['', ' ', 'abc', 'ABC', 'abc ', 'äbc', 'ß', 'ss', '__proto__', "'; DROP TABLE x; --"];

describeOAuthLinkStore('memory', openMemory);
const kinds = await reachableDatabases();
for (const kind of kinds) {
  describeOAuthLinkStore(kind.name, () => openTypeorm(kind));
  describeTypeorm(kind);
}

/** What every store of linked identities must keep to, whatever it is made of. */
function describeOAuthLinkStore(name: string, open: () => Promise<Opened>): void {
  describe(`OAuth link store: ${name}`, () => {
    let opened: Opened;
    let store: OAuthLinkStore;
    let second: OAuthLinkStore;

    beforeEach(async () => {
      opened = await open();
      [store, second] = opened.handles;
    });
    afterEach(() => opened.close());

    it('knows nobody at first', async () => {
      expect(await store.ownerOf(linkOf())).toBeUndefined();
      expect(await store.list('user:alice')).toEqual([]);
    });

    it('tells every process whose an identity is', async () => {
      expect(await store.link(linkOf())).toEqual({ owner: 'user:alice', isNew: true });
      for (const handle of opened.handles) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await handle.ownerOf(linkOf({ user: 'nobody' }))).toBe('user:alice');
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await handle.list('user:alice')).toEqual([linkOf()]);
      }
    });

    it('AL-05 O49 leaves an identity with the user who has it', async () => {
      await store.link(linkOf());
      expect(await second.link(linkOf({ user: 'user:bob', linkedAt: now + 1 }))).toEqual({
        owner: 'user:alice',
        isNew: false,
      });
      expect(await second.link(linkOf({ linkedAt: now + 1 }))).toEqual({ owner: 'user:alice', isNew: false });
      expect(await store.list('user:bob')).toEqual([]);
      expect(await store.list('user:alice')).toEqual([linkOf()]);
    });

    it('AL-10 O46 gives an identity to one of twenty at once, and tells all of them to whom', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => opened.handles[index % 2]!.link(linkOf({ user: `user:${index}` }))),
      );
      expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(answers.map(({ owner }) => owner)).size).toBe(1);
      expect(await store.list(answers[0]!.owner)).toHaveLength(1);
    });

    it.each(['provider', 'issuer', 'subject'] as const)('AL-03 takes no %s for another', async (part) => {
      const links = strangeTexts.map((text, index) => linkOf({ [part]: text, user: `user:${index}` }));
      for (const link of links) {
        // oxlint-disable-next-line no-await-in-loop -- in their order
        expect(await store.link(link)).toEqual({ owner: link.user, isNew: true });
      }
      const owners = await Promise.all(links.map((link) => second.ownerOf(link)));
      expect(owners).toEqual(links.map(({ user }) => user));
    });

    it('takes no user for another', async () => {
      for (const [index, user] of strangeTexts.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- in their order
        await store.link(linkOf({ subject: String(index), user }));
      }
      const lists = await Promise.all(strangeTexts.map((user) => second.list(user)));
      expect(lists.map((list) => list.map(({ subject }) => subject))).toEqual(
        strangeTexts.map((_, index) => [String(index)]),
      );
    });

    it('O47 lists the identities of a user, the oldest first', async () => {
      for (const [subject, linkedAt] of Object.entries({ second: now + 1, third: now + 2, first: now }))
        // oxlint-disable-next-line no-await-in-loop -- in their order
        await store.link(linkOf({ subject, linkedAt }));
      await store.link(linkOf({ subject: 'other', user: 'user:bob' }));
      expect((await second.list('user:alice')).map(({ subject }) => subject)).toEqual(['first', 'second', 'third']);
    });

    it('keeps the longest texts that fit', async () => {
      const link = linkOf({ provider: 'p'.repeat(64), issuer: 'i'.repeat(255), subject: 's'.repeat(255) });
      await store.link({ ...link, user: 'u'.repeat(255) });
      expect(await second.ownerOf(link)).toBe('u'.repeat(255));
    });

    describe('unlink', () => {
      const free = { keepLast: false };
      const kept = { keepLast: true };

      it('O51 takes the identity once, and it can be linked again', async () => {
        await store.link(linkOf());
        expect(await second.unlink('user:alice', linkOf(), free)).toBe(true);
        expect(await store.unlink('user:alice', linkOf(), free)).toBe(false);
        expect(await store.ownerOf(linkOf())).toBeUndefined();
        expect(await store.link(linkOf({ user: 'user:bob' }))).toEqual({ owner: 'user:bob', isNew: true });
      });

      it.each([free, kept])('ST-07 takes nothing from another user: %j', async (options) => {
        await store.link(linkOf());
        await store.link(linkOf({ subject: 'two' }));
        await store.link(linkOf({ subject: 'of bob', user: 'user:bob' }));
        await store.link(linkOf({ subject: 'of bob too', user: 'user:bob' }));
        expect(await store.unlink('user:bob', linkOf(), options)).toBe(false);
        expect(await store.ownerOf(linkOf())).toBe('user:alice');
      });

      it.each(['provider', 'issuer', 'subject'] as const)('takes no link of another %s', async (part) => {
        await store.link(linkOf());
        await store.link(linkOf({ subject: 'two' }));
        expect(await store.unlink('user:alice', linkOf({ [part]: 'another' }), free)).toBe(false);
        expect(await store.list('user:alice')).toHaveLength(2);
      });

      it('AL-07 O51 leaves the last one, whatever others have', async () => {
        await store.link(linkOf());
        await store.link(linkOf({ subject: 'two' }));
        await store.link(linkOf({ subject: 'of bob', user: 'user:bob' }));
        expect(await store.unlink('user:alice', linkOf(), kept)).toBe(true);
        expect(await second.unlink('user:alice', linkOf({ subject: 'two' }), kept)).toBe(false);
        expect(await store.list('user:alice')).toEqual([linkOf({ subject: 'two' })]);
      });

      it('AL-07 O51 leaves one of two that are unlinked at once, in 20 rounds of two processes', async () => {
        for (let round = 0; round < 20; round++) {
          const user = `user:${round}`;
          const links = ['one', 'two'].map((subject) => linkOf({ subject: `${subject} ${round}`, user }));
          // oxlint-disable-next-line no-await-in-loop -- round after round
          for (const link of links) await store.link(link);
          // oxlint-disable-next-line no-await-in-loop -- round after round
          const taken = await Promise.all(links.map((link, index) => opened.handles[index]!.unlink(user, link, kept)));
          expect(taken.filter(Boolean)).toHaveLength(1);
          // oxlint-disable-next-line no-await-in-loop -- round after round
          expect(await store.list(user)).toHaveLength(1);
        }
      });
    });

    it.each([undefined, null, 5, {}, ['corp']])('ST-05 takes %j for no text', async (text) => {
      const wrong = text as never;
      const refused = { code: 'invalid_argument' };
      await store.link(linkOf());
      for (const part of ['provider', 'issuer', 'subject']) {
        const key = { ...linkOf(), [part]: wrong };
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await expect(store.ownerOf(key)).rejects.toMatchObject(refused);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await expect(store.link(key)).rejects.toMatchObject(refused);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await expect(store.unlink('user:alice', key, { keepLast: false })).rejects.toMatchObject(refused);
      }
      await expect(store.link({ ...linkOf(), user: wrong })).rejects.toMatchObject(refused);
      await expect(store.list(wrong)).rejects.toMatchObject(refused);
      await expect(store.unlink(wrong, linkOf(), { keepLast: false })).rejects.toMatchObject(refused);
      expect(await store.list('user:alice')).toEqual([linkOf()]);
    });
  });
}

function describeTypeorm(kind: DatabaseKind): void {
  it(`the migrations go up, down and up again: ${kind.name}`, async () => {
    const { dataSources, close } = await openTwice(kind);
    try {
      const store = storeOf(dataSources[0]);
      await store.link(linkOf());
      await undoMigrations(dataSources[0]);
      await expect(store.list('user:alice')).rejects.toThrow('The store of OAuth links failed');
      await dataSources[0].runMigrations();
      expect(await store.list('user:alice')).toEqual([]);
      const { upQueries } = await dataSources[0].driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await close();
    }
  });
}

it('noStores() remembers no link', () => {
  expect(noStores().create(undefined as never).oauthLinks).toBeUndefined();
});

it('lets no SQL and no name out when the table is not there', async () => {
  const { dataSources, close } = await openTwice(kinds[0]!);
  try {
    await dataSources[0].query('DROP TABLE auth_oauth_link');
    const error = await storeOf(dataSources[0])
      .link(linkOf({ user: 'canary' }))
      .catch((reason: unknown) => reason);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/auth_|canary|insert|QueryFailed/i);
    expect((error as Error).message).toBe('The store of OAuth links failed: SQLITE_ERROR');
  } finally {
    await close();
  }
});

it('refuses a text that is longer than its column', async () => {
  const { dataSources, close } = await openTwice(kinds[0]!);
  try {
    for (const [part, length] of Object.entries({ provider: 65, issuer: 256, subject: 256, user: 256 })) {
      const link = linkOf({ [part]: 'x'.repeat(length) });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(storeOf(dataSources[0]).link(link)).rejects.toMatchObject({ code: 'invalid_argument' });
    }
  } finally {
    await close();
  }
});

async function openMemory(): Promise<Opened> {
  const store = memoryStores().create(undefined as never).oauthLinks!;
  return { handles: [store, store], close: async () => {} };
}

async function openTypeorm(kind: DatabaseKind): Promise<Opened> {
  const { dataSources, close } = await openTwice(kind);
  return { handles: [storeOf(dataSources[0]), storeOf(dataSources[1])], close };
}

function storeOf(dataSource: DataSource): OAuthLinkStore {
  return typeormStores().create(finderOf(dataSource)).oauthLinks!;
}
