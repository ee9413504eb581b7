import { createHash } from 'node:crypto';
import type { authEntities } from 'nest-latchkey/typeorm';
import type { DataSource } from 'typeorm';
import type { Bare, EngineName } from '../engines.js';

const day = 86_400_000;

/** What of SQL the engines spell differently. */
interface Dialect {
  /** A table of the numbers 1 to `count`, in a column `n`. */
  series(count: number): string;
  /** {@link uuidOf} in SQL. */
  uuid(text: string): string;
}

const dialects: Record<EngineName, Dialect> = {
  sqlite: {
    series: (count) =>
      `(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${count}) SELECT n FROM c) series`,
    uuid: (text) => `uuid_of(${text})`,
  },
  postgres: {
    series: (count) => `generate_series(1, ${count}) series(n)`,
    uuid: (text) => `CAST(CAST(md5(${text}) AS uuid) AS text)`,
  },
  mariadb: {
    series: (count) => `(SELECT seq AS n FROM seq_1_to_${count}) series`,
    uuid: (text) => `REGEXP_REPLACE(MD5(${text}), '^(.{8})(.{4})(.{4})(.{4})', '\\\\1-\\\\2-\\\\3-\\\\4-')`,
  },
};

/** The secret of every refresh token that is filled in. */
const secret = 'x'.repeat(43);
const secretHash = createHash('sha256').update(secret).digest('base64url');

/** The refresh token of the n-th session. */
export function filledToken(n: number): string {
  return `${uuidOf(`session ${n}`)}.${secret}`;
}

/** Random enough: every process makes the same. */
export function uuidOf(text: string): string {
  const hash = createHash('md5').update(text).digest('hex');
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Without the secondary indexes while it lasts: to make them afterwards takes a tenth of the time on MariaDB. */
export async function withoutIndexes<T>(
  dataSource: DataSource,
  entities: typeof authEntities,
  work: () => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    const tables = await runner.getTables(entities.map((entity) => dataSource.getMetadata(entity).tableName));
    const indexes = tables.map((table) => ({ table, of: [...table.indices] }));
    for (const { table, of } of indexes) await runner.dropIndices(table, of);
    const done = await work();
    for (const { table, of } of indexes) await runner.createIndices(table, of);
    return done;
  } finally {
    await runner.release();
  }
}

/** So many live sessions of half as many subjects, each as a log-in leaves it: one row, and one of its refresh token. */
export async function fillSessions(bare: Bare, engine: EngineName, count: number): Promise<void> {
  const { series, uuid } = dialects[engine];
  const now = Date.now();
  const session = uuid(`CONCAT('session ', n)`);
  const token = uuid(`CONCAT('token ', n)`);
  await bare.run(
    `INSERT INTO auth_session (id, subject, current_id, rotated_at, created_at, idle_expires_at, absolute_expires_at, ends_at,
       granted, data)
     SELECT ${session}, CONCAT('user ', n % ${count / 2}), ${token}, 0, ${now} - n, ${now + 30 * day} - n,
       ${now + 180 * day} - n, ${now + 30 * day} - n, '{"scope":{"admin":true}}', '{}'
     FROM ${series(count)} ORDER BY 1`,
    [],
  );
  await bare.run(
    `INSERT INTO auth_refresh_token (session_id, id, token_hash, issued_at)
     SELECT ${session}, ${token}, '${secretHash}', ${now} - n FROM ${series(count)} ORDER BY 1`,
    [],
  );
}

/** So many rows of the deny-list, and uses of stateless refresh tokens; all have expired. */
export async function fillExpiredRevocations(bare: Bare, engine: EngineName, count: number): Promise<void> {
  const { series, uuid } = dialects[engine];
  const past = Date.now() - day;
  await bare.run(
    `INSERT INTO auth_revocation (kind, id, not_before, revoked_at, expires_at)
     SELECT 'sid', ${uuid(`CONCAT('revoked ', n)`)}, 0, ${past} - n, ${past} - n FROM ${series(count)} ORDER BY 2`,
    [],
  );
  await bare.run(
    `INSERT INTO auth_refresh_use (jti, used_at, expires_at)
     SELECT ${uuid(`CONCAT('token ', n)`)}, ${past} - n, ${past} - n FROM ${series(count)} ORDER BY 1`,
    [],
  );
}

/** What a server does by itself some time after so many rows. */
export async function analyse(bare: Bare, engine: EngineName): Promise<void> {
  if (engine === 'postgres') for (const sql of ['VACUUM ANALYZE', 'CHECKPOINT']) await bare.run(sql, []);
  if (engine !== 'mariadb') return;
  await bare.run('ANALYZE TABLE auth_session, auth_refresh_token, auth_revocation, auth_refresh_use', []);
}
