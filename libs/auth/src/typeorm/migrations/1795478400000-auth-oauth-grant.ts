import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { exactText } from '../exact-text.js';

/** Makes what providers granted. */
export class AuthOAuthGrant1795478400000 implements MigrationInterface {
  readonly name = 'AuthOAuthGrant1795478400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const exact = await exactText(queryRunner);
    const table = new Table({
      name: 'auth_oauth_grant',
      columns: [
        { name: 'owner', type: 'varchar', length: '260', isPrimary: true, ...exact },
        { name: 'provider', type: 'varchar', length: '64', isPrimary: true, ...exact },
        { name: 'subject', type: 'varchar', length: '255', isPrimary: true, ...exact },
        { name: 'issuer', type: 'varchar', length: '255', ...exact },
        { name: 'version', type: 'bigint' },
        { name: 'sealed', type: 'text', ...exact },
        { name: 'scope', type: 'text', ...exact },
        { name: 'expires_at', type: 'bigint', isNullable: true },
        { name: 'status', type: 'varchar', length: '32', ...exact },
        { name: 'lease_until', type: 'bigint', isNullable: true },
        { name: 'created_at', type: 'bigint' },
        { name: 'updated_at', type: 'bigint' },
      ],
    });
    await queryRunner.createTable(table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_oauth_grant');
  }
}
