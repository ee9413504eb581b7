import { deepFreeze } from '../jwt/claims.js';
import type { SessionRow } from '../stores/session.store.js';

/** A session as an application sees it. Cannot be changed; holds no secret. Serialising it leaves `data` out. */
export class Session {
  /** The `sid` of its access tokens. */
  readonly id: string;
  readonly subject: string;
  /** Null where the application has no tenants. */
  readonly tenant: string | null;
  /** For the server alone. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  /** When it ends unless it is used before. */
  readonly idleExpiresAt: Date;
  /** When it ends, however much it is used. */
  readonly absoluteExpiresAt: Date;

  constructor(row: SessionRow) {
    this.id = row.id;
    this.subject = row.subject;
    this.tenant = row.tenant;
    this.data = deepFreeze(structuredClone(row.data));
    this.createdAt = new Date(row.createdAt);
    this.idleExpiresAt = new Date(row.idleExpiresAt);
    this.absoluteExpiresAt = new Date(row.absoluteExpiresAt);
  }

  toJSON(): object {
    const { id, subject, tenant, createdAt, idleExpiresAt, absoluteExpiresAt } = this;
    return { id, subject, tenant, createdAt, idleExpiresAt, absoluteExpiresAt };
  }
}
