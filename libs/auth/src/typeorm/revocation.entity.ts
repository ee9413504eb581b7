import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RevocationKind } from '../stores/revocation.store.js';
import { wholeNumberColumn } from './whole-number.js';

/**
 * A row of the deny-list, see `Revocation` in `stores/revocation.store.ts`.
 *
 * On MySQL and MariaDB the migration gives the texts a binary collation, which an entity cannot say for one database only:
 * a schema made by `synchronize` would take ids that differ in case or in trailing spaces for one.
 */
@Entity('auth_revocation')
@Index('IDX_auth_revocation_page', ['revokedAt', 'kind', 'id'])
@Index('IDX_auth_revocation_expiry', ['expiresAt'])
export class RevocationEntity {
  @PrimaryColumn({ name: 'kind', type: 'varchar', length: 3 })
  kind!: RevocationKind;

  @PrimaryColumn({ name: 'id', type: 'varchar', length: 255 })
  id!: string;

  @Column({ name: 'not_before', type: 'bigint', transformer: wholeNumberColumn })
  notBefore!: number;

  @Column({ name: 'revoked_at', type: 'bigint', transformer: wholeNumberColumn })
  revokedAt!: number;

  @Column({ name: 'expires_at', type: 'bigint', transformer: wholeNumberColumn })
  expiresAt!: number;
}
