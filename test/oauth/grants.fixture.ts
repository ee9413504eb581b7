import { Controller, Get, Param, Post, Req } from '@nestjs/common';
import { OAuthGrantStore, RequireToken, type AuthStores, type OAuthGrantRow } from 'nest-latchkey';
import { OAuthClient, OAuthGrants, type GrantOwner, type OAuthLoginOptions } from 'nest-latchkey/passport';
import { oauth2Provider, oidc } from 'nest-latchkey/providers';
import type { LoopbackProvider } from 'nest-latchkey/testing';
import { memoryStores } from '../../libs/auth/src/stores/memory.stores.js';
import type { Adapter } from '../e2e/fixture.js';
import { appOrigin, at, dance, DancingApp } from './dance.js';
import type { Browser, Page } from './browser.js';

export const user = (id: string): GrantOwner => ({ kind: 'user', id });
export const ada = user('ada');

/** Handlers that ask the API of a provider for their user. */
@Controller('api')
export class ApiController {
  @RequireToken()
  @Get('corp/:path')
  async corp(@Param('path') path: string, @OAuthClient('corp') corp: OAuthClient) {
    return corp.json(path);
  }

  @RequireToken({ optional: true })
  @Get('optional')
  optional(@OAuthClient('corp') corp: OAuthClient | null) {
    return { client: corp instanceof OAuthClient, provider: corp?.provider ?? null };
  }

  @RequireToken()
  @Get('scope')
  async scope(@OAuthClient('corp') corp: OAuthClient) {
    const [scope, subject, isAuthorized] = [await corp.scope(), await corp.subject(), await corp.isAuthorized()];
    return { scope, subject: subject ?? null, isAuthorized };
  }

  @RequireToken()
  @Post('stream')
  async stream(@OAuthClient('corp') corp: OAuthClient, @Req() request: AsyncIterable<Uint8Array>) {
    const { status } = await corp.post('echo', { body: request as never });
    return { status };
  }
}

/** Providers of one loopback provider: `corp` speaks OpenID Connect, `forge` plain OAuth 2. */
export function providersOf(provider: LoopbackProvider): NonNullable<OAuthLoginOptions['providers']> {
  return [
    oidc('corp', { ...provider.oidc, scope: ['openid', 'profile', 'offline_access'] }),
    oauth2Provider('forge', { ...provider.oauth2, scope: ['profile', 'offline_access'] }),
  ];
}

/** An application whose users have grants. */
export class GrantsApp extends DancingApp {
  readonly watched: WatchedStore;

  constructor(
    adapter: Adapter,
    private readonly provider: LoopbackProvider,
    oauth: OAuthLoginOptions = {},
    inner: OAuthGrantStore = memoryGrants(),
  ) {
    const watched = new WatchedStore(inner);
    const stores: AuthStores = {
      ...memoryStores(),
      create: (instances) => ({ ...memoryStores().create(instances), oauthGrants: watched }),
    };
    const { providers = providersOf(provider) } = oauth;
    const controllers = providers.some(({ name }) => name === 'corp') ? [ApiController] : [];
    super(adapter, { ...oauth, providers }, { controllers, options: { stores } });
    this.watched = watched;
  }

  override async start(): Promise<void> {
    await super.start();
    this.provider.clock = this.api.clock;
  }

  get grants(): OAuthGrants {
    return this.api.app.get(OAuthGrants);
  }

  /** Of everything but the log-in: the provider's login decides who it is. */
  async loggedIn(provider: string = 'corp'): Promise<{ browser: Browser; owner: GrantOwner }> {
    const browser = this.browser();
    const page = await dance(browser, `/login/${provider}`);
    expect(page.status).toBe(302);
    return { browser, owner: user(`${provider}:${this.logins.at(-1)!.identity.subject}`) };
  }

  get(browser: Browser, path: string): Promise<Page> {
    return browser.visit(at(path));
  }

  /** What the store holds, and how the tokens open. */
  row(owner: string, provider = 'corp'): Promise<OAuthGrantRow | undefined> {
    return this.watched.list(owner, provider).then((rows) => rows[0]);
  }

  reset(): void {
    this.now();
    this.events.length = 0;
    this.logins.length = 0;
    this.watched.calls.length = 0;
    this.provider.reset();
  }
}

export { appOrigin };

export function memoryGrants(): OAuthGrantStore {
  return memoryStores().create(undefined as never).oauthGrants!;
}

type Method = Exclude<keyof OAuthGrantStore, never>;

/** A store whose calls a test sees, and can let fail or wait. */
export class WatchedStore extends OAuthGrantStore {
  readonly calls: string[] = [];
  /** What a call does before it reaches the store: throw, or wait. */
  before: (name: Method) => unknown = () => undefined;

  constructor(readonly inner: OAuthGrantStore) {
    super();
  }

  find: OAuthGrantStore['find'] = (...args) => this.pass('find', args);
  list: OAuthGrantStore['list'] = (...args) => this.pass('list', args);
  save: OAuthGrantStore['save'] = (...args) => this.pass('save', args);
  replace: OAuthGrantStore['replace'] = (...args) => this.pass('replace', args);
  lease: OAuthGrantStore['lease'] = (...args) => this.pass('lease', args);
  release: OAuthGrantStore['release'] = (...args) => this.pass('release', args);
  delete: OAuthGrantStore['delete'] = (...args) => this.pass('delete', args);
  page: OAuthGrantStore['page'] = (...args) => this.pass('page', args);
  reseal: OAuthGrantStore['reseal'] = (...args) => this.pass('reseal', args);

  private async pass<Name extends Method>(
    name: Name,
    args: Parameters<OAuthGrantStore[Name]>,
  ): Promise<Awaited<ReturnType<OAuthGrantStore[Name]>>> {
    this.calls.push(name);
    await this.before(name);
    return (await (this.inner[name] as (...all: unknown[]) => unknown)(...args)) as never;
  }
}
