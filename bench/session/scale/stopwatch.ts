import type { DataSourceOptions, Logger } from 'typeorm';

const quiet = (): void => {};

export interface Slowest {
  readonly milliseconds: number;
  readonly sql: string;
}

/** The slowest statement of a DataSource with these `options`, by TypeORM's own clock, in whole milliseconds. */
export class Stopwatch implements Logger {
  private worst: Slowest = { milliseconds: 0, sql: '' };

  readonly options: Partial<DataSourceOptions> = { maxQueryExecutionTime: 1, logger: this };

  get slowest(): Slowest {
    return this.worst;
  }

  reset(): void {
    this.worst = { milliseconds: 0, sql: '' };
  }

  logQuerySlow(milliseconds: number, sql: string): void {
    if (milliseconds > this.worst.milliseconds) this.worst = { milliseconds, sql };
  }

  readonly logQuery = quiet;
  readonly logQueryError = quiet;
  readonly logSchemaBuild = quiet;
  readonly logMigration = quiet;
  readonly log = quiet;
}
