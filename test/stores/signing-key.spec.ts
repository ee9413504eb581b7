import { jest } from '@jest/globals';
import { typeormStores } from 'nest-latchkey/typeorm';
import { MemorySigningKeyStore } from '../../libs/auth/src/stores/memory-signing-key.store.js';
import { finderOf, openTwice, reachableDatabases, type DatabaseKind } from './databases.js';
import { describeSigningKeyStore, type OpenedSigningKeyStores } from './signing-key.contract.js';

jest.setTimeout(30_000);

describeSigningKeyStore('memory', openMemory);
for (const kind of await reachableDatabases()) describeSigningKeyStore(kind.name, () => openTypeorm(kind));

async function openMemory(): Promise<OpenedSigningKeyStores> {
  const store = new MemorySigningKeyStore();
  return { store, second: store, drop: async () => {} };
}

async function openTypeorm(kind: DatabaseKind): Promise<OpenedSigningKeyStores> {
  const { dataSources, close } = await openTwice(kind);
  const [store, second] = dataSources.map((dataSource) => typeormStores().create(finderOf(dataSource)).signingKeys!);
  return { store: store!, second: second!, drop: close };
}
