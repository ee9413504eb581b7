import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateAppUser1795219200000 implements MigrationInterface {
  readonly name = 'CreateAppUser1795219200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'app_user',
        columns: [
          { name: 'username', type: 'varchar', length: '64', isPrimary: true },
          { name: 'password_hash', type: 'varchar', length: '255' },
          { name: 'created_at', type: 'bigint' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('app_user');
  }
}
