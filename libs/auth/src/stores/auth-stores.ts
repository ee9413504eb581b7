import type { OAuthFlowStore } from './oauth-flow.store.js';
import type { OAuthGrantStore } from './oauth-grant.store.js';
import type { OAuthLinkStore } from './oauth-link.store.js';
import type { RevocationStore } from './revocation.store.js';
import type { SessionStore } from './session.store.js';
import type { SigningKeyStore } from './signing-key.store.js';

/** Finds an instance of the application's container, as Nest's ModuleRef does. */
export interface InstanceFinder {
  get<T>(token: unknown, options: { strict: false }): T;
}

/** The stores of an application, as `forRoot({ stores })` takes them. */
export interface AuthStores {
  /** For messages: `memory`, `typeorm`, `none`. */
  readonly name: string;
  /** Survives a restart. In production a store that does not is warned about at boot. */
  readonly durable: boolean;
  /** Make the stores. They may ask `instances` at their first use, not before: the container is not complete yet. */
  create(instances: InstanceFinder): {
    revocations?: RevocationStore;
    sessions?: SessionStore;
    /** For `jwt.managedKeys`. */
    signingKeys?: SigningKeyStore;
    oauthFlows?: OAuthFlowStore;
    oauthGrants?: OAuthGrantStore;
    oauthLinks?: OAuthLinkStore;
  };
  /**
   * How is the place where they keep it? For `latchkey doctor`, also after the application failed to start. Default: nothing is
   * told. Changes nothing there. Rejects when the place cannot be asked.
   */
  examine?(instances: InstanceFinder): Promise<StoreCondition>;
}

/** What {@link AuthStores.examine} tells. */
export interface StoreCondition {
  /** Of the place, in epoch milliseconds; undefined where it has no clock but this machine's. */
  readonly clock: number | undefined;
  /** A sentence each: what is wrong, and what to do. No secret, no value of a row. */
  readonly problems: readonly string[];
}
