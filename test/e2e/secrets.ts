/**
 * Secrets hygiene (spec/security.md §5): texts that nobody else writes, and where they are looked for: in everything that is logged,
 * and in every byte of a database.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import type { DataSource, DataSourceOptions, Logger as QueryLogger } from 'typeorm';
import type { TestDatabase } from '../stores/databases.js';

/** A text that nobody else writes, and that no form of writing breaks into two. */
export const canary = (): string => `canary${randomBytes(24).toString('hex')}`;

/** Every form in which a secret could be written down. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64');
  // encoded together with what stands before it, its characters shift: those that depend on the neighbours are cut off
  const shifted = [1, 2].map((by) =>
    Buffer.concat([Buffer.alloc(by), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const all = [secret, bytes.toString('hex'), encodeURIComponent(secret), base64.slice(0, -4), ...shifted];
  return [...new Set(all.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]))];
}

/** The names of the secrets that a text holds, in whatever form. */
export function leaksIn(text: string, secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets].flatMap(([name, secret]) => (formsOf(secret).some((form) => text.includes(form)) ? [name] : []));
}

/** Everything that is logged, by Nest, by TypeORM and past both. */
export class Log implements LoggerService, QueryLogger {
  private readonly lines: string[] = [];
  private readonly write = (...parts: unknown[]): void => {
    this.lines.push(...parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 20 }))));
  };
  readonly log = this.write;
  readonly error = this.write;
  readonly warn = this.write;
  readonly debug = this.write;
  readonly verbose = this.write;
  readonly fatal = this.write;
  readonly logQuery = (sql: string, parameters?: unknown): void => this.write(sql, parameters);
  readonly logQueryError = (error: unknown, sql: string, parameters?: unknown): void =>
    this.write(error, sql, parameters);
  readonly logQuerySlow = (): void => {};
  readonly logSchemaBuild = this.write;
  readonly logMigration = this.write;

  capture(): void {
    Logger.overrideLogger(this);
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((chunk: unknown) => {
        this.write(Buffer.isBuffer(chunk) ? chunk.toString() : String(chunk));
        return true;
      });
    }
  }

  get text(): string {
    return this.lines.join('\n');
  }
}

/** Every column of every row, and where the database is a file, every byte of it, free pages and all. */
export async function dumpOf(dataSource: DataSource): Promise<string> {
  const tables: { name: string }[] = await dataSource.query(
    dataSource.options.type === 'better-sqlite3'
      ? `SELECT name FROM sqlite_master WHERE type = 'table'`
      : `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ${
          dataSource.options.type === 'postgres' ? 'current_schema()' : 'database()'
        }`,
  );
  const rows: unknown[] = [];
  for (const { name } of tables) rows.push(name, await dataSource.query(`SELECT * FROM ${name}`));
  return `${JSON.stringify(rows)}\n${fileOf(dataSource.options)}`;
}

function fileOf(options: DataSourceOptions): string {
  if (options.type !== 'better-sqlite3') return '';
  const folder = join(options.database, '..');
  const files = readdirSync(folder).filter((name) => name.includes('.sqlite'));
  return files.map((name) => readFileSync(join(folder, name), 'latin1')).join('\n');
}

/** As `DATABASE_URL` has it. */
export function urlOf({ options }: TestDatabase): string {
  return options.type === 'better-sqlite3' ? `sqlite:${options.database}` : (options as { url: string }).url;
}
