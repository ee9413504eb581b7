/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { noStores, OAuthGrantStore } from 'nest-latchkey';
import { noGrants } from 'nest-latchkey/passport';
import { oauth2Provider } from 'nest-latchkey/providers';
import { typeormStores } from 'nest-latchkey/typeorm';
import { memoryStores } from '../../libs/auth/src/stores/memory.stores.js';
import { FixedClock } from '../e2e/fixture.js';
import { finderOf, openTwice, reachableDatabases } from '../stores/databases.js';
import { DancingApp } from './dance.js';
import { grantsOn, testKey } from './grants-on-store.js';
import { ada, memoryGrants, user, WatchedStore } from './grants.fixture.js';

jest.setTimeout(30_000);

const endpoint = 'https://forge.example.com';
const providers = [
  oauth2Provider('forge', {
    authorizationEndpoint: endpoint,
    tokenEndpoint: endpoint,
    userinfoEndpoint: endpoint,
    clientId: 'app',
  }),
];
const given = (accessToken: string, subject = '1') => ({ subject, tokens: { accessToken } });

describe('the cache of grants', () => {
  const clock = new FixedClock();
  let store: WatchedStore;
  let here: ReturnType<typeof grantsOn>['grants'];
  let there: ReturnType<typeof grantsOn>['grants'];
  const read = async (grants: typeof here, name = 'ada') =>
    (await grants.find('forge', user(name)))?.tokens.accessToken;
  const reads = () => store.calls.filter((call) => call === 'list').length;

  beforeEach(() => {
    store = new WatchedStore(memoryGrants());
    [here, there] = [1, 2].map(() => grantsOn(store, { providers, grantCache: 30 }, clock).grants) as [
      typeof here,
      typeof here,
    ];
  });

  it('O52 asks the store once, for what is there and for what is not', async () => {
    await here.put(ada, 'forge', given('one'));
    for (let time = 0; time < 5; time++)
      expect([await read(here), await read(here, 'bob')]).toEqual(['one', undefined]);
    expect(reads()).toBe(2);
  });

  it('O52 is off by default', async () => {
    const { grants } = grantsOn(store, { providers }, clock);
    for (let time = 0; time < 3; time++) await read(grants);
    expect(reads()).toBe(3);
  });

  it('O52 sees its own writes at once, and those of others in time', async () => {
    await here.put(ada, 'forge', given('one'));
    expect([await read(here), await read(there)]).toEqual(['one', 'one']);
    await here.put(ada, 'forge', given('two'));
    expect([await read(here), await read(there)]).toEqual(['two', 'one']);
    clock.advance(29);
    expect(await read(there)).toBe('one');
    clock.advance(1);
    expect(await read(there)).toBe('two');
    await here.delete('forge', ada);
    expect([await read(here), await read(there)]).toEqual([undefined, 'two']);
    clock.advance(30);
    expect(await read(there)).toBeUndefined();
  });

  it('O52 keeps nothing that was read while it was written', async () => {
    await here.put(ada, 'forge', given('one'));
    let release = () => {};
    store.before = (name) => (name === 'list' ? new Promise<void>((resolve) => (release = resolve)) : undefined);
    const slow = store.list;
    store.list = async (...args) => {
      // what it read is old by the time it comes
      const rows = await store.inner.list(...args);
      await slow(...args);
      return rows;
    };
    const reading = read(here);
    await new Promise((resolve) => setImmediate(resolve));
    await here.put(ada, 'forge', given('two'));
    release();
    expect(await reading).toBe('one');
    store.before = () => undefined;
    expect(await read(here)).toBe('two');
  });

  it.each(['delete', 'revoke'] as const)('O42 hides no grant of another process from %s()', async (name) => {
    expect(await read(here)).toBeUndefined();
    await there.put(ada, 'forge', given('one'));
    expect(await read(here)).toBeUndefined();
    expect(await here[name]('forge', ada)).toBe(true);
    expect(await store.inner.list('user:ada')).toEqual([]);
  });

  it('keeps no failure', async () => {
    await here.put(ada, 'forge', given('one'));
    store.before = (name) => {
      if (name === 'list') throw new Error('the database is down');
    };
    await expect(read(here)).rejects.toMatchObject({ code: 'store_unavailable' });
    store.before = () => undefined;
    expect(await read(here)).toBe('one');
  });

  it('does not grow without end', async () => {
    for (let index = 0; index < 10_001; index++) await read(here, `user ${index}`);
    store.calls.length = 0;
    await read(here, 'user 10000');
    expect(reads()).toBe(0);
    await read(here, 'user 0');
    expect(reads()).toBe(1);
  });
});

describe('reads at the same time', () => {
  it('are two for 200 calls of one user', async () => {
    const store = new WatchedStore(memoryGrants());
    const { grants } = grantsOn(store, { providers });
    await grants.put(ada, 'forge', given('one'));
    store.calls.length = 0;
    const client = grants.client('forge', ada);
    const answers = await Promise.all(Array.from({ length: 200 }, () => client.accessToken()));
    expect(new Set(answers)).toEqual(new Set(['one']));
    expect(store.calls).toEqual(['list', 'list']);
  });

  it('give nobody what was older when they asked', async () => {
    const store = new WatchedStore(memoryGrants());
    const [here, there] = [grantsOn(store, { providers }), grantsOn(store, { providers })];
    await here.grants.put(ada, 'forge', given('one'));
    const { list } = store;
    let release = () => {};
    const slow = new Promise<void>((resolve) => (release = resolve));
    store.list = async (...args) => {
      const rows = await list(...args);
      await slow;
      return rows;
    };
    const early = here.grants.client('forge', ada).accessToken();
    await new Promise((resolve) => setImmediate(resolve));
    await there.grants.put(ada, 'forge', given('two'));
    const late = here.grants.client('forge', ada).accessToken();
    release();
    expect([await early, await late]).toEqual(['one', 'two']);
  });

  it('fail for themselves', async () => {
    const store = new WatchedStore(memoryGrants());
    const { grants } = grantsOn(store, { providers });
    await grants.put(ada, 'forge', given('one'));
    let isFirst = true;
    store.before = (name) => {
      if (name !== 'list' || !isFirst) return;
      isFirst = false;
      throw new Error('the connection broke');
    };
    const client = grants.client('forge', ada);
    const results = await Promise.allSettled([client.accessToken(), client.accessToken(), client.accessToken()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(await client.accessToken()).toBe('one');
  });
});

describe('a change of the encryption key', () => {
  const next = { id: 'next', key: randomBytes(32) };
  const clock = new FixedClock();
  const store = memoryGrants();
  const under = (...encryptionKeys: (typeof testKey)[]) => grantsOn(store, { providers, encryptionKeys }, clock).grants;
  const keyIds = async () => (await store.page(undefined, 2_000)).map(({ sealed }) => sealed.split('.')[0]);

  beforeEach(async () => {
    for (const row of await store.page(undefined, 2_000)) await store.delete(row);
  });

  it('O44 ST-04 seals again what is read, under the first key', async () => {
    await under(testKey).put(ada, 'forge', given('one'));
    await under(testKey).put(user('bob'), 'forge', given('two'));
    const grants = under(next, testKey);
    expect((await grants.find('forge', ada))!.tokens.accessToken).toBe('one');
    expect(await grants.client('forge', user('bob')).accessToken()).toBe('two');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await keyIds()).toEqual(['next', 'next']);
    expect((await store.page(undefined, 9)).map(({ version }) => version)).toEqual([1, 1]);
    expect((await under(next).find('forge', ada))!.tokens.accessToken).toBe('one');
  });

  it('O44 ST-04 seals all of them again by rotate(), in batches, and leaves those alone that nothing opens', async () => {
    for (let index = 0; index < 25; index++)
      await under(testKey).put(user(`user ${index}`), 'forge', given(`${index}`));
    await under(next).put(ada, 'forge', given('new already'));
    await under({ id: 'lost', key: randomBytes(32) }).put(ada, 'forge', given('lost', '2'));
    expect(await under(next, testKey).rotate({ batch: 4 })).toEqual({ resealed: 25, unreadable: 1 });
    expect((await keyIds()).toSorted()).toEqual([...Array.from({ length: 26 }, () => 'next'), 'lost'].toSorted());
    expect(await under(next, testKey).rotate()).toEqual({ resealed: 0, unreadable: 1 });
    for (let index = 0; index < 25; index++)
      expect((await under(next).find('forge', user(`user ${index}`)))!.tokens.accessToken).toBe(`${index}`);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '5'])('ST-04 takes %j for no size of a batch', async (batch) => {
    await under(testKey).put(ada, 'forge', given('one'));
    const rotated = under(next, testKey).rotate({ batch: batch as number });
    await expect(rotated).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('ST-04 says which key is missing, and falls back to nothing', async () => {
    await under(testKey).put(ada, 'forge', given('one'));
    const error: unknown = await under(next)
      .client('forge', ada)
      .accessToken()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'keys_unavailable', statusCode: 503 });
    expect((error as { reason: string }).reason).toMatch(/oauth\.encryptionKeys: lacks the key with the id test/);
    expect(await keyIds()).toEqual(['test']);
  });
});

describe.each(await reachableDatabases())('grants on $name', (kind) => {
  it('O44 ST-01 are read by another process, and in the database is no token', async () => {
    const { dataSources, close } = await openTwice(kind);
    try {
      const [here, there] = dataSources.map(
        (dataSource) => grantsOn(typeormStores().create(finderOf(dataSource)).oauthGrants!, { providers }).grants,
      );
      const marker = 'CanaryOfATokenThatIsSecret';
      const tokens = {
        accessToken: `${marker}1`,
        refreshToken: `${marker}2`,
        idToken: `${marker}3.${Buffer.from('{"sub":"1"}').toString('base64url')}.x`,
        tokenSecret: `${marker}4`,
      };
      await here!.put(ada, 'forge', { subject: '1', tokens });
      expect((await there!.find('forge', ada))!.tokens).toMatchObject(tokens);
      const rows: unknown = await dataSources[0].query('SELECT * FROM auth_oauth_grant');
      const text = JSON.stringify(rows);
      expect(text).toContain('user:ada');
      for (const coding of ['utf8', 'base64', 'base64url', 'hex'] as const)
        expect(text).not.toContain(Buffer.from(marker).toString(coding).slice(0, 24));
      expect(await there!.delete('forge', ada)).toBe(true);
      expect(await here!.find('forge', ada)).toBeUndefined();
    } finally {
      await close();
    }
  });
});

describe('oauth.grants', () => {
  const start = async (options: object, stores: object = memoryStores()) => {
    const app = new DancingApp('express', { providers, ...options }, { options: { stores: stores as never } });
    try {
      await app.start();
    } finally {
      await app.stop().catch(() => {});
    }
  };
  const without = (...names: string[]) => ({
    ...memoryStores(),
    create: () =>
      Object.fromEntries(
        Object.entries(memoryStores().create(undefined as never)).filter(([name]) => !names.includes(name)),
      ),
  });

  it.each([true, {}, 'cookies', () => 1])('O64 refuses %p at boot', async (grants) => {
    await expect(start({ grants })).rejects.toThrow(/oauth\.grants: must be cookieGrants\(\), noGrants\(\)/);
  });

  it('O64 wants stores that keep grants, or to be told that nobody needs them', async () => {
    await expect(start({}, without('oauthGrants'))).rejects.toThrow(/oauth\.grants: is missing/);
    await start({ grants: noGrants() }, without('oauthGrants'));
    await expect(start({}, noStores())).rejects.toThrow(/stores/);
  });

  it.each([
    ['refreshLeeway', -1],
    ['refreshLeeway', 86_401],
    ['refreshLeeway', 'soon'],
    ['grantCache', 3_601],
    ['grantCache', true],
  ])('O64 refuses %s: %j at boot', async (name, value) => {
    await expect(start({ [name]: value })).rejects.toThrow(new RegExp(`oauth\\.${name}`));
  });

  it('noGrants() keeps nothing, and nothing fails for it', async () => {
    const { grants } = grantsOn(noGrants(), { providers });
    await grants.put(ada, 'forge', given('one'));
    expect([await grants.find('forge', ada), await grants.list(ada), await grants.revoke('forge', ada)]).toEqual([
      undefined,
      [],
      false,
    ]);
    expect(await grants.rotate()).toEqual({ resealed: 0, unreadable: 0 });
    await expect(grants.client('forge', ada).accessToken()).rejects.toMatchObject({ code: 'oauth_not_authorized' });
    expect(noGrants()).toBeInstanceOf(OAuthGrantStore);
  });
});
