import type { SessionRow } from './session.store.js';

type Life = Pick<SessionRow, 'revokedAt' | 'idleExpiresAt' | 'absoluteExpiresAt'>;

/** Neither revoked nor expired. At the millisecond of its expiry a session has ended. */
export function isLive({ revokedAt, idleExpiresAt, absoluteExpiresAt }: Life, now: number): boolean {
  return revokedAt === null && idleExpiresAt > now && absoluteExpiresAt > now;
}

/** When it was used last, as far as is known: an access token of it may have been in use for its whole life since. */
export function lastUseOf({ createdAt, rotatedAt }: Pick<SessionRow, 'createdAt' | 'rotatedAt'>): number {
  return Math.max(createdAt, rotatedAt);
}

/** When it ended, or will unless it is used: the first of its revocation and its two expiries. */
export function endOf({ revokedAt, idleExpiresAt, absoluteExpiresAt }: Life): number {
  return Math.min(revokedAt ?? Infinity, idleExpiresAt, absoluteExpiresAt);
}
