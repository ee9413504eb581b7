import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { exactText, type Exact } from '../exact-text.js';

/** Makes the deny-list and the uses of stateless refresh tokens. */
export class AuthRevocation1785542400000 implements MigrationInterface {
  readonly name = 'AuthRevocation1785542400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const exact = await exactText(queryRunner);
    await queryRunner.createTable(revocationTable(exact));
    await queryRunner.createTable(refreshUseTable(exact));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_refresh_use');
    await queryRunner.dropTable('auth_revocation');
  }
}

function revocationTable(exact: Exact): Table {
  return new Table({
    name: 'auth_revocation',
    columns: [
      { name: 'kind', type: 'varchar', length: '3', isPrimary: true, ...exact },
      { name: 'id', type: 'varchar', length: '255', isPrimary: true, ...exact },
      { name: 'not_before', type: 'bigint' },
      { name: 'revoked_at', type: 'bigint' },
      { name: 'expires_at', type: 'bigint' },
    ],
    indices: [
      { name: 'IDX_auth_revocation_page', columnNames: ['revoked_at', 'kind', 'id'] },
      { name: 'IDX_auth_revocation_expiry', columnNames: ['expires_at'] },
    ],
  });
}

function refreshUseTable(exact: Exact): Table {
  return new Table({
    name: 'auth_refresh_use',
    columns: [
      { name: 'jti', type: 'varchar', length: '255', isPrimary: true, ...exact },
      { name: 'used_at', type: 'bigint' },
      { name: 'child', type: 'varchar', length: '255', isNullable: true, ...exact },
      { name: 'expires_at', type: 'bigint' },
    ],
    indices: [{ name: 'IDX_auth_refresh_use_expiry', columnNames: ['expires_at'] }],
  });
}
