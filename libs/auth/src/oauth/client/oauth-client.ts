import { AuthError } from '../../auth.errors.js';
import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import { isOneWay, type ApiRequest, type ApiTokens } from './api-request.js';
import { apiFetch, type ApiAnswer, type ApiInit } from './api-fetch.js';
import { readJson } from './api-json.js';
import { apiUrl } from './api-url.js';
import { applicationToken, type ApplicationToken } from '../grants/application-token.js';
import { GrantProblem } from '../grants/grant-errors.js';
import type { GrantRefresher } from '../grants/grant-refresher.js';
import type { GrantRows } from '../grants/grant-rows.js';
import type { GrantVault } from '../grants/grant-vault.js';
import { scopeOf } from '../grants/oauth-grant.js';
import { discard, isAllowedEndpoint } from '../outbound-fetch.js';
import { ProviderProblem } from '../provider-errors.js';
import type { ProviderSource } from '../provider-sources.js';
import type { OAuthProvider } from '../provider.js';
import { userinfoEndpointOf, userinfoRequest } from '../userinfo-request.js';

export interface OAuthClientParts {
  /** Its name. */
  readonly provider: string;
  readonly source: () => Promise<ProviderSource>;
  /** As stores name it. */
  readonly owner: string;
  /** Undefined: the account that the owner had first, or the token that the application gets by itself. */
  readonly subject: string | undefined;
  readonly rows: GrantRows;
  readonly vault: GrantVault;
  readonly refresher: GrantRefresher;
  /** Where the user grants what is missing: with more scope than the grant has, where that is known. */
  readonly authorizationUrl: AuthorizationUrl;
  /** Milliseconds. */
  readonly timeout: number;
}

/** @param missing the scope that was asked of the grant, and is not in it. */
export type AuthorizationUrl = (missing: readonly string[]) => string | Promise<string>;

/** What `get()`, `post()` and the like take: the options of `fetch()`, without the method. */
export type OAuthRequestInit = Omit<RequestInit, 'method'>;

/**
 * An HTTP client for the API of a provider. It sends the access token of one owner's grant, and refreshes it in time.
 *
 * Every call reads the grant anew, so a client can be kept, and used outside of requests.
 *
 * Calls throw AuthError `oauth_not_authorized` when there is no grant, and `oauth_reauth_required` when the grant is dead, both
 * with `authorizationUrl`; `oauth_url_refused`, `oauth_provider_unavailable`, `oauth_provider_timeout`, `oauth_provider_failed`,
 * `store_unavailable`, and `keys_unavailable` when no key opens the grant.
 */
export class OAuthClient {
  /** Not to be printed: it leads to keys. */
  readonly #parts: OAuthClientParts;

  constructor(parts: OAuthClientParts) {
    this.#parts = parts;
  }

  /** The name of the provider. */
  get provider(): string {
    return this.#parts.provider;
  }

  /**
   * The global `fetch`, with the token of the grant. A path is resolved against the provider's `apiBaseUrl`. A whole URL must be on
   * its origin, or on one of `apiOrigins`. After a 401 the token is refreshed and the request sent once more, unless its body is a
   * stream.
   *
   * Redirects are followed, at most five, to https alone, and without the token to another origin: `oauth_provider_failed` where they
   * lead elsewhere. With `redirect` in `init` it is as `fetch` does it.
   *
   * Rejects when no answer begins within `oauth.timeout`; every answer that comes is returned, 401 too.
   */
  async fetch(path: string | URL, { method = 'GET', headers, body, ...init }: RequestInit = {}): Promise<Response> {
    const url = await this.#urlOf(path);
    const request = { method, url, headers: new Headers(headers), body: body ?? undefined };
    return (await this.#send(() => request, init, 'headers')).response;
  }

  get(path: string | URL, init?: OAuthRequestInit): Promise<Response> {
    return this.fetch(path, { ...init, method: 'GET' });
  }
  post(path: string | URL, init?: OAuthRequestInit): Promise<Response> {
    return this.fetch(path, { ...init, method: 'POST' });
  }
  put(path: string | URL, init?: OAuthRequestInit): Promise<Response> {
    return this.fetch(path, { ...init, method: 'PUT' });
  }
  patch(path: string | URL, init?: OAuthRequestInit): Promise<Response> {
    return this.fetch(path, { ...init, method: 'PATCH' });
  }
  delete(path: string | URL, init?: OAuthRequestInit): Promise<Response> {
    return this.fetch(path, { ...init, method: 'DELETE' });
  }

  /**
   * `fetch()`, and the body parsed as JSON: at most 10 MB, and all of it within `oauth.timeout`.
   *
   * @throws AuthError also `oauth_reauth_required` for an answer 401, `oauth_scope_missing` for 403, `oauth_provider_unavailable` for
   *   429 and 5xx, `oauth_provider_failed` for any other that is no success, and for what is no JSON or nested
   *   more than 64 deep.
   */
  async json<T = unknown>(
    path: string | URL,
    { method = 'GET', headers, body, ...init }: RequestInit = {},
  ): Promise<T> {
    const url = await this.#urlOf(path);
    const request = { method, url, headers: new Headers(headers), body: body ?? undefined };
    return (await this.#read<T>(() => request, init)).value;
  }

  /**
   * Who the provider says that the owner is, asked now at its userinfo endpoint, which must not redirect.
   *
   * @param parameters for its query.
   * @throws AuthError as `json()`; `oauth_provider_failed` also when it speaks of another subject (OpenID Connect Core §5.3.2).
   */
  async userinfo<T extends object = Record<string, unknown>>(
    parameters: URLSearchParams | Record<string, string> = {},
  ): Promise<T> {
    const source = await this.#parts.source();
    const { provider } = source;
    const endpoint = await this.#told(() => userinfoEndpointOf(source));
    const { row, value } = await this.#read<T>(
      ({ accessToken }) => userinfoRequest(provider, endpoint, accessToken, new URLSearchParams(parameters)),
      { redirect: 'manual' },
    );
    const { sub } = (value ?? {}) as { sub?: unknown };
    if (provider.kind === 'oidc' && sub !== row.subject && !(provider.realmClaim && row.subject.endsWith(`:${sub}`)))
      throw new AuthError('oauth_provider_failed', { reason: 'userinfo: it speaks of another subject' });
    return value;
  }

  /** Is there a grant whose token is good, or can be refreshed? Sends nothing to the provider. */
  async isAuthorized(): Promise<boolean> {
    const row = await this.#row();
    return (await this.#ofApplication()) !== undefined || this.#parts.refresher.isUsable(row);
  }

  /**
   * Throws unless there is a grant that can be used, with all of this scope. Sends nothing to the provider.
   *
   * Scope values are compared as text: only the provider knows whether one value includes another.
   *
   * @throws AuthError `oauth_not_authorized`, `oauth_reauth_required`, `oauth_scope_missing`, with an `authorizationUrl` that asks the
   *   user for the missing scope and for the scope granted before; `store_unavailable`
   */
  async require(scope: readonly string[] = []): Promise<void> {
    await this.#told(async () => {
      const row = await this.#row();
      const own = await this.#ofApplication();
      const granted = row === undefined ? (own?.scope ?? []) : scopeOf(row);
      const missing = scope.filter((value) => !granted.includes(value));
      if (row === undefined && own === undefined)
        throw new GrantProblem('oauth_not_authorized', 'there is no grant', missing);
      if (own === undefined && !this.#parts.refresher.isUsable(row))
        throw new GrantProblem('oauth_reauth_required', 'the grant has ended', missing);
      if (missing.length > 0)
        throw new GrantProblem('oauth_scope_missing', `the grant lacks ${missing.join(' ')}`, missing);
    });
  }

  /** An access token, refreshed when it is due: for a library that sends its requests itself. */
  async accessToken(): Promise<string> {
    return this.#told(async () => this.#parts.vault.openToSend(await this.#fresh()).accessToken);
  }

  /** What the provider has granted; empty without a grant. */
  async scope(): Promise<readonly string[]> {
    const row = await this.#row();
    return row === undefined ? [] : scopeOf(row);
  }

  /** The account's `subject` at the provider; undefined without a grant. */
  async subject(): Promise<string | undefined> {
    return (await this.#row())?.subject;
  }

  async #urlOf(path: string | URL): Promise<string> {
    return apiUrl((await this.#parts.source()).provider, path).href;
  }

  /** What the application gets by itself; undefined of whatever somebody has to grant. */
  #ofApplication(): Promise<ApplicationToken | undefined> {
    return applicationToken(this.#parts.source, this.#parts);
  }

  /** Undefined where it is the application's own token that is meant: nobody can consent to that. */
  async #authorizationUrl(missing: readonly string[]): Promise<string | undefined> {
    return (await this.#ofApplication()) ? undefined : this.#parts.authorizationUrl(missing);
  }

  async #row(): Promise<OAuthGrantRow | undefined> {
    const { rows, owner, provider, subject } = this.#parts;
    return rows.current(owner, provider, (await this.#ofApplication())?.key.subject ?? subject);
  }

  async #fresh(refused?: number): Promise<OAuthGrantRow> {
    const { rows, refresher } = this.#parts;
    const row = await this.#row();
    if (row !== undefined) return refresher.fresh(rows, row, refused);
    const own = await this.#ofApplication();
    if (own === undefined) throw new GrantProblem('oauth_not_authorized', 'there is no grant');
    return refresher.first(rows, own);
  }

  async #read<T>(requestFor: RequestFor, init: ApiInit): Promise<{ row: OAuthGrantRow; value: T }> {
    return this.#told(async () => {
      const sent = await this.#send(requestFor, init, 'end');
      return { row: sent.row, value: await readJson<T>(sent, init.signal) };
    });
  }

  async #send(requestFor: RequestFor, init: ApiInit, until: 'headers' | 'end'): Promise<Sent> {
    return this.#told(async () => {
      const row = await this.#fresh();
      const first = await this.#sendWith(row, requestFor, init, until);
      // where the token was not, a 401 says nothing of it
      if (first.response.status !== 401 || !first.hadToken) return first;
      const renewed = await this.#fresh(row.version);
      if (renewed.version === row.version || isOneWay(first.request.body)) return first;
      await discard(first.response);
      return this.#sendWith(renewed, requestFor, init, until);
    });
  }

  async #sendWith(row: OAuthGrantRow, requestFor: RequestFor, init: ApiInit, until: 'headers' | 'end'): Promise<Sent> {
    const { source, vault, timeout } = this.#parts;
    const { provider } = await source();
    const tokens = vault.openToSend(row);
    const ownHeaders = requestHeadersOf(provider);
    // what is read to the end is read as JSON
    const accepted: Record<string, string> = until === 'end' ? { accept: 'application/json' } : {};
    const request = requestFor(tokens);
    // the provider's own word for accept goes first
    for (const defaults of [ownHeaders, accepted]) addMissing(request.headers, defaults);
    const mayBeAsked = (url: string) => isAllowedEndpoint(url, provider.allowInsecureLoopback);
    const limit = { timeout, until, mayBeAsked, ownHeaders: Object.keys(ownHeaders) };
    const answer = await apiFetch(provider.authorize(request, tokens), init, limit);
    return { ...answer, row, request };
  }

  /** What went wrong, as an AuthError. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GrantProblem) throw error.toAuthError(await this.#authorizationUrl(error.missing));
      if (error instanceof ProviderProblem) throw error.failure.error;
      throw error;
    }
  }
}

type RequestFor = (tokens: ApiTokens) => ApiRequest;

interface Sent extends ApiAnswer {
  readonly row: OAuthGrantRow;
  readonly request: ApiRequest;
}

function requestHeadersOf(provider: OAuthProvider): Readonly<Record<string, string>> {
  return provider.kind === 'oauth1' ? {} : provider.requestHeaders;
}

/** In place: the headers are ours, and a copy of them costs every request. */
function addMissing(headers: Headers, defaults: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(defaults)) if (!headers.has(name)) headers.set(name, value);
}
