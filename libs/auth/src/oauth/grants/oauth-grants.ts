import type { Clock } from '../../auth.clock.js';
import { seconds } from '../../auth.durations.js';
import { AuthError } from '../../auth.errors.js';
import type { AuthEventListener } from '../../auth.events.js';
import type { OAuthGrantContent, OAuthGrantRow, OAuthGrantStore } from '../../stores/oauth-grant.store.js';
import { applicationToken } from './application-token.js';
import { checkGivenTokens } from './given-tokens.js';
import { GrantCache } from './grant-cache.js';
import { GrantCookies } from './grant-cookies.js';
import { GrantNews } from './grant-news.js';
import { ownerText, type GrantOwner } from './grant-owner.js';
import { GrantRefresher } from './grant-refresher.js';
import { revokeTokens } from './grant-revocation.js';
import { GrantRotation, type RotatedGrants } from './grant-rotation.js';
import { GrantRows } from './grant-rows.js';
import { GrantVault, type GrantTokens } from './grant-vault.js';
import type { OAuthLogin, OAuthTokens } from '../oauth-login.js';
import { OAuthClient, type AuthorizationUrl } from '../client/oauth-client.js';
import { OAuthGrant, scopeOf } from './oauth-grant.js';
import type { OAuthListeners } from '../events/oauth-listeners.js';
import type { OAuthExchange, OAuthTransport } from '../oauth-transport.js';
import type { OAuthSettings } from '../oauth.options.js';
import { ProviderProblem } from '../provider-errors.js';
import type { ProviderSources } from '../provider-sources.js';

export interface OAuthGrantsParts {
  readonly settings: OAuthSettings;
  readonly sources: ProviderSources;
  /** `cookies`: each browser keeps its own. */
  readonly store: OAuthGrantStore | 'cookies';
  readonly transport: OAuthTransport;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
  readonly listeners: OAuthListeners;
  /** Where a log-in with a provider begins: a public URL. */
  readonly startUrl: (provider: string) => string;
}

/** The request and response whose cookies hold the grants: needed with `cookieGrants()` only. */
export interface GrantPlace {
  readonly exchange?: OAuthExchange | undefined;
}

/** Which grant, when the owner has several accounts at the provider. */
export interface GrantSelection extends GrantPlace {
  /** The provider's name of the account. Default: the one that the owner had first; with `applicationScope`, of the application its own. */
  readonly subject?: string | undefined;
}

export interface GrantClientOptions extends GrantSelection {
  /** The URL that refusals carry, where the user can grant what is missing. Default: where a log-in begins. */
  readonly authorizationUrl?: AuthorizationUrl | undefined;
}

/** What `put()` takes: tokens that did not come from a log-in here. */
export interface GivenGrant {
  readonly subject: string;
  readonly issuer?: string;
  /** Default: the scope that the provider is configured with. */
  readonly scope?: readonly string[];
  readonly tokens: Pick<OAuthTokens, 'accessToken'> & { readonly [Name in keyof OAuthTokens]?: OAuthTokens[Name] };
}

/** So many writers of one grant at once, and somebody gives up. */
const mostAttempts = 20;

/**
 * The grants of users at providers. Each log-in stores one, encrypted.
 *
 * Works outside of requests too: `grants.client('github', { kind: 'user', id: 'ada' }).json('user/repos')`.
 */
export class OAuthGrants {
  private readonly stored: GrantRows | undefined;
  private readonly cookies: GrantCookies;
  private readonly vault: GrantVault;
  private readonly rotation: GrantRotation;
  private readonly news: GrantNews;
  private readonly refresher: GrantRefresher;

  constructor(private readonly parts: OAuthGrantsParts) {
    const { settings, sources, store, transport, clock, emit, listeners } = parts;
    const cache = new GrantCache(seconds(settings.grantCache) * 1000, clock);
    this.stored = store === 'cookies' ? undefined : new GrantRows(store, cache);
    this.cookies = new GrantCookies(transport, settings.sealer, clock);
    this.vault = new GrantVault(settings.sealer);
    this.rotation = new GrantRotation(this.vault);
    this.news = new GrantNews(emit, listeners, clock);
    this.refresher = new GrantRefresher({
      sources,
      vault: this.vault,
      rotation: this.rotation,
      clock,
      news: this.news,
      leeway: seconds(settings.refreshLeeway) * 1000,
      timeout: seconds(settings.timeout) * 1000,
    });
  }

  /**
   * Store the tokens of a log-in. When there is a grant already, it keeps its refresh token if none came this time, and the scope
   * that this log-in did not ask for.
   *
   * @throws AuthError `invalid_argument` for what is no owner, `oauth_provider_failed` for what fits into no cookie, where grants
   *   are in cookies, `store_unavailable`
   */
  async save(owner: GrantOwner, login: OAuthLogin, { exchange }: GrantPlace = {}): Promise<void> {
    const key = { owner: ownerText(owner), provider: login.provider, subject: login.identity.subject };
    const rows = this.rows(exchange);
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- again, when somebody else has written meanwhile
      const before = await rows.find(key);
      const now = this.parts.clock.now();
      const content: OAuthGrantContent = {
        ...key,
        issuer: login.identity.issuer,
        sealed: this.vault.seal(this.merged(before, login.tokens), key),
        scope: mergedScope(before, login).join(' '),
        expiresAt: login.tokens.expiresAt ?? null,
        status: 'active',
        createdAt: now,
        updatedAt: now,
      };
      // oxlint-disable-next-line no-await-in-loop
      if (await rows.replace(content, before?.version ?? 0)) return;
    }
    throw new AuthError('store_unavailable', { reason: 'a grant is written by too many at once' });
  }

  /**
   * Store a grant that did not come from a log-in here: one from elsewhere, or the application's own. Replaces the grant that is
   * there.
   *
   * @throws AuthError `invalid_argument`, `oauth_provider_unknown`, `store_unavailable`
   */
  async put(owner: GrantOwner, provider: string, given: GivenGrant, { exchange }: GrantPlace = {}): Promise<void> {
    const known = (await this.parts.sources.find(provider)).provider;
    const { subject, issuer = '', tokens, scope = known.kind === 'oauth1' ? [] : known.scope } = given;
    checkGivenTokens(known, tokens);
    const key = { owner: ownerText(owner), provider, subject };
    const { accessToken, refreshToken, idToken, tokenSecret, expiresAt = null } = tokens;
    const sealed = this.vault.seal({ accessToken, refreshToken, idToken, tokenSecret, refreshedAt: undefined }, key);
    const now = this.parts.clock.now();
    await this.rows(exchange).save({
      ...key,
      issuer,
      sealed,
      scope: scope.join(' '),
      expiresAt,
      status: 'active',
      createdAt: now,
      updatedAt: now,
    });
  }

  /** @throws AuthError `keys_unavailable` where no key of ours opens it; `oauth_provider_unknown`, `store_unavailable` */
  async find(provider: string, owner: GrantOwner, selection: GrantSelection = {}): Promise<OAuthGrant | undefined> {
    const rows = this.rows(selection.exchange);
    const row = await this.current(rows, provider, owner, selection);
    return row === undefined ? undefined : this.opened(rows, row);
  }

  /** All grants of an owner, the oldest first. @throws AuthError as `find()` */
  async list(owner: GrantOwner, { exchange }: GrantPlace = {}): Promise<OAuthGrant[]> {
    const rows = this.rows(exchange);
    const found = await rows.list(ownerText(owner));
    return found.toSorted((one, other) => one.createdAt - other.createdAt).map((row) => this.opened(rows, row));
  }

  /** Delete a grant here. Its tokens stay good at the provider: see `revoke()`. @returns true when there was one. */
  async delete(provider: string, owner: GrantOwner, selection: GrantSelection = {}): Promise<boolean> {
    return (await this.takenAway(provider, owner, selection)) !== undefined;
  }

  /**
   * Delete a grant here, and revoke its tokens at the provider (RFC 7009). When the provider fails, the grant is deleted all the
   * same, and the event `oauth.failed` is emitted.
   *
   * @returns true when there was one.
   */
  async revoke(provider: string, owner: GrantOwner, selection: GrantSelection = {}): Promise<boolean> {
    const row = await this.takenAway(provider, owner, selection);
    if (row === undefined) return false;
    try {
      await revokeTokens(await this.parts.sources.find(provider), this.vault.open(row), this.parts.clock);
    } catch (error) {
      // tokens that do not open are nobody's any more
      if (error instanceof ProviderProblem) this.news.failed(provider, error.failure);
      else if (!(error instanceof AuthError)) throw error;
    }
    return true;
  }

  /**
   * A client for the API of a provider, with the owner's grant. Sends nothing yet.
   *
   * @throws AuthError `oauth_provider_unknown`, `invalid_argument`
   */
  client(provider: string, owner: GrantOwner, options: GrantClientOptions = {}): OAuthClient {
    const { sources, settings, startUrl } = this.parts;
    sources.check(provider);
    return new OAuthClient({
      provider,
      source: () => sources.find(provider),
      owner: ownerText(owner),
      subject: options.subject,
      rows: this.rows(options.exchange),
      vault: this.vault,
      refresher: this.refresher,
      authorizationUrl: options.authorizationUrl ?? (() => startUrl(provider)),
      timeout: seconds(settings.timeout) * 1000,
    });
  }

  /**
   * Encrypt every grant again that an older key encrypted. Call it when the new key stands first in `oauth.encryptionKeys` of every
   * process, and before you take the old key out. Grants in use are encrypted again without it.
   */
  rotate({ batch = 200 }: { batch?: number } = {}): Promise<RotatedGrants> {
    return this.rotation.all(this.rows(undefined), batch);
  }

  private rows(exchange: OAuthExchange | undefined): GrantRows {
    if (this.stored !== undefined) return this.stored;
    if (exchange !== undefined) return this.cookies.rows(exchange);
    throw new AuthError('invalid_argument', {
      reason: 'grants are in cookies here: pass { exchange: { request, response } }, or keep them in stores',
    });
  }

  private async current(
    rows: GrantRows,
    provider: string,
    owner: GrantOwner,
    { subject }: GrantSelection,
  ): Promise<OAuthGrantRow | undefined> {
    return rows.current(ownerText(owner), provider, await this.account(provider, owner, subject));
  }

  /** Of the application's own token it is the client; else undefined is the account that the owner had first. */
  private async account(provider: string, owner: GrantOwner, subject: string | undefined): Promise<string | undefined> {
    const { sources } = this.parts;
    sources.check(provider);
    const own = await applicationToken(() => sources.find(provider), { owner: ownerText(owner), subject });
    return own?.key.subject ?? subject;
  }

  /**
   * @returns the version that was deleted: tokens of an older one would be revoked in vain, while those live on that a process
   *   has got for them meanwhile.
   */
  private async takenAway(
    provider: string,
    owner: GrantOwner,
    { exchange, subject }: GrantSelection,
  ): Promise<OAuthGrantRow | undefined> {
    const rows = this.rows(exchange);
    let row = await rows.newest(ownerText(owner), provider, await this.account(provider, owner, subject));
    for (let attempt = 0; row !== undefined && attempt < mostAttempts; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- again, when somebody else has written meanwhile
      if (await rows.delete(row, row.version)) return row;
      // the same account: of two calls at once the second must not take the next one
      // oxlint-disable-next-line no-await-in-loop
      row = await rows.find(row);
    }
    if (row === undefined) return undefined;
    throw new AuthError('store_unavailable', { reason: 'a grant is written by too many at once' });
  }

  private opened(rows: GrantRows, row: OAuthGrantRow): OAuthGrant {
    const tokens = this.vault.open(row);
    this.rotation.lazily(rows, row);
    return new OAuthGrant(row, { ...tokens, expiresAt: row.expiresAt ?? undefined });
  }

  private merged(before: OAuthGrantRow | undefined, tokens: OAuthTokens): GrantTokens {
    const kept = before?.status === 'active' ? this.readable(before) : undefined;
    return {
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken ?? kept?.refreshToken,
      idToken: tokens.idToken ?? kept?.idToken,
      tokenSecret: tokens.tokenSecret,
      refreshedAt: undefined,
    };
  }

  /** A log-in mends what cannot be read. */
  private readable(row: OAuthGrantRow): GrantTokens | undefined {
    try {
      return this.vault.open(row);
    } catch {
      return undefined;
    }
  }
}

/** What was asked for counts as it was answered; what was not, as before: a dead grant has ended with its scope. */
function mergedScope(before: OAuthGrantRow | undefined, { requestedScope, grantedScope }: OAuthLogin): string[] {
  const granted = before?.status === 'active' ? scopeOf(before) : [];
  const kept = granted.filter((value) => !requestedScope.includes(value));
  return [...new Set([...kept, ...grantedScope])];
}
