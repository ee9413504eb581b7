import type { Revocation, RevocationKind } from './revocation.store.js';

/** The ids under which a token can be revoked; what the token does not carry is absent. */
export interface RevocableToken {
  readonly jti: string | undefined;
  readonly sid: string | undefined;
  readonly sub: string;
  /** Seconds; a token without `iat` dies with any revocation of its subject. */
  readonly iat: number | undefined;
}

/**
 * What is revoked and not yet expired, in memory: the answer for every guarded request, without I/O.
 *
 * Fed by own writes and by the poll. Times are kept in seconds, rounded up: a small integer costs no
 * object on the heap.
 */
export class RevocationMirror {
  private readonly expiry: Record<'jti' | 'sid', Map<string, number>> = { jti: new Map(), sid: new Map() };
  private readonly subjects = new Map<string, { notBefore: number; expiry: number }>();

  /** Take a row in; twice does no harm, and of two rows of one name the later end wins. */
  add({ kind, id, notBefore, expiresAt }: Revocation): void {
    const expiry = expiresAt === Infinity ? Infinity : Math.ceil(expiresAt / 1000);
    if (kind !== 'sub') {
      this.expiry[kind].set(flat(id), Math.max(expiry, this.expiry[kind].get(id) ?? 0));
      return;
    }
    const known = this.subjects.get(id);
    this.subjects.set(flat(id), {
      notBefore: Math.max(notBefore, known?.notBefore ?? 0),
      expiry: Math.max(expiry, known?.expiry ?? 0),
    });
  }

  isRevoked({ jti, sid, sub, iat }: RevocableToken): boolean {
    if (jti !== undefined && this.expiry.jti.has(jti)) return true;
    if (sid !== undefined && this.expiry.sid.has(sid)) return true;
    if (this.subjects.size === 0) return false;
    return (iat ?? 0) <= this.notBefore(sub);
  }

  /** Tokens of the subject issued at or before this second are dead; -1 when none are. */
  notBefore(sub: string): number {
    return this.subjects.get(sub)?.notBefore ?? -1;
  }

  /** Forget what expired before `now` (milliseconds): those tokens are refused for their `exp`. */
  prune(now: number): void {
    const second = Math.floor(now / 1000);
    for (const map of Object.values(this.expiry)) {
      for (const [id, expiry] of map) if (expiry < second) map.delete(id);
    }
    for (const [id, { expiry }] of this.subjects) if (expiry < second) this.subjects.delete(id);
  }

  size(kind: RevocationKind): number {
    return kind === 'sub' ? this.subjects.size : this.expiry[kind].size;
  }
}

/** A copy of its own: an id cut out of a token keeps the whole token in memory. */
function flat(id: string): string {
  return Buffer.from(id, 'utf8').toString('utf8');
}
