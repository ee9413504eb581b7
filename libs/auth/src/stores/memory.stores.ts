import type { AuthStores } from './auth-stores.js';
import { MemoryRevocationStore } from './memory-revocation.store.js';
import { MemoryOAuthFlowStore } from './memory-oauth-flow.store.js';
import { MemoryOAuthGrantStore } from './memory-oauth-grant.store.js';
import { MemoryOAuthLinkStore } from './memory-oauth-link.store.js';
import { MemorySessionStore } from './memory-session.store.js';
import { MemorySigningKeyStore } from './memory-signing-key.store.js';

/** Keep what this process knows in its memory: for tests, development, and an application of one process. */
export function memoryStores(): AuthStores {
  return {
    name: 'memory',
    durable: false,
    create: () => ({
      revocations: new MemoryRevocationStore(),
      sessions: new MemorySessionStore(),
      signingKeys: new MemorySigningKeyStore(),
      oauthFlows: new MemoryOAuthFlowStore(),
      oauthGrants: new MemoryOAuthGrantStore(),
      oauthLinks: new MemoryOAuthLinkStore(),
    }),
  };
}

/** Remember nothing: tokens end by their `exp` alone. There is nothing that a restart could lose. */
export function noStores(): AuthStores {
  return { name: 'none', durable: true, create: () => ({}) };
}
