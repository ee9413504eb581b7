import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { JsonValue, JwtClaims } from '../jwt/claims.js';
import type { SessionClaim } from '../jwt/session-claim.js';
import { currentDecision } from './current-decision.js';
import { memberAt } from './member-at.js';
import type { Token } from './token.js';

const contexts = new WeakMap<RequestSession, ExecutionContext>();

/**
 * The session of a request, as a handler gets it by `@CurrentSession()`: what the access token says of it, without a look into
 * the store. After `mergeSessionClaims()` it says what the newer token does.
 */
export class RequestSession {
  constructor(context: ExecutionContext) {
    contexts.set(this, context);
  }

  /** The `sid` of its access tokens. */
  get id(): string {
    return this.#token.session!.id;
  }
  get subject(): string {
    return this.#token.sub;
  }
  /** Null where the application has no tenants. */
  get tenant(): string | null {
    return this.#token.session!.tenant;
  }
  /**
   * Every claim of the access token, those that were fetched and that Latchkey writes too; `Session.claims` has the
   * application's own alone. Frozen.
   */
  get claims(): JwtClaims {
    return this.#token.claims;
  }

  /** The value that was fetched last for this session; undefined when there is none. */
  claim<Value extends JsonValue>(claim: SessionClaim<Value>): Value | undefined {
    return claim.valueIn(this.claims);
  }

  toJSON(): object {
    const { id, subject, tenant, claims } = this;
    return { id, subject, tenant, claims };
  }

  get #token(): Token {
    return currentDecision(contextOf(this)).token!;
  }
}

/** Where the session's request is handled and answered. */
export function contextOf(session: RequestSession): ExecutionContext {
  return contexts.get(session)!;
}

const sessionFactory = (path: string | undefined, context: ExecutionContext): unknown => {
  if (currentDecision(context).token === null) return null;
  const session = new RequestSession(context);
  return path === undefined ? session : (memberAt(session, path) ?? null);
};

/** Does a route argument's factory come from here? For the check at boot that the route takes tokens of sessions only. */
export function isSessionFactory(factory: unknown): boolean {
  return factory === sessionFactory;
}

/**
 * The session of the request, as a {@link RequestSession}; with a path its member: `@CurrentSession('subject')`. The route must
 * say `@RequireToken({ session: … })`. Null on an optional route without a token, and where the path leads nowhere.
 */
export const CurrentSession: (path?: string) => ParameterDecorator = createParamDecorator(sessionFactory);
