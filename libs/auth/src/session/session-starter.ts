import type { Clock } from '../auth.clock.js';
import { AuthError } from '../auth.errors.js';
import type { JsonValue } from '../jwt/claims.js';
import { revocationId } from '../stores/revocation-id.js';
import type { RevocationList } from '../stores/revocation-list.js';
import type { SessionRow, SessionStore } from '../stores/session.store.js';
import { asking } from '../stores/store-answer.js';
import type { ClaimFetcher } from './claim-fetcher.js';
import { coarseAddress } from './coarse-address.js';
import { checkJsonObject } from './issued-claims.js';
import { newSessionId } from './refresh-token.js';
import type { SessionEnder } from './session-ender.js';
import type { AccessCheck, IssuedSession, SessionTokens } from './session-tokens.js';
import type { IssueOptions, TokenIssuer } from './token-issuer.js';

/** What a session is made with, besides its subject. */
export interface CreateSessionOptions extends Pick<IssueOptions, 'scope' | 'claims' | 'audience'> {
  /** For the server alone: no client sees it. */
  data?: Record<string, JsonValue>;
  /** Of an application whose users belong to tenants: access tokens carry it in `tid`. A non-empty text. Default: none. */
  tenant?: string;
  /** What the client calls itself, to be shown to the user. Default: the User-Agent of the request; null keeps none. */
  device?: string | null;
  /** The address of the client, of which the network alone is kept. Default: that of the request; null keeps none. */
  address?: string | null;
}

/** Times in milliseconds. */
export interface SessionStarterParts {
  readonly store: SessionStore;
  readonly issuer: TokenIssuer;
  readonly revocations: RevocationList;
  readonly clock: Clock;
  readonly claimFetcher: ClaimFetcher;
  readonly idleLifetime: number;
  readonly absoluteLifetime: number;
  /** How many live sessions a subject may have. */
  readonly maxPerSubject: number;
}

/** Starts sessions. */
export class SessionStarter {
  constructor(
    private readonly parts: SessionStarterParts,
    private readonly tokens: SessionTokens,
    private readonly ender: SessionEnder,
  ) {}

  /** Start a session. Its id is new, whatever came before (SF-01). @throws AuthError `invalid_argument`, `reserved_claim`, `store_unavailable` */
  async create(user: unknown, options: CreateSessionOptions, mustFit?: AccessCheck): Promise<IssuedSession> {
    const { store, revocations, clock } = this.parts;
    const { data = {}, tenant = null } = options;
    checkJsonObject('data', data);
    this.parts.claimFetcher.checkNames(options.claims ?? {});
    if (tenant !== null && (typeof tenant !== 'string' || tenant === ''))
      throw wrong('tenant must be a non-empty text');
    const subject = await this.subjectOf(user);

    const [id, now] = [newSessionId(), clock.now()];
    const token = this.tokens.newRefreshToken(id, null, now);
    const named = { id, subject, tenant, data, currentId: token.row.id, grant: grantOf(options) };
    const session = this.newSession({ ...named, ...clientOf(options) }, now);
    // first what can be refused: nothing is written for a session that nobody gets
    const today = { now, fetched: await this.parts.claimFetcher.fetchAll(session) };
    const issued = await this.tokens.issue(session, token, today);
    const refreshed = await this.tokens.tryOutRefresh(session, today);
    mustFit?.(refreshed);
    await asking(store.create(session, token.row));
    // all tokens of the subject were revoked meanwhile, and the session was not there yet to be ended with them
    if (issued.claims.iat! <= revocations.notBefore(revocationId(subject))) {
      await this.ender.end(id, 'revoked');
      throw new AuthError('token_revoked', { reason: 'the tokens of the subject were revoked during the log-in' });
    }
    await this.ender.endSurplus(session, this.parts.maxPerSubject);
    return issued;
  }

  /** The subject of a user's sessions. @throws AuthError `invalid_argument` when it is no text */
  async subjectOf(user: unknown): Promise<string> {
    const subject = await this.parts.issuer.subjectOf(user);
    if (typeof subject !== 'string') throw wrong('the subject of a session must be a text');
    return subject;
  }

  private newSession(
    named: Pick<SessionRow, 'id' | 'subject' | 'tenant' | 'data' | 'currentId' | 'grant' | 'device' | 'network'>,
    now: number,
  ): SessionRow {
    const { idleLifetime, absoluteLifetime } = this.parts;
    return {
      ...named,
      previousId: null,
      rotatedAt: 0,
      createdAt: now,
      revokedAt: null,
      revokeReason: null,
      idleExpiresAt: now + Math.min(idleLifetime, absoluteLifetime),
      absoluteExpiresAt: now + absoluteLifetime,
    };
  }
}

function wrong(reason: string): AuthError {
  return new AuthError('invalid_argument', { reason });
}

/** @throws AuthError `invalid_argument` */
function clientOf({ device = null, address = null }: CreateSessionOptions): Pick<SessionRow, 'device' | 'network'> {
  if (device !== null && typeof device !== 'string') throw wrong('device must be a text or null');
  const network = typeof address === 'string' ? coarseAddress(address) : undefined;
  if (address !== null && network === undefined) throw wrong('address must be an IP address or null');
  // a client writes what it likes: nothing that moves a cursor, and no more than a line
  const line = [...(device ?? '').replaceAll(/\p{Cc}+/gu, ' ').trim()].slice(0, 200).join('');
  return { device: line || null, network: network ?? null };
}

function grantOf({ scope, claims, audience }: CreateSessionOptions): SessionRow['grant'] {
  return Object.fromEntries(Object.entries({ scope, claims, audience }).filter(([, value]) => value !== undefined));
}
