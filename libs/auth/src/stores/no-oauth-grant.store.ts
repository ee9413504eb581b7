import { OAuthGrantStore, type OAuthGrantRow } from './oauth-grant.store.js';

/** Keep no grants: for log-ins whose tokens nobody needs. */
export function noGrants(): OAuthGrantStore {
  return new NoOAuthGrantStore();
}

/** Keeps no grant: users log in with providers, and nothing is asked of them afterwards. */
export class NoOAuthGrantStore extends OAuthGrantStore {
  async find(): Promise<undefined> {}
  async save(): Promise<void> {}
  async release(): Promise<void> {}

  async list(): Promise<OAuthGrantRow[]> {
    return [];
  }

  /** There is nothing that could stand in the way. */
  async replace(): Promise<boolean> {
    return true;
  }

  async lease(): Promise<boolean> {
    return false;
  }

  async delete(): Promise<boolean> {
    return false;
  }

  async page(): Promise<OAuthGrantRow[]> {
    return [];
  }

  async reseal(): Promise<boolean> {
    return false;
  }
}
