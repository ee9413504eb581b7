import { jest } from '@jest/globals';
import { typeormStores } from 'nest-latchkey/typeorm';
import { MemorySessionStore } from '../../libs/auth/src/stores/memory-session.store.js';
import { finderOf, openTwice, reachableDatabases, type DatabaseKind } from './databases.js';
import { describeSessionStore, type OpenedSessionStores } from './session.contract.js';

jest.setTimeout(30_000);

describeSessionStore('memory', openMemory);
for (const kind of await reachableDatabases()) describeSessionStore(kind.name, () => openTypeorm(kind));

async function openMemory(): Promise<OpenedSessionStores> {
  const store = new MemorySessionStore();
  return { store, second: store, drop: async () => {} };
}

async function openTypeorm(kind: DatabaseKind): Promise<OpenedSessionStores> {
  const { dataSources, close } = await openTwice(kind);
  const [store, second] = dataSources.map((dataSource) => typeormStores().create(finderOf(dataSource)).sessions!);
  return { store: store!, second: second!, drop: close };
}
