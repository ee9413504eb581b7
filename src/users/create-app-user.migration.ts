import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateAppUser1795132800000 implements MigrationInterface {
  readonly name = 'CreateAppUser1795132800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // a provider's subjects differ in case, which MySQL and MariaDB overlook unless told
    const isMySql = ['mysql', 'mariadb'].includes(queryRunner.dataSource.options.type);
    const exact = isMySql ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' } : {};
    await queryRunner.createTable(
      new Table({
        name: 'app_user',
        columns: [
          { name: 'username', type: 'varchar', length: '255', isPrimary: true, ...exact },
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
