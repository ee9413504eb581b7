import type { JsonValue } from '../jwt/claims.js';

/** Whose an identity is to be: a user who asked for it, in this session of theirs. */
export interface LinkIntent {
  /** The subject of the session. */
  readonly user: string;
  /** The session's id. */
  readonly sid: string;
  /** Keep the grant for them, and no more: the identity logs nobody in. Default false. */
  readonly grantOnly?: boolean;
}

/** One log-in, from its start to its answer. Times are epoch milliseconds. */
export interface Flow {
  readonly provider: string;
  /** Comes back in the answer, and names the flow. */
  readonly state: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  readonly startedAt: number;
  /** What the application keeps until the answer comes. */
  readonly data?: Readonly<Record<string, JsonValue>>;
  /** Nobody is to be logged in: the identity is to be linked. */
  readonly link?: LinkIntent;
  /** Asked for beside the provider's own. */
  readonly scope?: readonly string[];
  /** The provider's name of the account that has to answer. Without it, any may. */
  readonly account?: string;
}

export interface OAuth2Flow extends Flow {
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Seconds. Somebody who comes back later begins again. */
export const flowLifetime = 600;
