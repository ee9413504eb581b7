import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from './whole-number.js';

/** A log-in whose answer has come, see `ConsumedFlow` in `stores/oauth-flow.store.ts`. */
@Entity('auth_oauth_flow')
@Index('IDX_auth_oauth_flow_expiry', ['expiresAt'])
export class OAuthFlowEntity {
  @PrimaryColumn({ name: 'id', type: 'varchar', length: 255 })
  id!: string;

  @Column({ name: 'expires_at', type: 'bigint', transformer: wholeNumberColumn })
  expiresAt!: number;
}
