/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { CurrentToken, RequireToken, Token } from 'nest-latchkey';
import { OAuthClients, OAuthGrants, type OAuthLoginOptions } from 'nest-latchkey/passport';
import { oauth1Provider, oauth2Provider, oidc } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import type { Page } from './browser.js';
import { at, dance, DancingApp } from './dance.js';
import { user } from './grants.fixture.js';

type Factory = NonNullable<OAuthLoginOptions['providersFactory']>;

@Controller('api')
class ApiController {
  constructor(private readonly clients: OAuthClients) {}

  @RequireToken()
  @Get(':tenant')
  async me(
    @Param('tenant') tenant: string,
    @CurrentToken() token: Token,
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    return this.clients.of(tenant, token, { request, response }).json('me');
  }
}

const tenants = ['acme', 'globex', 'old'] as const;
const running = new Map<string, LoopbackProvider>();

/** Each tenant has a provider of its own, and is another client there. */
beforeAll(async () => {
  for (const tenant of tenants) {
    const redirectUris = [at(`/login/${tenant}/authorized`)];
    const client = { clientId: `client of ${tenant}`, clientSecret: `secret of ${tenant}`, redirectUris };
    running.set(tenant, await LoopbackProvider.start({ clients: [client], login: 'alice', accessTokenLifetime: 300 }));
  }
});
afterAll(() => Promise.all([...running.values()].map((provider) => provider.stop())));

const scope = ['profile', 'offline_access'];
const made: Factory = (name) => {
  const provider = running.get(name);
  if (provider === undefined) return null;
  if (name === 'acme') return oidc(name, { ...provider.oidc, scope: ['openid', ...scope] });
  if (name === 'old') return oauth1Provider(name, { ...provider.oauth1, identity: { subject: 'id' } });
  return oauth2Provider(name, { ...provider.oauth2, scope });
};

describe.each(adapters)('providersFactory (%s)', (adapter) => {
  let app: DancingApp;
  let factory: Factory;
  let asked: string[];

  beforeEach(async () => {
    factory = made;
    asked = [];
    const providersFactory: Factory = (name) => {
      asked.push(name);
      return factory(name);
    };
    app = new DancingApp(
      adapter,
      { providers: [oidc('corp', running.get('acme')!.oidc)], providersFactory },
      { controllers: [ApiController] },
    );
    await app.start();
    for (const provider of running.values()) {
      provider.reset();
      provider.clock = app.api.clock;
    }
  });
  afterEach(() => app.stop());

  const grants = () => app.api.app.get(OAuthGrants);
  const refused = (page: Page, code: Parameters<typeof expectRefusal>[1]) => expectRefusal(page as never, code);
  /** Every client that a provider has heard of. */
  const clientsAt = (tenant: string) =>
    new Set(
      running
        .get(tenant)!
        .requests.flatMap(({ url, form, headers }) => {
          const basic = /^Basic (.*)$/.exec(String(headers.authorization))?.[1];
          const [name, secret] = decodeURIComponent(Buffer.from(basic ?? '', 'base64').toString()).split(':');
          const signed = /oauth_consumer_key="([^"]*)"/.exec(String(headers.authorization))?.[1];
          return [
            url.searchParams.get('client_id'),
            form.get('client_id'),
            name,
            secret,
            signed && decodeURIComponent(signed),
          ];
        })
        .filter((text) => text !== undefined && text !== null && text !== '')
        .map((text) => text!.replaceAll('+', ' ')),
    );

  it('O61 logs in with the provider of each tenant, all at once, and mixes nothing up', async () => {
    const visits = Array.from({ length: 30 }, async (_, index) => {
      const tenant = tenants[index % tenants.length]!;
      const browser = app.browser();
      expect((await dance(browser, `/login/${tenant}`)).headers.location).toBe('/');
      return { tenant, browser };
    });
    const visitors = await Promise.all(visits);
    for (const tenant of tenants) {
      const others = tenants.filter((other) => other !== tenant);
      const seen = [...clientsAt(tenant)];
      expect(seen).toContain(`client of ${tenant}`);
      for (const other of others) expect(seen.join()).not.toContain(other);
    }
    // each has a grant of its own, refreshed by its own client
    app.api.clock.advance(290);
    const pages = await Promise.all(
      visitors.map(async ({ tenant, browser }) => ({ tenant, page: await browser.visit(at(`/api/${tenant}`)) })),
    );
    for (const { page } of pages) expect([page.status, page.body['id']]).toEqual([200, 'alice']);
    for (const tenant of ['acme', 'globex']) {
      const refreshes = running.get(tenant)!.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token');
      expect(refreshes).toHaveLength(1);
      const rows = await grants().list(user(`${tenant}:alice`));
      expect(rows.map(({ provider }) => provider)).toEqual([tenant]);
      for (const other of tenants.filter((name) => name !== tenant))
        expect([...clientsAt(tenant)].join()).not.toContain(other);
    }
  });

  it('O61 serves nobody the grant of another tenant', async () => {
    const browser = app.browser();
    await dance(browser, '/login/acme');
    const page = await browser.visit(at('/api/globex'));
    expect([page.status, page.body['errorCode']]).toEqual([403, 'oauth_not_authorized']);
    expect(running.get('globex')!.requests).toEqual([]);
  });

  it('takes no answer of one tenant for the flow of another', async () => {
    const browser = app.browser();
    const answer = new URL(
      (await browser.follow(await browser.visit(at('/login/acme')), (next) => next.origin !== at(''))).headers
        .location!,
    );
    answer.pathname = '/login/globex/authorized';
    refused(await browser.visit(answer), 'oauth_flow_unknown');
    expect(running.get('globex')!.count('token')).toBe(0);
  });

  it('asks once in five minutes, and then for what has changed', async () => {
    for (let time = 0; time < 3; time++) await app.browser().visit(at('/login/globex'));
    expect(asked).toEqual(['globex']);
    app.api.clock.advance(299);
    await app.browser().visit(at('/login/globex'));
    factory = () => oauth2Provider('globex', { ...running.get('globex')!.oauth2, clientId: 'another' });
    app.api.clock.advance(1);
    const page = await app.browser().visit(at('/login/globex'));
    expect(new URL(page.headers.location!).searchParams.get('client_id')).toBe('another');
    expect(asked).toEqual(['globex', 'globex']);
  });

  it('asks for no name that is configured, or that no provider can have', async () => {
    expect((await app.browser().visit(at('/login/corp'))).status).toBe(302);
    for (const name of ['-x', 'a.b', 'a%2Fb', 'x'.repeat(33), '%00', 'a:b', '..%2f'])
      expect((await app.browser().visit(at(`/login/${name}`))).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it.each(['nobody', 'constructor', '__proto__'.replaceAll('_', 'a')])(
    'is 404 where there is none: %s',
    async (name) => {
      refused(await app.browser().visit(at(`/login/${name}`)), 'oauth_provider_unknown');
      refused(await app.browser().visit(at(`/login/${name}/authorized?state=x&code=y`)), 'oauth_provider_unknown');
      // somebody may have come meanwhile
      expect(asked).toEqual([name, name]);
      await expect(grants().client(name, user('ada')).json('me')).rejects.toMatchObject({
        code: 'oauth_provider_unknown',
      });
    },
  );

  it('is 503 while the factory fails, and then again as it was', async () => {
    factory = () => Promise.reject(new Error('the database is down: postgres://user:password@host'));
    const page = await app.browser().visit(at('/login/globex'));
    refused(page, 'store_unavailable');
    expect(page.text).not.toContain('password');
    factory = made;
    expect((await app.browser().visit(at('/login/globex'))).status).toBe(302);
  });

  it.each<[string, Factory]>([
    ['no option', () => ({ kind: 'oidc' }) as never],
    [
      'an option that is wrong',
      () => oidc('globex', { issuer: 'http://sso.example.com', clientId: 'x', clientSecret: 'the secret' }),
    ],
    [
      'null of a database for a secret',
      () => oidc('globex', { ...running.get('acme')!.oidc, clientSecret: null as never }),
    ],
    ['another name', () => oidc('other', { ...running.get('acme')!.oidc })],
    [
      'a redirect URI, which could be that of another tenant',
      () => oidc('globex', { ...running.get('acme')!.oidc, redirectUri: at('/login/acme/authorized') }),
    ],
    ['no object', () => 'globex' as never],
  ])('is 502 where the factory makes %s', async (_what, wrong) => {
    factory = wrong;
    const page = await app.browser().visit(at('/login/globex'));
    refused(page, 'oauth_provider_failed');
    expect(page.text).not.toMatch(/secret|sso\.example/);
  });
});

it('must be a function', async () => {
  const app = new DancingApp('express', { providersFactory: [] as never });
  await expect(app.start()).rejects.toThrow(/oauth\.providersFactory: must be a function from a name to a provider/);
});
