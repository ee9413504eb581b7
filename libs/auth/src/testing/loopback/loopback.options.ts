import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../auth.clock.js';
import { AuthConfigError } from '../../auth.errors.js';
import { isLoopback } from '../../auth.loopback.js';

/** Somebody who can log in: the claims of OpenID Connect Core §5.1, and whatever else userinfo is to say. */
export interface LoopbackUser {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly [claim: string]: unknown;
}

/** An application that may use the provider: `client_id` of OAuth 2, consumer key of OAuth 1. */
export interface LoopbackClient {
  readonly clientId: string;
  /** Without one the client is public, and authenticates by its `client_id` alone. */
  readonly clientSecret?: string;
  /** For RSA-SHA1 (RFC 5849 §3.4.3): PEM, or a KeyObject. */
  readonly publicKey?: KeyObject | string;
  /** What it may ask for in its own name (RFC 6749 §4.4), and gets where it asks for nothing. Default none. */
  readonly scope?: readonly string[];
  /** Compared as texts. Default: wherever the request says, which is for tests alone. */
  readonly redirectUris?: readonly string[];
}

export interface LoopbackProviderOptions {
  /** Default: `alice` and `bob`, with proved addresses at example.com. */
  readonly users?: readonly LoopbackUser[];
  /** Default: one, `{ clientId: 'app', clientSecret: 'the secret of the app' }`. `provider.oidc` and the like are for the first. */
  readonly clients?: readonly LoopbackClient[];
  /** Who comes: the `sub` of a user, who consents at once; null, somebody who refuses. Default: a page asks the browser. */
  readonly login?: string | null;
  /** What its issuer calls itself: `127.0.0.1`, or `localhost`, which browsers take for another site. Default `'127.0.0.1'`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Of its ID tokens. Default `'RS256'`. */
  readonly signingAlgorithm?: 'RS256' | 'ES256' | 'EdDSA';
  /** Seconds. Default 300. */
  readonly accessTokenLifetime?: number;
  /** Is a refresh token used once? A second use then ends the whole grant (RFC 9700 §4.14.2). Default true. */
  readonly rotateRefreshTokens?: boolean;
  /** Refuse an authorization request without a code challenge. Default true. */
  readonly requirePkce?: boolean;
  /** Refuse an authorization request that was not pushed (RFC 9126 §5). Default false. */
  readonly requirePushedAuthorizationRequests?: boolean;
  /** Laid over its discovery document; undefined takes a member out. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Decides what has expired. A `TestClock` can be shared with the application. Default: the system's. */
  readonly clock?: Clock;
}

export const defaultUsers: readonly LoopbackUser[] = [
  { sub: 'alice', name: 'Alice', email: 'alice@example.com', email_verified: true },
  { sub: 'bob', name: 'Bob', email: 'bob@example.com', email_verified: true },
];

export const defaultClients: readonly LoopbackClient[] = [{ clientId: 'app', clientSecret: 'the secret of the app' }];

/** @throws AuthConfigError naming the option and the mend; and always in production. */
export function checkLoopbackOptions(options: LoopbackProviderOptions): void {
  const { users = defaultUsers, clients = defaultClients, login, host = '127.0.0.1' } = options;
  const refuse = (name: string, problem: string): never => {
    throw new AuthConfigError(`LoopbackProvider.${name}`, problem);
  };
  // it lets everybody in as anybody
  if (process.env['NODE_ENV'] === 'production') refuse('start', 'is for tests and demos: NODE_ENV is production');
  if (users.length === 0) refuse('users', 'must name somebody who can log in');
  if (clients.length === 0) refuse('clients', 'must name an application');
  if (!isLoopback(host)) refuse('host', "must be this machine: '127.0.0.1' or 'localhost'");
  if (typeof login === 'string' && !users.some(({ sub }) => sub === login)) refuse('login', 'is none of users');
}
