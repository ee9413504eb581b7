import { deepFreeze, type JsonValue } from '../jwt/claims.js';
import { lastUseOf } from '../stores/session-life.js';
import type { SessionRow } from '../stores/session.store.js';

/** A session as an application sees it. Cannot be changed; holds no secret. Serialising it leaves `data` and `claims` out. */
export class Session {
  /** The `sid` of its access tokens. */
  readonly id: string;
  readonly subject: string;
  /** Null where the application has no tenants. */
  readonly tenant: string | null;
  /**
   * The application's own claims, as granted at the log-in and merged since. Not all claims of an access token: what
   * `session.claims` fetches and Latchkey writes is not among them, as it is in `RequestSession.claims`.
   */
  readonly claims: Readonly<Record<string, JsonValue>>;
  /** For the server alone. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What the client called itself at the log-in, mostly its User-Agent. Nobody has checked it: escape it where it is shown. */
  readonly device: string | null;
  /** The network it came from at the log-in: an IPv4 /24 or an IPv6 /48. */
  readonly network: string | null;
  readonly createdAt: Date;
  /** At most the lifetime of an access token behind. */
  readonly lastUsedAt: Date;
  /** When it ends unless it is used before. */
  readonly idleExpiresAt: Date;
  /** When it ends, however much it is used. */
  readonly absoluteExpiresAt: Date;

  constructor(row: SessionRow) {
    this.id = row.id;
    this.subject = row.subject;
    this.tenant = row.tenant;
    this.claims = deepFreeze(structuredClone((row.grant['claims'] ?? {}) as Record<string, JsonValue>));
    this.data = deepFreeze(structuredClone(row.data));
    this.device = row.device;
    this.network = row.network;
    this.createdAt = new Date(row.createdAt);
    this.lastUsedAt = new Date(lastUseOf(row));
    this.idleExpiresAt = new Date(row.idleExpiresAt);
    this.absoluteExpiresAt = new Date(row.absoluteExpiresAt);
  }

  toJSON(): object {
    const { id, subject, tenant, device, network, createdAt, lastUsedAt, idleExpiresAt, absoluteExpiresAt } = this;
    return { id, subject, tenant, device, network, createdAt, lastUsedAt, idleExpiresAt, absoluteExpiresAt };
  }
}
