import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SessionEnd } from '../stores/session.store.js';
import { jsonColumn } from './json-column.js';
import { wholeNumberColumn, wholeNumberOrNullColumn } from './whole-number.js';

/**
 * A session, see `SessionRow` in `stores/session.store.ts`.
 *
 * On MySQL and MariaDB the migration gives the texts a binary collation, see `RevocationEntity`.
 */
@Entity('auth_session')
@Index('IDX_auth_session_subject', ['subject', 'createdAt'])
@Index('IDX_auth_session_end', ['endsAt'])
export class SessionEntity {
  @PrimaryColumn({ name: 'id', type: 'varchar', length: 255 })
  id!: string;

  @Column({ name: 'subject', type: 'varchar', length: 255 })
  subject!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 255, nullable: true })
  tenant!: string | null;

  @Column({ name: 'current_id', type: 'varchar', length: 255 })
  currentId!: string;

  @Column({ name: 'previous_id', type: 'varchar', length: 255, nullable: true })
  previousId!: string | null;

  @Column({ name: 'rotated_at', type: 'bigint', transformer: wholeNumberColumn })
  rotatedAt!: number;

  @Column({ name: 'created_at', type: 'bigint', transformer: wholeNumberColumn })
  createdAt!: number;

  @Column({ name: 'idle_expires_at', type: 'bigint', transformer: wholeNumberColumn })
  idleExpiresAt!: number;

  @Column({ name: 'absolute_expires_at', type: 'bigint', transformer: wholeNumberColumn })
  absoluteExpiresAt!: number;

  @Column({ name: 'revoked_at', type: 'bigint', nullable: true, transformer: wholeNumberOrNullColumn })
  revokedAt!: number | null;

  @Column({ name: 'revoke_reason', type: 'varchar', length: 255, nullable: true })
  revokeReason!: SessionEnd | null;

  /** Which call ended it, where one ended many. */
  @Column({ name: 'revoke_batch', type: 'varchar', length: 36, nullable: true, select: false })
  revokeBatch!: string | null;

  /** The first of the two expiries and the revocation: one index finds what can be pruned. Decides on nothing else. */
  @Column({ name: 'ends_at', type: 'bigint', transformer: wholeNumberColumn, select: false })
  endsAt!: number;

  /** GRANT is a word of SQL. */
  @Column({ name: 'granted', type: 'text', transformer: jsonColumn })
  grant!: Record<string, unknown>;

  @Column({ name: 'data', type: 'text', transformer: jsonColumn })
  data!: Record<string, unknown>;

  @Column({ name: 'device', type: 'varchar', length: 255, nullable: true })
  device!: string | null;

  @Column({ name: 'network', type: 'varchar', length: 255, nullable: true })
  network!: string | null;
}
