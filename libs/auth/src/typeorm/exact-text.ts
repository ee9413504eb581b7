import type { QueryRunner, TableColumnOptions } from 'typeorm';

/** How a text column compares; nothing where the database compares exactly by itself. */
export type Exact = Pick<TableColumnOptions, 'charset' | 'collation'>;

/**
 * MySQL and MariaDB compare without case and ignore trailing spaces unless told otherwise: one user's revocation would hit
 * another. The collations that do neither have different names in the two, and both may be connected as type `mysql`.
 */
export async function exactText(queryRunner: QueryRunner): Promise<Exact> {
  if (!['mysql', 'mariadb', 'aurora-mysql'].includes(queryRunner.dataSource.options.type)) return {};

  const [row] = (await queryRunner.query('SELECT VERSION() AS version')) as { version: string }[];
  const isMariaDb = /mariadb/i.test(row?.version ?? '');
  return { charset: 'utf8mb4', collation: isMariaDb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin' };
}
