import { Column, Entity, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn, wholeNumberOrNullColumn } from './whole-number.js';

/**
 * What a provider granted, see `OAuthGrantRow` in `stores/oauth-grant.store.ts`.
 *
 * What is sealed is not selected unless a statement asks for it (ST-09).
 */
@Entity('auth_oauth_grant')
export class OAuthGrantEntity {
  /** Longer than a subject of ours by what stands before it. */
  @PrimaryColumn({ name: 'owner', type: 'varchar', length: 260 })
  owner!: string;

  /** Not 255: with that, the three are too long for a key of MySQL. */
  @PrimaryColumn({ name: 'provider', type: 'varchar', length: 64 })
  provider!: string;

  @PrimaryColumn({ name: 'subject', type: 'varchar', length: 255 })
  subject!: string;

  @Column({ name: 'issuer', type: 'varchar', length: 255 })
  issuer!: string;

  @Column({ name: 'version', type: 'bigint', transformer: wholeNumberColumn })
  version!: number;

  @Column({ name: 'sealed', type: 'text', select: false })
  sealed!: string;

  @Column({ name: 'scope', type: 'text' })
  scope!: string;

  @Column({ name: 'expires_at', type: 'bigint', nullable: true, transformer: wholeNumberOrNullColumn })
  expiresAt!: number | null;

  @Column({ name: 'status', type: 'varchar', length: 32 })
  status!: string;

  @Column({ name: 'lease_until', type: 'bigint', nullable: true, transformer: wholeNumberOrNullColumn })
  leaseUntil!: number | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: wholeNumberColumn })
  createdAt!: number;

  @Column({ name: 'updated_at', type: 'bigint', transformer: wholeNumberColumn })
  updatedAt!: number;
}
