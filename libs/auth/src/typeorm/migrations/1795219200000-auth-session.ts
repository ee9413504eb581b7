import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { exactText, type Exact } from '../exact-text.js';

/** Makes the sessions and their refresh tokens. */
export class AuthSession1795219200000 implements MigrationInterface {
  readonly name = 'AuthSession1795219200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const exact = await exactText(queryRunner);
    await queryRunner.createTable(sessionTable(exact));
    await queryRunner.createTable(refreshTokenTable(exact));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_refresh_token');
    await queryRunner.dropTable('auth_session');
  }
}

function sessionTable(exact: Exact): Table {
  return new Table({
    name: 'auth_session',
    columns: [
      { name: 'id', type: 'varchar', length: '255', isPrimary: true, ...exact },
      { name: 'subject', type: 'varchar', length: '255', ...exact },
      { name: 'tenant_id', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'current_id', type: 'varchar', length: '255', ...exact },
      { name: 'previous_id', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'rotated_at', type: 'bigint' },
      { name: 'created_at', type: 'bigint' },
      { name: 'idle_expires_at', type: 'bigint' },
      { name: 'absolute_expires_at', type: 'bigint' },
      { name: 'revoked_at', type: 'bigint', isNullable: true },
      { name: 'revoke_reason', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'revoke_batch', type: 'varchar', length: '36', isNullable: true, ...exact },
      { name: 'ends_at', type: 'bigint' },
      { name: 'granted', type: 'text', ...exact },
      { name: 'data', type: 'text', ...exact },
      { name: 'device', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'network', type: 'varchar', length: '255', isNullable: true, ...exact },
    ],
    indices: [
      { name: 'IDX_auth_session_subject', columnNames: ['subject', 'created_at'] },
      { name: 'IDX_auth_session_end', columnNames: ['ends_at'] },
    ],
  });
}

function refreshTokenTable(exact: Exact): Table {
  return new Table({
    name: 'auth_refresh_token',
    columns: [
      { name: 'session_id', type: 'varchar', length: '255', isPrimary: true, ...exact },
      { name: 'id', type: 'varchar', length: '255', isPrimary: true, ...exact },
      { name: 'token_hash', type: 'varchar', length: '255', ...exact },
      { name: 'parent_id', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'anti_csrf_hash', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'issued_at', type: 'bigint' },
    ],
    indices: [
      { name: 'IDX_auth_refresh_token_hash', columnNames: ['session_id', 'token_hash'], isUnique: true },
      { name: 'IDX_auth_refresh_token_parent', columnNames: ['session_id', 'parent_id'] },
    ],
  });
}
