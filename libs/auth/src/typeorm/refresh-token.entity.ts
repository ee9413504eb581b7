import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from './whole-number.js';

/**
 * A refresh token of a session, see `RefreshTokenRow` in `stores/session.store.ts`.
 *
 * Every key begins with the session, so the table can be partitioned by it. What could help a thief is not selected
 * unless a statement asks for it (ST-09).
 */
@Entity('auth_refresh_token')
@Index('IDX_auth_refresh_token_hash', ['sessionId', 'tokenHash'], { unique: true })
@Index('IDX_auth_refresh_token_parent', ['sessionId', 'parentId'])
export class RefreshTokenEntity {
  @PrimaryColumn({ name: 'session_id', type: 'varchar', length: 255 })
  sessionId!: string;

  @PrimaryColumn({ name: 'id', type: 'varchar', length: 255 })
  id!: string;

  @Column({ name: 'token_hash', type: 'varchar', length: 255, select: false })
  tokenHash!: string;

  @Column({ name: 'parent_id', type: 'varchar', length: 255, nullable: true })
  parentId!: string | null;

  @Column({ name: 'anti_csrf_hash', type: 'varchar', length: 255, nullable: true, select: false })
  antiCsrfHash!: string | null;

  @Column({ name: 'issued_at', type: 'bigint', transformer: wholeNumberColumn })
  issuedAt!: number;
}
