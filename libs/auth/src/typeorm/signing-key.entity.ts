import { Column, Entity, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from './whole-number.js';

/**
 * A key that signs tokens, see `SigningKeyRow` in `stores/signing-key.store.ts`.
 *
 * What is sealed is not selected unless a statement asks for it (ST-09).
 */
@Entity('auth_signing_key')
export class SigningKeyEntity {
  /** The primary key: of the processes that make the next one, the database lets one through. */
  @PrimaryColumn({ name: 'generation', type: 'bigint', transformer: wholeNumberColumn })
  generation!: number;

  @Column({ name: 'kid', type: 'varchar', length: 255 })
  kid!: string;

  @Column({ name: 'algorithm', type: 'varchar', length: 255 })
  algorithm!: string;

  @Column({ name: 'created_at', type: 'bigint', transformer: wholeNumberColumn })
  createdAt!: number;

  @Column({ name: 'signs_from', type: 'bigint', transformer: wholeNumberColumn })
  signsFrom!: number;

  @Column({ name: 'ends_older', type: 'boolean' })
  endsOlder!: boolean;

  @Column({ name: 'sealed', type: 'text', select: false })
  sealed!: string;
}
