import { AuthError } from '../auth.errors.js';
import { OAuthFlowStore, type ConsumedFlow } from './oauth-flow.store.js';

/** The answered log-ins of one process. It forgets them with its end, and other processes never see them. */
export class MemoryOAuthFlowStore extends OAuthFlowStore {
  readonly #consumed = new Map<string, number>();

  async consume({ id, expiresAt }: ConsumedFlow): Promise<boolean> {
    if (typeof id !== 'string') throw new AuthError('invalid_argument', { reason: 'id must be a string' });
    if (this.#consumed.has(id)) return false;
    this.#consumed.set(id, expiresAt);
    return true;
  }

  async prune(expiredBefore: number, limit: number): Promise<number> {
    const gone = [...this.#consumed].filter(([, expiresAt]) => expiresAt < expiredBefore).slice(0, limit);
    for (const [id] of gone) this.#consumed.delete(id);
    return gone.length;
  }
}
