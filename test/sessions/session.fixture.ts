import { randomBytes } from 'node:crypto';
import type { AuthEventName } from '../../libs/auth/src/auth.events.js';
import type { JwtClaims } from '../../libs/auth/src/jwt/claims.js';
import { JwtOptions } from '../../libs/auth/src/jwt/jwt.options.js';
import { KeyRing } from '../../libs/auth/src/jwt/key-ring.js';
import { createJwtKey } from '../../libs/auth/src/jwt/keys.js';
import { parseJwt, verifyJwt } from '../../libs/auth/src/jwt/verify.js';
import { ClaimFetcher } from '../../libs/auth/src/session/claim-fetcher.js';
import type { IssueHooks } from '../../libs/auth/src/session/issue-hooks.js';
import type { IssuedSession } from '../../libs/auth/src/session/session-tokens.js';
import { SessionService, type SessionServiceParts } from '../../libs/auth/src/session/session.service.js';
import { TokenIssuer } from '../../libs/auth/src/session/token-issuer.js';
import { MemorySessionStore } from '../../libs/auth/src/stores/memory-session.store.js';
import { RevocationList } from '../../libs/auth/src/stores/revocation-list.js';
import { RevocationOptions } from '../../libs/auth/src/stores/revocation.options.js';
import type { SessionStore } from '../../libs/auth/src/stores/session.store.js';
import { MemoryRevocationStore } from '../../libs/auth/src/stores/memory-revocation.store.js';
import { TestClock } from '../../libs/auth/src/testing/test-clock.js';

/** In milliseconds. */
export const start = 1_800_000_000_000;
export const leeway = 10_000;
export const accessLifetime = 900_000;
export const idleLifetime = 7_200_000;
export const absoluteLifetime = 28_800_000;

/** Stands between a service and its store: lets a statement proceed, answers for it, or does something before or after. */
export type Between = (statement: Statement, proceed: () => Promise<unknown>) => Promise<unknown>;

export interface Statement {
  readonly name: keyof SessionStore;
  readonly args: readonly unknown[];
}

/** A store whose every statement goes through `between`. */
export function intercepted(store: SessionStore, between: Between): SessionStore {
  return new Proxy(store, {
    get(target, name: keyof SessionStore) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => between({ name, args }, () => Reflect.apply(method, target, args));
    },
  });
}

export interface Opened {
  readonly sessions: SessionService;
  readonly clock: TestClock;
  /** The rows themselves: what is asked here goes through no `between`. */
  readonly store: SessionStore;
  readonly revocations: RevocationList;
  readonly events: { readonly name: AuthEventName; readonly payload: object }[];
  /** The names of the statements so far. */
  readonly statements: (keyof SessionStore)[];
  /** Set it to stand between the service and the store. */
  readonly seam: { between: Between };
}

const key = createJwtKey('secret', { algorithm: 'HS256', key: randomBytes(32) });

/** A service of sessions with a clock that stands still; given the store of another one, a second process. */
export function openSessions(
  given: Partial<SessionServiceParts> = {},
  hooks: IssueHooks = {},
  clock = new TestClock(start),
): Opened {
  const store = given.store ?? new MemorySessionStore();
  const events: Opened['events'] = [];
  const statements: Opened['statements'] = [];
  const seam: Opened['seam'] = { between: (_statement, proceed) => proceed() };
  const revocations = new RevocationList(new MemoryRevocationStore(), new RevocationOptions(), clock);
  const options = Object.assign(new JwtOptions(), { issuer: 'https://api.example.com' });
  const sessions = new SessionService({
    ...{
      revocations,
      clock,
      hooks,
      idleLifetime,
      absoluteLifetime,
      reuseLeeway: leeway,
      maxPerSubject: 100,
      withAntiCsrf: false,
      claimFetcher: new ClaimFetcher([], clock, () => {
        throw new Error('there are no providers here');
      }),
    },
    issuer: new TokenIssuer({ options, keys: new KeyRing([key]), clock, hooks, revocations, withCsrf: false }),
    emit: (name, payload) => events.push({ name, payload }),
    ...given,
    store: intercepted(store, (statement, proceed) => {
      statements.push(statement.name);
      return seam.between(statement, proceed);
    }),
  });
  return { sessions, clock, store, revocations, events, statements, seam };
}

/** What the guard reads in an access token. */
export function claimsOf({ accessToken }: Pick<IssuedSession, 'accessToken'>): JwtClaims {
  return verifyJwt(parseJwt(accessToken), key).claims;
}

/** The first use of an access token, as the guard notes it; Infinity for one that has nothing to note. */
export async function use(sessions: SessionService, issued: Pick<IssuedSession, 'accessToken'>): Promise<number> {
  const { sid, rti, rtp } = claimsOf(issued);
  return rtp === undefined
    ? Infinity
    : sessions.confirm({ id: sid as string, refreshId: rti as string, parentId: rtp as string });
}

/** Later by so many milliseconds. */
export function wait(clock: TestClock, milliseconds: number): void {
  clock.set(clock.now() + milliseconds);
}
