import { AuthError } from '../auth.errors.js';
import type { SessionRow } from './session.store.js';
import { SessionStore } from './session.store.js';

/** Where stores keep no sessions: none can begin, and none is found. */
export class NoSessionStore extends SessionStore {
  /** @throws AuthError `invalid_argument` */
  async create(): Promise<void> {
    throw new AuthError('invalid_argument', {
      reason: 'these stores keep no sessions: use memoryStores() or typeormStores()',
    });
  }

  async rotationRows(): Promise<undefined> {}
  async addToken(): Promise<void> {}
  async find(): Promise<undefined> {}

  async promote(): Promise<boolean> {
    return false;
  }

  async replaceGrant(): Promise<boolean> {
    return false;
  }

  async updateData(): Promise<boolean> {
    return false;
  }

  async revoke(): Promise<boolean> {
    return false;
  }

  async revokeSelected(): Promise<string[]> {
    return [];
  }

  async list(): Promise<SessionRow[]> {
    return [];
  }

  async leastRecentlyUsed(): Promise<string[]> {
    return [];
  }

  async prune(): Promise<number> {
    return 0;
  }
}
