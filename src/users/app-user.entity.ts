import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('app_user')
export class AppUser {
  @PrimaryColumn({ type: 'varchar', length: 255 })
  username!: string;

  /** Not selected unless asked for by name, so that it cannot slip into an answer. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255, select: false })
  passwordHash!: string;

  /** Epoch milliseconds. Drivers hand out a bigint as text. */
  @Column({ name: 'created_at', type: 'bigint', transformer: { to: (time: number) => time, from: Number } })
  createdAt!: number;
}
