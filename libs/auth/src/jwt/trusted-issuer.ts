import { KeyObject } from 'node:crypto';
import type { RemoteJWKSet } from 'jose';
import { AuthError } from '../auth.errors.js';
import { isAlgorithm } from './algorithms.js';
import type { JwtHeader } from './claims.js';
import { checkFits } from './key-pair.js';
import type { JwtKey } from './keys.js';
import { checkTrustedIssuer, checkUrl, type TrustedIssuerOptions } from './trusted-issuer.options.js';

/** Milliseconds: one fetch for an unknown `kid`, or after a failed fetch, in this time; the set is asked for again after `cacheMaxAge`. */
const cooldown = 30_000;
const cacheMaxAge = 600_000;
const timeout = 5_000;
const largestDocument = 1_000_000;

/**
 * The keys of one other issuer. No key is ever shared between issuers: each has its own set, its own cache and its own
 * cool-down.
 */
export class TrustedIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly acceptUntypedTokens: boolean;
  private readonly accepted: ReadonlySet<string>;
  private keySet: Promise<RemoteJWKSet> | undefined;
  private failedAt = -Infinity;

  constructor(
    private readonly options: TrustedIssuerOptions,
    option: string,
    private readonly now: () => number,
    private readonly fetcher: typeof fetch = fetch,
  ) {
    checkTrustedIssuer(options, option);
    this.issuer = options.issuer;
    this.audience = [options.audience].flat();
    this.accepted = new Set(options.algorithms);
    this.acceptUntypedTokens = options.acceptUntypedTokens ?? false;
  }

  /**
   * The key that the header names, from the issuer's JWK set.
   *
   * @throws AuthError `token_invalid` when the set has no such key, `keys_unavailable` when it was never fetched yet and
   *   cannot be.
   */
  async find(header: JwtHeader): Promise<JwtKey> {
    if (!isAlgorithm(header.alg) || !this.accepted.has(header.alg))
      throw new AuthError('token_invalid', { reason: 'algorithm not accepted' });
    const keySet = await this.remoteKeySet();
    try {
      const key = KeyObject.from((await findKey(keySet, header)) as never);
      checkFits('jwks', header.alg, key);
      return { kid: header.kid, algorithm: header.alg, verifyKey: key, signKey: undefined };
    } catch (error) {
      // without a set, nothing can be said of the token
      if (keySet.jwks() === undefined) throw this.unavailable(error);
      throw new AuthError('token_invalid', { reason: 'no key of the issuer applies', cause: error });
    }
  }

  /** jose is loaded here, at the first token of another issuer: applications without one do not pay for it. */
  private remoteKeySet(): Promise<RemoteJWKSet> {
    this.keySet ??= this.createKeySet().catch((error: unknown) => {
      this.keySet = undefined;
      throw this.unavailable(error);
    });
    return this.keySet;
  }

  private async createKeySet(): Promise<RemoteJWKSet> {
    const { createRemoteJWKSet, customFetch } = await import('jose');
    const uri = this.options.jwksUri ?? (await this.discover());
    return createRemoteJWKSet(new URL(uri), {
      cooldownDuration: cooldown,
      cacheMaxAge,
      timeoutDuration: timeout,
      [customFetch]: (url: string, init: RequestInit) => this.fetchSparingly(url, init, readKeySet),
    });
  }

  private async discover(): Promise<string> {
    const url = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const init = { redirect: 'manual', signal: AbortSignal.timeout(timeout) } as const;
    return this.fetchSparingly(url, init, (document) => this.readMetadata(document));
  }

  private readMetadata(document: unknown): string {
    const { issuer, jwks_uri: uri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
    // a document of another issuer must not lend its keys (RFC 8414 §3.3)
    if (issuer !== this.issuer) throw new TypeError('the discovery document names another issuer');
    if (typeof uri !== 'string') throw new TypeError('the discovery document has no jwks_uri');
    checkUrl(uri, `the jwks_uri of ${this.issuer}`);
    return uri;
  }

  /**
   * After a failure, also of a document that cannot be read, nothing is asked for one cool-down: tokens with unknown keys
   * cannot make a storm of fetches.
   */
  private async fetchSparingly<T>(url: string, init: RequestInit, read: (document: unknown) => T): Promise<T> {
    if (this.now() - this.failedAt < cooldown) throw new TypeError('the last fetch failed, waiting');
    try {
      const response = await this.fetcher(url, init);
      if (response.status !== 200) throw new TypeError(`the issuer answered ${response.status}`);
      return read(JSON.parse(await limitedText(response)));
    } catch (error) {
      this.failedAt = this.now();
      throw error;
    }
  }

  private unavailable(cause: unknown): AuthError {
    return new AuthError('keys_unavailable', { reason: `the keys of ${this.issuer} cannot be fetched`, cause });
  }
}

/** While the issuer cannot be asked, the keys it gave last go on: its outage must not log its users out. */
async function findKey(keySet: RemoteJWKSet, header: JwtHeader): Promise<unknown> {
  try {
    return await keySet(header as never);
  } catch (error) {
    const known = keySet.jwks();
    if (!isOutage(error) || known === undefined) throw error;
    const { createLocalJWKSet } = await import('jose');
    return createLocalJWKSet(known)(header as never);
  }
}

/** jose tells by name that it looked and found none, or several; every other failure is an outage, or a key that is broken. */
function isOutage(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code !== 'ERR_JWKS_NO_MATCHING_KEY' && code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS';
}

/** The JWK set, as jose's fetch is to answer it (RFC 7517 §5). */
function readKeySet(document: unknown): Response {
  const { keys } = (document ?? {}) as { keys?: unknown };
  const isSet = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
  if (!isSet) throw new TypeError('the document is no JWK set');
  return Response.json({ keys });
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    if (size > largestDocument) throw new TypeError('the document is too large');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}
