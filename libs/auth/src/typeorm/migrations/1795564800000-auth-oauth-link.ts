import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { exactText } from '../exact-text.js';

/** Makes the table of the identities that log in users. */
export class AuthOAuthLink1795564800000 implements MigrationInterface {
  readonly name = 'AuthOAuthLink1795564800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const exact = await exactText(queryRunner);
    const table = new Table({
      name: 'auth_oauth_link',
      columns: [
        { name: 'provider', type: 'varchar', length: '64', isPrimary: true, ...exact },
        { name: 'issuer', type: 'varchar', length: '255', isPrimary: true, ...exact },
        { name: 'subject', type: 'varchar', length: '255', isPrimary: true, ...exact },
        { name: 'user_id', type: 'varchar', length: '255', ...exact },
        { name: 'linked_at', type: 'bigint' },
      ],
      indices: [{ name: 'IDX_auth_oauth_link_user', columnNames: ['user_id'] }],
    });
    await queryRunner.createTable(table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_oauth_link');
  }
}
