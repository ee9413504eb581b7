import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from './whole-number.js';

/** The first use of a stateless refresh token, see `RefreshUse` in `stores/revocation.store.ts`. */
@Entity('auth_refresh_use')
@Index('IDX_auth_refresh_use_expiry', ['expiresAt'])
export class RefreshUseEntity {
  @PrimaryColumn({ name: 'jti', type: 'varchar', length: 255 })
  jti!: string;

  @Column({ name: 'used_at', type: 'bigint', transformer: wholeNumberColumn })
  usedAt!: number;

  /** Null until one child was used itself. */
  @Column({ name: 'child', type: 'varchar', length: 255, nullable: true })
  child!: string | null;

  @Column({ name: 'expires_at', type: 'bigint', transformer: wholeNumberColumn })
  expiresAt!: number;
}
