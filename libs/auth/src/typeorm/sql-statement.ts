import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { affectedRows } from './conditional-write.js';

/** A column of an answer, as the driver gives it: pg and mysql2 give a bigint as text. */
export type Raw = string | number | bigint | null;

/** The name of an entity's table as the DataSource has it: with its schema, and quoted. */
export type TableOf = (entity: EntityTarget<ObjectLiteral>) => string;

type Parameters<Name extends string> = Readonly<Record<Name, string | number | null>>;

/** A text as a driver takes it, and which parameter stands where. */
interface Compiled<Name extends string> {
  readonly sql: string;
  readonly order: readonly Name[];
}

/**
 * A statement of the hot path: every refresh runs it. Written in SQL that all databases share, with `:name` for a parameter.
 *
 * TypeORM's query builder takes longer to write such a statement than SQLite to run it, and on SQLite it writes numbers into the
 * text: with the time in it, no statement would be prepared twice. Here a DataSource has its text for good.
 */
export class SqlStatement<Name extends string> {
  private readonly compiled = new WeakMap<DataSource, Compiled<Name>>();

  /** @param write makes the text; no value goes into it. MySQL and MariaDB write an upsert in a way of their own. */
  constructor(private readonly write: (table: TableOf, isMySql: boolean) => string) {}

  /** Of a SELECT: the rows, by the names of their columns. */
  async rows<Column extends string>(db: EntityManager, parameters: Parameters<Name>): Promise<Record<Column, Raw>[]> {
    return (await this.run(db, parameters)).records as Record<Column, Raw>[];
  }

  /** Of an INSERT, UPDATE or DELETE: how many rows it met. @throws Error when the driver does not tell. */
  async affected(db: EntityManager, parameters: Parameters<Name>): Promise<number> {
    return affectedRows(await this.run(db, parameters));
  }

  private run(db: EntityManager, parameters: Parameters<Name>): ReturnType<typeof structured> {
    const { sql, order } = this.textFor(db.dataSource);
    return structured(
      db.queryRunner!,
      sql,
      order.map((name) => parameters[name]),
    );
  }

  private textFor(dataSource: DataSource): Compiled<Name> {
    const known = this.compiled.get(dataSource);
    if (known !== undefined) return known;
    const compiled = this.compile(dataSource);
    this.compiled.set(dataSource, compiled);
    return compiled;
  }

  private compile(dataSource: DataSource): Compiled<Name> {
    const { driver } = dataSource;
    const isMySql = ['mysql', 'mariadb', 'aurora-mysql'].includes(dataSource.options.type);
    const table: TableOf = (entity) => {
      const path = dataSource.getMetadata(entity).tablePath.split('.');
      return path.map((part) => driver.escape(part)).join('.');
    };
    const order: Name[] = [];
    const sql = this.write(table, isMySql).replaceAll(/:(\w+)/g, (_, name: Name) => {
      order.push(name);
      return driver.createParameter(name, order.length - 1);
    });
    return { sql, order };
  }
}

function structured(runner: QueryRunner, sql: string, parameters: unknown[]) {
  return runner.query(sql, parameters, true);
}
