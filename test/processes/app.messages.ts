/** What a process of the application is told at its start. */
export interface ProcessOptions {
  /** DataSourceOptions without entities and migrations. */
  readonly database: object;
  readonly secret: string;
  readonly redisUrl?: string | undefined;
  readonly revocation?: { readonly poll?: number; readonly maxStaleness?: number } | undefined;
  readonly adapter?: 'express' | 'fastify' | undefined;
  /** Milliseconds ahead of the machine's clock. */
  readonly clockOffset?: number | undefined;
}

/** What it can be asked to do. */
export interface Command {
  readonly id: number;
  readonly name:
    | 'create'
    | 'refresh'
    | 'use'
    | 'ask'
    | 'session'
    | 'revokeSession'
    | 'revokeSessions'
    | 'revokeAll'
    | 'issue'
    | 'revoke'
    | 'events'
    | 'setClock'
    | 'dieAt';
  readonly args: readonly unknown[];
}

export interface Refusal {
  readonly code: string;
  readonly statusCode: number;
  readonly retryAfter?: number | undefined;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Refusal;
}
