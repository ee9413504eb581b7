import { jest } from '@jest/globals';
import { inspect } from 'node:util';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { QueryRunner } from 'typeorm';
import { DataSource } from 'typeorm';
import { AuthConfigError } from '../../libs/auth/src/auth.errors.js';
import type { InstanceFinder } from '../../libs/auth/src/stores/auth-stores.js';
import { MemoryRevocationStore } from '../../libs/auth/src/stores/memory-revocation.store.js';
import { memoryStores, noStores } from '../../libs/auth/src/stores/memory.stores.js';
import type { RevocationStore } from '../../libs/auth/src/stores/revocation.store.js';
import { RefreshUseEntity, typeormStores } from '../../libs/auth/src/typeorm/index.js';
import {
  finderOf,
  openTwice,
  reachableDatabases,
  undoMigrations,
  sqlite,
  type DatabaseKind,
  type TestDatabase,
} from './databases.js';
import type { OpenedStore } from './revocation.contract.js';
import { describeRevocationStore } from './revocation.contract.js';

jest.setTimeout(30_000);

const now = Date.UTC(2030, 0, 1);
const row = { kind: 'sub', id: 'alice', notBefore: 1, revokedAt: now, expiresAt: now } as const;
const use = { jti: 'parent', usedAt: now, expiresAt: now };

describeRevocationStore('memory', openMemory);
for (const kind of await reachableDatabases()) {
  describeRevocationStore(kind.name, () => openTypeorm(kind));
  describeMigrations(kind);
}

function describeMigrations({ name, create }: DatabaseKind): void {
  describe(`migrations: ${name}`, () => {
    let database: TestDatabase;
    let dataSource: DataSource;

    beforeEach(async () => {
      database = await create();
      dataSource = await new DataSource(database.options).initialize();
    });
    afterEach(async () => {
      await dataSource.destroy();
      await database.drop();
    });

    it('go up, down and up again', async () => {
      await dataSource.runMigrations();
      await storeOf(dataSource).revoke(row);
      await undoMigrations(dataSource);
      await expect(storeOf(dataSource).revoke(row)).rejects.toThrow('The store of revocations failed');
      await dataSource.runMigrations();
      expect(await storeOf(dataSource).revoke(row)).toBe(true);
    });

    it('make the schema that the entities describe', async () => {
      await dataSource.runMigrations();
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    });
  });
}

describe('typeormStores', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let store: RevocationStore;

  beforeEach(async () => {
    database = await sqlite.create();
    dataSource = await new DataSource(database.options).initialize();
    await dataSource.runMigrations();
    store = storeOf(dataSource);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const calls: [name: string, call: () => Promise<unknown>][] = [
    ['revoke', () => store.revoke(row)],
    ['find', () => store.find({ jti: 'one', sid: 'two', sub: 'alice' })],
    ['list', () => store.list({ since: 0, now, limit: 1 })],
    ['use', () => store.use(use)],
    ['confirm', () => store.confirm(use, 'child')],
    ['prune', () => store.prune(now, 1)],
  ];

  it('is a shared, durable store', () => {
    expect(typeormStores()).toMatchObject({ name: 'typeorm', durable: true });
    expect(store.shared).toBe(true);
  });

  it('asks for the DataSource at the first use and not again', async () => {
    let asked = 0;
    const instances = finder((token) => {
      asked += 1;
      return token === getDataSourceToken('reports') ? dataSource : undefined;
    });
    const { revocations } = typeormStores({ dataSource: 'reports' }).create(instances);
    expect(asked).toBe(0);
    await revocations?.find({ sub: 'alice' });
    await revocations?.find({ sub: 'alice' });
    expect(asked).toBe(1);
  });

  it.each([
    ['is unknown to Nest', 'cannot find the DataSource;', () => failWith('Nest could not find DataSource')],
    ['is undefined', 'cannot find the DataSource;', () => undefined],
    ['lacks the entities', 'does not know the tables', () => new DataSource({ ...database.options, entities: [] })],
  ])('says what to import when the DataSource %s', async (_state, problem, get) => {
    const { revocations } = typeormStores().create(finder(get));
    const refusal = revocations?.find({ sub: 'alice' });
    await expect(refusal).rejects.toBeInstanceOf(AuthConfigError);
    await expect(refusal).rejects.toMatchObject({ option: 'stores' });
    await expect(refusal).rejects.toThrow(problem);
    await expect(refusal).rejects.toThrow('entities: authEntities, migrations: authMigrations');
  });

  it.each(calls)('lets no SQL, parameter or cause out when %s fails', async (_name, call) => {
    await undoMigrations(dataSource);
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/auth_|alice|parent|select|insert|QueryFailed/i);
    expect((error as Error).message).toBe('The store of revocations failed: SQLITE_ERROR');
    expect((error as Error).cause).toBeUndefined();
  });

  it.each(calls)('asks the primary only to %s', async (_name, call) => {
    const create = dataSource.createQueryRunner.bind(dataSource);
    const modes: unknown[] = [];
    dataSource.createQueryRunner = (mode) => {
      modes.push(mode);
      return create(mode);
    };
    await call();
    expect(new Set(modes)).toEqual(new Set(['master']));
  });

  it('finds a token, its family and its subject by one read', async () => {
    const statements = spyOnQueries(dataSource);
    await store.find({ jti: 'one', sid: 'two', sub: 'alice' });
    await store.find({});
    expect(statements).toHaveLength(1);
  });

  it.each(calls.filter(([name]) => name === 'confirm' || name === 'prune'))(
    'does not guess when the driver of %s does not count rows',
    async (_name, call) => {
      await store.revoke({ ...row, expiresAt: now - 1 });
      spyOnQueries(dataSource, async (_statement, proceed) => ({
        ...((await proceed()) as object),
        affected: undefined,
      }));
      await expect(call()).rejects.toThrow('The store of revocations failed: MissingRowCount');
    },
  );

  it('RV-07 writes a revocation again when the row that stood in its way is pruned meanwhile', async () => {
    await store.revoke({ ...row, expiresAt: now - 1 });
    const statements = spyOnQueries(dataSource, async (statement, proceed) => {
      if (statement.startsWith('UPDATE') && statements.length === 2)
        await dataSource.query('DELETE FROM auth_revocation');
      return proceed();
    });
    expect(await store.revoke(row)).toBe(true);
    expect(await store.find({ sub: row.id })).toEqual([row]);
  });

  it.each(calls)('does %s again when a deadlock took it back, and not for ever', async (_name, call) => {
    let deadlocks = 2;
    spyOnQueries(dataSource, async (_statement, proceed) => {
      deadlocks -= 1;
      return deadlocks >= 0 ? failWith('Deadlock found', 'ER_LOCK_DEADLOCK') : proceed();
    });
    await expect(call()).resolves.toBeDefined();
    deadlocks = Infinity;
    await expect(call()).rejects.toThrow('The store of revocations failed: ER_LOCK_DEADLOCK');
  });

  it('RV-07 prunes no row that is raised between its two statements', async () => {
    await store.revoke({ ...row, expiresAt: now - 1 });
    let raised = false;
    spyOnQueries(dataSource, async (statement, proceed) => {
      if (statement.startsWith('DELETE') && !raised) {
        raised = true;
        await store.revoke(row);
      }
      return proceed();
    });
    expect(await store.prune(now, 100)).toBe(0);
    expect(raised).toBe(true);
    expect(await store.find({ sub: row.id })).toEqual([row]);
  });

  it('gives up, and says so, when a row is neither there nor absent', async () => {
    spyOnQueries(dataSource, async (statement, proceed) =>
      statement.startsWith('INSERT') ? failWith('taken', 'ER_DUP_ENTRY') : proceed(),
    );
    await expect(store.revoke(row)).rejects.toThrow('RevocationContention');
    await expect(store.use(use)).rejects.toThrow('RefreshUseContention');
    await expect(store.confirm(use, 'child')).rejects.toThrow('RefreshUseContention');
  });

  it('refuses to write an id that a column might cut off', async () => {
    const long = 'x'.repeat(256);
    const refusal = { code: 'invalid_argument' };
    await expect(store.revoke({ ...row, id: long })).rejects.toMatchObject(refusal);
    await expect(store.use({ ...use, jti: long })).rejects.toMatchObject(refusal);
    await expect(store.confirm(use, long)).rejects.toMatchObject(refusal);
  });

  it('keeps null out of its answers and in its column', async () => {
    expect((await store.use(use)).child).toBeUndefined();
    expect((await store.use(use)).child).toBeUndefined();
    const [written] = await dataSource.getRepository(RefreshUseEntity).find();
    expect(written?.child).toBeNull();
  });
});

describe('memoryStores and noStores', () => {
  it('keep what they say they keep', () => {
    const instances = finder(() => failWith('must not be asked'));
    expect(memoryStores()).toMatchObject({ name: 'memory', durable: false });
    expect(memoryStores().create(instances).revocations).toBeInstanceOf(MemoryRevocationStore);
    expect(noStores()).toMatchObject({ name: 'none', durable: true });
    expect(noStores().create(instances)).toEqual({});
  });

  it('give each application a memory of its own', async () => {
    const stores = memoryStores();
    const instances = finder(() => undefined);
    await stores.create(instances).revocations?.revoke(row);
    expect(await stores.create(instances).revocations?.find({ sub: row.id })).toEqual([]);
  });

  it('do not claim to be shared', () => {
    expect(new MemoryRevocationStore().shared).toBe(false);
  });
});

async function openMemory(): Promise<OpenedStore> {
  return { handles: [new MemoryRevocationStore()], close: async () => {} };
}

async function openTypeorm(kind: DatabaseKind): Promise<OpenedStore> {
  const { dataSources, close } = await openTwice(kind);
  return { handles: [storeOf(dataSources[0]), storeOf(dataSources[1])], close };
}

function storeOf(dataSource: DataSource): RevocationStore {
  const { revocations } = typeormStores().create(finderOf(dataSource));
  return revocations ?? failWith('typeormStores() made no store');
}

function finder(get: (token: unknown) => unknown): InstanceFinder {
  return { get: <T>(token: unknown) => get(token) as T };
}

/** Collects the statements; `answer` may stand between the store and the database. SQLite has one runner for all. */
function spyOnQueries(
  dataSource: DataSource,
  answer: (statement: string, proceed: () => Promise<unknown>) => Promise<unknown> = (_, proceed) => proceed(),
): string[] {
  const runner = dataSource.createQueryRunner();
  const query = runner.query.bind(runner);
  const statements: string[] = [];
  const spy = (statement: string, ...rest: unknown[]): Promise<unknown> => {
    statements.push(statement);
    return answer(statement, () => query(statement, ...(rest as [])));
  };
  runner.query = spy as QueryRunner['query'];
  return statements;
}

function failWith(message: string, code?: string): never {
  throw Object.assign(new Error(message), { code });
}
