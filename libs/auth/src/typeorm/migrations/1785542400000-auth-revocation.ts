import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';
import { Table } from 'typeorm';

/** How a text column compares; nothing where the database compares exactly by itself. */
type Exact = Pick<TableColumnOptions, 'charset' | 'collation'>;

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

/**
 * MySQL and MariaDB compare without case and ignore trailing spaces unless told otherwise: one user's revocation would hit
 * another. The collations that do neither have different names in the two, and both may be connected as type `mysql`.
 */
async function exactText(queryRunner: QueryRunner): Promise<Exact> {
  if (!['mysql', 'mariadb', 'aurora-mysql'].includes(queryRunner.dataSource.options.type)) return {};

  const [row] = (await queryRunner.query('SELECT VERSION() AS version')) as { version: string }[];
  const isMariaDb = /mariadb/i.test(row?.version ?? '');
  return { charset: 'utf8mb4', collation: isMariaDb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin' };
}
