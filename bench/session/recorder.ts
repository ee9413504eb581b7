import type { Logger } from 'typeorm';

export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

const quiet = (): void => {};

/** Every statement on sessions that TypeORM sends, as it sends it. The poll of the deny-list is not of them. */
export class Recorder implements Logger {
  private statements: Statement[] = [];

  logQuery(sql: string, parameters?: unknown): void {
    if (/auth_(session|refresh_token)/.test(sql))
      this.statements.push({ sql, parameters: (parameters as unknown[] | undefined) ?? [] });
  }

  /** What was recorded since the last call. */
  take(): Statement[] {
    const taken = this.statements;
    this.statements = [];
    return taken;
  }

  readonly logQueryError = quiet;
  readonly logQuerySlow = quiet;
  readonly logSchemaBuild = quiet;
  readonly logMigration = quiet;
  readonly log = quiet;
}
