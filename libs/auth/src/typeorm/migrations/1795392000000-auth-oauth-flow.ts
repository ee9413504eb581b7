import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { exactText } from '../exact-text.js';

/** Makes the log-ins that have been answered. */
export class AuthOAuthFlow1795392000000 implements MigrationInterface {
  readonly name = 'AuthOAuthFlow1795392000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const exact = await exactText(queryRunner);
    const table = new Table({
      name: 'auth_oauth_flow',
      columns: [
        { name: 'id', type: 'varchar', length: '255', isPrimary: true, ...exact },
        { name: 'expires_at', type: 'bigint' },
      ],
      indices: [{ name: 'IDX_auth_oauth_flow_expiry', columnNames: ['expires_at'] }],
    });
    await queryRunner.createTable(table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_oauth_flow');
  }
}
