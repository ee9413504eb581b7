import { createHash } from 'node:crypto';
import type { Clock } from '../../auth.clock.js';
import { AuthError, type AuthErrorCode } from '../../auth.errors.js';
import type { Sealer } from '../../auth.sealer.js';
import {
  OAuthGrantStore,
  type OAuthGrantContent,
  type OAuthGrantKey,
  type OAuthGrantRow,
} from '../../stores/oauth-grant.store.js';
import { GrantCache } from './grant-cache.js';
import { GrantRows } from './grant-rows.js';
import type { OAuthExchange, OAuthTransport } from '../oauth-transport.js';

/** Characters of a cookie's value: browsers take 4096 of the whole line (RFC 6265bis §5.7). */
const largestValue = 3_900;
/** Milliseconds: requests that were sent before the new cookie came back. */
const successorLife = 60_000;
const mostSuccessors = 10_000;

/** The grants of browsers. What replaced a cookie is remembered for a moment: requests that come at once still bring the old one. */
export class GrantCookies {
  private readonly successors = new Map<string, { readonly row: OAuthGrantRow; readonly until: number }>();
  private readonly written = new WeakMap<object, Map<string, string>>();

  constructor(
    private readonly transport: OAuthTransport,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  /** As one request sees them. */
  rows(exchange: OAuthExchange): GrantRows {
    return new CookieGrantRows(new CookieGrantStore(this, exchange), new GrantCache(0, this.clock));
  }

  /** By the names of their cookies; those of this answer count already. */
  values(exchange: OAuthExchange): Map<string, string> {
    const sent = [...this.transport.cookies(exchange)].filter(([name]) => name.startsWith(prefix));
    return new Map([...sent, ...(this.written.get(exchange.request) ?? [])]);
  }

  /** A cookie that opens for another owner, or under another name, is none: whoever logs in next has not its grants. */
  read(name: string, value: string | undefined, owner: string): OAuthGrantRow | undefined {
    if (!value) return undefined;
    let row: OAuthGrantRow;
    try {
      row = JSON.parse(this.sealer.open(value, placeOf(name, owner))) as OAuthGrantRow;
    } catch {
      return undefined;
    }
    return this.newest(row);
  }

  write(
    exchange: OAuthExchange,
    row: OAuthGrantRow,
    /** Whose fault it is when the tokens are too large. */
    code: AuthErrorCode = 'oauth_provider_failed',
  ): void {
    const name = nameOf(row);
    const value = this.sealer.seal(JSON.stringify(row), placeOf(name, row.owner));
    if (value.length > largestValue)
      throw new AuthError(code, {
        reason: `the grant of ${row.provider} does not fit into a cookie (${value.length} bytes, at most ${largestValue}): keep grants in typeormStores()`,
      });
    this.transport.setCookie(exchange, { name, value, maxAge: undefined, crossSite: false });
    this.note(exchange, name, value);
  }

  drop(exchange: OAuthExchange, key: OAuthGrantKey): void {
    this.transport.clearCookie(exchange, { name: nameOf(key), crossSite: false });
    this.note(exchange, nameOf(key), '');
  }

  /** Of all that was in the browser before, only what this owner can read stays: the cookies of others would fill it up. */
  dropOthers(exchange: OAuthExchange, owner: string): void {
    for (const [name, value] of this.values(exchange)) {
      if (value === '' || this.read(name, value, owner) !== undefined) continue;
      this.transport.clearCookie(exchange, { name, crossSite: false });
      this.note(exchange, name, '');
    }
  }

  succeed(before: OAuthGrantRow, row: OAuthGrantRow): void {
    this.successors.delete(before.sealed);
    this.successors.set(before.sealed, { row, until: this.clock.now() + successorLife });
    if (this.successors.size > mostSuccessors) this.successors.delete(this.successors.keys().next().value!);
  }

  private newest(row: OAuthGrantRow): OAuthGrantRow {
    const successor = this.successors.get(row.sealed);
    if (successor === undefined) return row;
    if (this.clock.now() < successor.until) return this.newest(successor.row);
    this.successors.delete(row.sealed);
    return row;
  }

  private note({ request }: OAuthExchange, name: string, value: string): void {
    const written = this.written.get(request) ?? new Map<string, string>();
    this.written.set(request, written.set(name, value));
  }
}

const prefix = 'oauth_grant_';

/** Says nothing of the key. */
function nameOf({ owner, provider, subject }: OAuthGrantKey): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([owner, provider, subject]))
    .digest('base64url');
  return prefix + hash.slice(0, 22);
}

function placeOf(name: string, owner: string): string[] {
  return ['oauth-grant-cookie', name, owner];
}

class CookieGrantStore extends OAuthGrantStore {
  constructor(
    private readonly cookies: GrantCookies,
    private readonly exchange: OAuthExchange,
  ) {
    super();
  }

  async find(key: OAuthGrantKey): Promise<OAuthGrantRow | undefined> {
    const name = nameOf(key);
    return this.cookies.read(name, this.cookies.values(this.exchange).get(name), key.owner);
  }

  async list(owner: string, provider?: string): Promise<OAuthGrantRow[]> {
    const rows = [...this.cookies.values(this.exchange)].map(([name, value]) => this.cookies.read(name, value, owner));
    return rows.filter(
      (row) => row !== undefined && (provider === undefined || row.provider === provider),
    ) as OAuthGrantRow[];
  }

  async save(grant: OAuthGrantContent): Promise<void> {
    this.write(grant, await this.find(grant), 'invalid_argument');
  }

  async replace(grant: OAuthGrantContent, version: number): Promise<boolean> {
    const before = await this.find(grant);
    if ((before?.version ?? 0) !== version) return false;
    this.write(grant, before);
    return true;
  }

  /** One process: there a refresh is shared before it comes here. */
  async lease(key: OAuthGrantKey, version: number): Promise<boolean> {
    return (await this.find(key))?.version === version;
  }

  async release(): Promise<void> {}

  async delete(key: OAuthGrantKey, version?: number): Promise<boolean> {
    const row = await this.find(key);
    if (row === undefined || row.version !== (version ?? row.version)) return false;
    this.cookies.drop(this.exchange, key);
    return true;
  }

  async page(): Promise<never> {
    throw new AuthError('invalid_argument', { reason: 'grants in cookies are sealed again when they are used' });
  }

  async reseal(key: OAuthGrantKey, version: number, sealed: string): Promise<boolean> {
    const row = await this.find(key);
    if (row?.version !== version) return false;
    this.cookies.write(this.exchange, { ...row, sealed });
    return true;
  }

  private write(grant: OAuthGrantContent, before: OAuthGrantRow | undefined, code?: AuthErrorCode): void {
    const row: OAuthGrantRow = {
      ...grant,
      version: (before?.version ?? 0) + 1,
      leaseUntil: null,
      createdAt: before?.createdAt ?? grant.createdAt,
    };
    // first what the others find: the answer may have begun already, and take no cookie
    if (before !== undefined) this.cookies.succeed(before, row);
    else this.cookies.dropOthers(this.exchange, row.owner);
    this.cookies.write(this.exchange, row, code);
  }
}

class CookieGrantRows extends GrantRows {
  /** Each answer brings the new cookie: nobody knows which one the browser reads last. */
  override async shared(before: OAuthGrantRow, done: OAuthGrantRow): Promise<OAuthGrantRow> {
    const row = (await this.find(before)) ?? done;
    if (row.version !== before.version) await this.rewrite(row);
    return row;
  }

  private async rewrite(row: OAuthGrantRow): Promise<void> {
    await this.reseal(row, row.version, row.sealed);
  }
}
