import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Table } from 'typeorm';
import { exactText } from '../exact-text.js';

/** Makes the table of the keys that sign tokens. */
export class AuthSigningKey1795305600000 implements MigrationInterface {
  readonly name = 'AuthSigningKey1795305600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const exact = await exactText(queryRunner);
    const table = new Table({
      name: 'auth_signing_key',
      columns: [
        { name: 'generation', type: 'bigint', isPrimary: true },
        { name: 'kid', type: 'varchar', length: '255', ...exact },
        { name: 'algorithm', type: 'varchar', length: '255', ...exact },
        { name: 'created_at', type: 'bigint' },
        { name: 'signs_from', type: 'bigint' },
        { name: 'ends_older', type: 'boolean' },
        { name: 'sealed', type: 'text', ...exact },
      ],
    });
    await queryRunner.createTable(table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_signing_key');
  }
}
