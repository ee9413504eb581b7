import type { EntityManager } from 'typeorm';
import type { RefreshUse } from '../stores/revocation.store.js';
import { insertIfAbsent, updateRows } from './conditional-write.js';
import { RefreshUseEntity } from './refresh-use.entity.js';

type FirstUse = Omit<RefreshUse, 'child'>;

/** Insert the use, or read the one that stands. */
export async function use(db: EntityManager, { jti, usedAt, expiresAt }: FirstUse, attempts = 3): Promise<RefreshUse> {
  const first = { jti, usedAt, expiresAt };
  if (await insertIfAbsent(db, RefreshUseEntity, { ...first, child: null })) return { ...first, child: undefined };

  const standing = await read(db, jti);
  if (standing !== undefined) return standing;
  // pruned between the two statements: expired, so this use is the first again
  if (attempts <= 1) throw new RefreshUseContention();
  return use(db, first, attempts - 1);
}

/** Set the child where there is none, insert the row where there is none, or read whose child it is. */
export async function confirm(db: EntityManager, parent: FirstUse, child: string, attempts = 3): Promise<boolean> {
  if (await setChild(db, parent.jti, child)) return true;

  const standing = await read(db, parent.jti);
  if (standing?.child !== undefined) return standing.child === child;
  const { jti, usedAt, expiresAt } = parent;
  if (standing === undefined && (await insertIfAbsent(db, RefreshUseEntity, { jti, usedAt, expiresAt, child })))
    return true;

  // another call wrote the row after ours had looked for it: now it can be asked
  if (attempts <= 1) throw new RefreshUseContention();
  return confirm(db, parent, child, attempts - 1);
}

async function setChild(db: EntityManager, jti: string, child: string): Promise<boolean> {
  return (await updateRows(db, RefreshUseEntity, { child }, 'jti = :jti AND child IS NULL', { jti })) > 0;
}

async function read(db: EntityManager, jti: string): Promise<RefreshUse | undefined> {
  const row = await db.createQueryBuilder(RefreshUseEntity, 'row').where('row.jti = :jti', { jti }).getOne();
  if (row === null) return undefined;
  return { jti: row.jti, usedAt: row.usedAt, child: row.child ?? undefined, expiresAt: row.expiresAt };
}

/** Named for the log: the store's error says only this. */
class RefreshUseContention extends Error {}
