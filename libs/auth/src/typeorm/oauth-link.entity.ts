import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from './whole-number.js';

/** An identity that logs in a user, see `OAuthLink` in `stores/oauth-link.store.ts`. */
@Entity('auth_oauth_link')
@Index('IDX_auth_oauth_link_user', ['user'])
export class OAuthLinkEntity {
  @PrimaryColumn({ name: 'provider', type: 'varchar', length: 64 })
  provider!: string;

  @PrimaryColumn({ name: 'issuer', type: 'varchar', length: 255 })
  issuer!: string;

  @PrimaryColumn({ name: 'subject', type: 'varchar', length: 255 })
  subject!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 255 })
  user!: string;

  @Column({ name: 'linked_at', type: 'bigint', transformer: wholeNumberColumn })
  linkedAt!: number;
}
