import { MemorySessionStore } from '../../libs/auth/src/stores/memory-session.store.js';
import { describeSessionStore, type OpenedSessionStores } from './session.contract.js';

// a database plugs in by a function that opens it, and one line below
describeSessionStore('memory', openMemory);

async function openMemory(): Promise<OpenedSessionStores> {
  const store = new MemorySessionStore();
  return { store, second: store, drop: async () => {} };
}
