/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { OAuthGrants } from 'nest-latchkey/passport';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { adapters, expectRefusal } from '../e2e/fixture.js';
import { appOrigin, answerOf, at } from './dance.js';
import { nextOf } from './browser.js';
import { ada, GrantsApp, providersOf, user } from './grants.fixture.js';
import { grantsOn } from './grants-on-store.js';

jest.setTimeout(30_000);

let provider: LoopbackProvider;
beforeAll(async () => {
  provider = await LoopbackProvider.start({ login: 'alice' });
});
afterAll(() => provider.stop());

const owner = user('corp:alice');
const jwtOf = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

describe.each(adapters)('grants of users (%s)', (adapter) => {
  let app: GrantsApp;

  beforeAll(async () => {
    app = new GrantsApp(adapter, provider);
    await app.start();
  });
  beforeEach(async () => {
    app.reset();
    app.watched.before = () => undefined;
    provider.login = 'alice';
    for (const row of await app.watched.inner.page(undefined, 100)) await app.watched.inner.delete(row);
  });
  afterAll(() => app.stop());

  it('O8 ST-01 keeps what a log-in brought, sealed', async () => {
    await app.loggedIn();
    const grant = (await app.grants.find('corp', owner))!;
    const { tokens } = app.logins[0]!;
    expect(grant.tokens).toMatchObject({ ...tokens });
    expect(grant).toMatchObject({ provider: 'corp', issuer: provider.issuer, subject: 'alice', status: 'active' });
    expect(grant.scope).toEqual(['openid', 'profile', 'offline_access']);
    const row = (await app.row('user:corp:alice'))!;
    for (const text of [tokens.accessToken, tokens.refreshToken!, tokens.idToken!]) {
      expect(text.length).toBeGreaterThan(20);
      expect(JSON.stringify(row)).not.toContain(text);
      for (const shown of [inspect(grant, { depth: 9 }), JSON.stringify(grant), inspect(app.grants, { depth: 4 })])
        expect(shown).not.toContain(text);
    }
  });

  it('O46 leaves one grant of ten log-ins at once', async () => {
    const answers = [];
    for (let index = 0; index < 10; index++) {
      const browser = app.browser();
      answers.push({ browser, next: nextOf(await answerOf(browser))! });
    }
    const pages = await Promise.all(answers.map(({ browser, next }) => browser.visit(next)));
    expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 302));
    expect(await app.watched.inner.page(undefined, 100)).toEqual([expect.objectContaining({ version: 10 })]);
  });

  it('lets nobody in whose grant cannot be kept', async () => {
    app.watched.before = (name) => {
      if (name === 'replace') throw new Error('the database is down');
    };
    const browser = app.browser();
    const page = await browser.visit(nextOf(await answerOf(browser))!);
    expectRefusal(page as never, 'store_unavailable');
    expect((await browser.visit(at('/me'))).status).toBe(401);
  });

  describe('a second consent', () => {
    const again = async (members: Record<string, unknown>) => {
      provider.fail('token', { kind: 'members', members });
      await app.loggedIn();
      provider.heal();
      return (await app.grants.find('corp', owner))!;
    };

    it('O30 O37 keeps the refresh token that did not come again', async () => {
      await app.loggedIn();
      const { tokens } = (await app.grants.find('corp', owner))!;
      const grant = await again({ refresh_token: undefined });
      expect(grant.tokens.refreshToken).toBe(tokens.refreshToken);
      expect(grant.tokens.accessToken).not.toBe(tokens.accessToken);
      expect((await app.row('user:corp:alice'))!.version).toBe(2);
    });

    it('O37 takes the refresh token that came', async () => {
      await app.loggedIn();
      const { tokens } = (await app.grants.find('corp', owner))!;
      const grant = await again({});
      expect(grant.tokens.refreshToken).toEqual(expect.any(String));
      expect(grant.tokens.refreshToken).not.toBe(tokens.refreshToken);
    });

    it('O30 unites what was granted then and now, without what was refused now', async () => {
      await app.grants.put(owner, 'corp', {
        subject: 'alice',
        scope: ['openid', 'profile', 'repo'],
        tokens: { accessToken: 'an older token' },
      });
      const grant = await again({ scope: 'openid offline_access extra' });
      expect([...grant.scope].toSorted()).toEqual(['extra', 'offline_access', 'openid', 'repo']);
    });

    it('O30 gives a dead grant no dead refresh token', async () => {
      await app.loggedIn();
      const row = (await app.row('user:corp:alice'))!;
      await app.watched.inner.replace({ ...row, status: 'needs_reauth' }, row.version);
      const grant = await again({ refresh_token: undefined });
      expect(grant).toMatchObject({ status: 'active' });
      expect(grant.tokens.refreshToken).toBeUndefined();
    });

    it('O30 gives the scope of a dead grant to nobody', async () => {
      await app.loggedIn();
      const row = (await app.row('user:corp:alice'))!;
      await app.watched.inner.replace({ ...row, scope: `${row.scope} repo`, status: 'needs_reauth' }, row.version);
      expect((await again({})).scope).toEqual(['openid', 'profile', 'offline_access']);
    });

    it('ST-04 takes the place of a grant that no key opens', async () => {
      await app.loggedIn();
      const row = (await app.row('user:corp:alice'))!;
      await app.watched.inner.replace({ ...row, sealed: row.sealed.replace(/^\w+/, 'lost') }, row.version);
      await expect(app.grants.find('corp', owner)).rejects.toMatchObject({ code: 'keys_unavailable' });
      const grant = await again({});
      expect(grant.tokens.accessToken).toEqual(expect.any(String));
    });
  });

  // RFC 6749 A.12, A.17
  it.each(['access_token', 'refresh_token'])(
    'O63 takes no %s of a refresh that fits in no header, and tells nothing of it',
    async (name) => {
      const { browser } = await app.loggedIn();
      const row = await app.row('user:corp:alice');
      app.api.clock.advance(300);
      provider.fail('token', { kind: 'members', members: { [name]: 'canary\nof the provider' } });
      const logged: unknown[] = [];
      const log = (...lines: unknown[]) => void logged.push(...lines.map((line) => inspect(line)));
      Logger.overrideLogger({ log, error: log, warn: log, debug: log, verbose: log, fatal: log });
      try {
        const page = await browser.visit(at('/api/corp/me'));
        expectRefusal(page as never, 'oauth_provider_failed');
        expect(JSON.stringify([page.text, logged, app.events])).not.toContain('canary');
      } finally {
        Logger.overrideLogger(false);
      }
      expect(await app.row('user:corp:alice')).toEqual(row);
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ phase: 'refresh', code: 'oauth_provider_failed' }),
      ]);
    },
  );

  it('O45 keeps the grants of the application apart from those of its users', async () => {
    await app.loggedIn();
    await app.grants.put({ kind: 'app' }, 'corp', { subject: 'alice', tokens: { accessToken: 'of the app' } });
    await app.grants.put(user('app'), 'corp', { subject: 'alice', tokens: { accessToken: 'of a user called app' } });
    expect((await app.grants.find('corp', { kind: 'app' }))!.tokens.accessToken).toBe('of the app');
    expect((await app.grants.find('corp', user('app')))!.tokens.accessToken).toBe('of a user called app');
    await app.grants.delete('corp', { kind: 'app' });
    expect(await app.grants.find('corp', { kind: 'app' })).toBeUndefined();
    expect(await app.grants.list(owner)).toHaveLength(1);
    expect(await app.grants.list(user('app'))).toHaveLength(1);
  });

  it.each([
    undefined,
    null,
    {},
    { kind: 'user' },
    { kind: 'user', id: '' },
    { kind: 'user', id: 5 },
    { kind: 'all' },
    'app',
  ])('O45 ST-05 takes %j for no owner', async (other) => {
    const refused = { code: 'invalid_argument' };
    await app.loggedIn();
    await expect(app.grants.find('corp', other as never)).rejects.toMatchObject(refused);
    await expect(app.grants.list(other as never)).rejects.toMatchObject(refused);
    await expect(app.grants.delete('corp', other as never)).rejects.toMatchObject(refused);
    await expect(app.grants.revoke('corp', other as never)).rejects.toMatchObject(refused);
    await expect(app.grants.save(other as never, app.logins[0]!)).rejects.toMatchObject(refused);
    expect(() => app.grants.client('corp', other as never)).toThrow(expect.objectContaining(refused));
    expect(await app.grants.list(owner)).toHaveLength(1);
  });

  it('O47 keeps two accounts of one provider apart, and takes the first unless told otherwise', async () => {
    for (const subject of ['zed', 'amy']) {
      await app.grants.put(ada, 'corp', { subject, tokens: { accessToken: `token of ${subject}` } });
      app.api.clock.advance(1);
    }
    const tokenOf = (subject?: string) => app.grants.client('corp', ada, { subject }).accessToken();
    expect(await tokenOf('amy')).toBe('token of amy');
    expect(await tokenOf('zed')).toBe('token of zed');
    expect(await tokenOf()).toBe('token of zed');
    await expect(tokenOf('alice')).rejects.toMatchObject({ code: 'oauth_not_authorized' });
    expect((await app.grants.list(ada)).map(({ subject }) => subject)).toEqual(['zed', 'amy']);
    await app.grants.delete('corp', ada, { subject: 'zed' });
    expect(await tokenOf()).toBe('token of amy');
  });

  it('ST-03 O44 opens a grant in its own row alone', async () => {
    const put = (id: string, name: string, subject: string) =>
      app.grants.put(user(id), name, { subject, tokens: { accessToken: `${id} ${name} ${subject}` } });
    await put('ada', 'corp', '1');
    await put('bob', 'corp', '1');
    await put('ada', 'forge', '1');
    await put('ada', 'corp', '2');
    const [own, ...others] = await app.watched.inner.page(undefined, 10);
    for (const other of others) {
      await app.watched.inner.reseal(own!, own!.version, other.sealed);
      const { provider: name, subject } = own!;
      const refused = expect.objectContaining({ code: 'keys_unavailable', statusCode: 503 });
      await expect(app.grants.find(name, ada, { subject })).rejects.toEqual(refused);
      await expect(app.grants.client(name, ada, { subject }).accessToken()).rejects.toEqual(refused);
    }
    await app.watched.inner.reseal(own!, own!.version, '{"access":"plain"}');
    await expect(app.grants.find('corp', ada, { subject: '1' })).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  describe('revocation', () => {
    const told = () =>
      provider.requests.filter(({ endpoint }) => endpoint === 'revocation').map(({ form }) => form.get('token'));

    it('O42 tells the provider of the refresh token, then of the access token, and forgets the grant', async () => {
      const { browser } = await app.loggedIn();
      const { tokens } = app.logins[0]!;
      const client = app.grants.client('corp', owner);
      expect(await app.grants.revoke('corp', owner)).toBe(true);
      const sent = provider.requests
        .filter(({ endpoint }) => endpoint === 'revocation')
        .map(({ form }) => [form.get('token'), form.get('token_type_hint')]);
      expect(sent).toEqual([
        [tokens.refreshToken, 'refresh_token'],
        [tokens.accessToken, 'access_token'],
      ]);
      expect(await app.grants.revoke('corp', owner)).toBe(false);
      expect(provider.count('revocation')).toBe(2);
      await expect(client.accessToken()).rejects.toMatchObject({ code: 'oauth_not_authorized' });
      expect((await browser.visit(at('/me'))).status).toBe(200);
    });

    it('O42 forgets the grant also when the provider is down, and says so', async () => {
      await app.loggedIn();
      provider.fail('revocation', { kind: 'status', status: 503 });
      expect(await app.grants.revoke('corp', owner)).toBe(true);
      expect(await app.grants.find('corp', owner)).toBeUndefined();
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ phase: 'revocation', code: 'oauth_provider_unavailable' }),
      ]);
    });

    it('O42 tells of the access token where the refresh token is not taken back', async () => {
      await app.loggedIn();
      provider.fail('revocation', { kind: 'error', error: 'unsupported_token_type', times: 1 });
      expect(await app.grants.revoke('corp', owner)).toBe(true);
      expect(told()).toEqual([app.logins[0]!.tokens.refreshToken, app.logins[0]!.tokens.accessToken]);
      expect(app.eventsOf('oauth.failed')).toEqual([
        expect.objectContaining({ phase: 'revocation', error: 'unsupported_token_type' }),
      ]);
    });

    it('O42 asks no provider that takes nothing back', async () => {
      await app.loggedIn('forge');
      expect(await app.grants.revoke('forge', user('forge:alice'))).toBe(true);
      expect(provider.count('revocation')).toBe(0);
    });

    it('O42 revokes one of two accounts', async () => {
      await app.loggedIn();
      await app.grants.put(owner, 'corp', { subject: 'another', tokens: { accessToken: 'another token' } });
      expect(await app.grants.revoke('corp', owner, { subject: 'another' })).toBe(true);
      expect((await app.grants.list(owner)).map(({ subject }) => subject)).toEqual(['alice']);
    });

    it('O42 revokes the newest tokens, whatever the cache of this process has', async () => {
      await app.loggedIn();
      const [here, there] = [3_600, 0].map(
        (grantCache) => grantsOn(app.watched, { providers: providersOf(provider), grantCache }, app.api.clock).grants,
      ) as [OAuthGrants, OAuthGrants];
      await here.put(ada, 'corp', { subject: 'alice', issuer: provider.issuer, tokens: app.logins[0]!.tokens });
      await here.client('corp', ada).accessToken();
      app.api.clock.advance(100_000);
      await there.client('corp', ada).accessToken();
      const { tokens } = (await there.find('corp', ada))!;
      expect(tokens.refreshToken).not.toBe(app.logins[0]!.tokens.refreshToken);
      expect(await here.revoke('corp', ada)).toBe(true);
      expect(told()).toEqual([tokens.refreshToken, tokens.accessToken]);
    });

    it('O42 revokes the tokens that came while the grant was taken away', async () => {
      await app.loggedIn();
      app.api.clock.advance(100_000);
      let newest: unknown[] = [];
      app.watched.before = async (name) => {
        if (name !== 'delete') return;
        app.watched.before = () => undefined;
        await app.grants.client('corp', owner).accessToken();
        const { tokens } = (await app.grants.find('corp', owner))!;
        newest = [tokens.refreshToken, tokens.accessToken];
      };
      expect(await app.grants.revoke('corp', owner)).toBe(true);
      expect(newest).toEqual([expect.any(String), expect.any(String)]);
      expect(told()).toEqual(newest);
      expect(await app.grants.find('corp', owner)).toBeUndefined();
    });

    it('O42 O47 takes one of two accounts away for two calls at once', async () => {
      for (const subject of ['1', '2'])
        await app.grants.put(ada, 'corp', { subject, tokens: { accessToken: `token of ${subject}` } });
      const answers = await Promise.all([app.grants.delete('corp', ada), app.grants.delete('corp', ada)]);
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect((await app.grants.list(ada)).map(({ subject }) => subject)).toEqual(['2']);
    });

    it('O42 gives up on a grant that is written again and again', async () => {
      await app.loggedIn();
      app.watched.before = async (name) => {
        if (name === 'delete') await app.watched.inner.save((await app.watched.inner.list('user:corp:alice'))[0]!);
      };
      await expect(app.grants.revoke('corp', owner)).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(told()).toEqual([]);
    });

    it('O42 keeps the grant at a log-out', async () => {
      const { browser } = await app.loggedIn();
      const headers = { 'anti-csrf': 'x', rid: 'session', origin: appOrigin, 'sec-fetch-site': 'same-origin' };
      expect((await browser.visit(at('/auth/signout'), { method: 'POST', headers })).status).toBe(200);
      expect((await browser.visit(at('/me'))).status).toBe(401);
      expect(await app.grants.find('corp', owner)).toBeDefined();
      expect(provider.count('revocation')).toBe(0);
    });
  });

  it.each(['find', 'revoke', 'delete'] as const)('knows the configured providers alone: %s()', async (name) => {
    await expect(app.grants[name]('nobody', ada)).rejects.toMatchObject({ code: 'oauth_provider_unknown' });
    expect(() => app.grants.client('__proto__', ada)).toThrow(
      expect.objectContaining({ code: 'oauth_provider_unknown' }),
    );
  });

  it.each([
    undefined,
    {},
    { accessToken: '' },
    { accessToken: 5 },
    { accessToken: 'x\n' },
    { accessToken: 'é' },
    { accessToken: 'x', refreshToken: 'x\n' },
    { accessToken: 'x', refreshToken: 5 },
  ])('takes %j for no tokens', async (tokens) => {
    const given = { subject: '1', tokens: tokens as never };
    await expect(app.grants.put(ada, 'corp', given)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await app.grants.list(ada)).toEqual([]);
  });

  // a refresh reads it when the refresh token is spent already
  it.each([
    'opaque',
    '',
    'a.b.c',
    5,
    null,
    jwtOf('text'),
    jwtOf(null),
    jwtOf({}),
    jwtOf({ sub: 5 }),
    `${jwtOf({ sub: '1' })}.x`,
  ])('takes %j for no ID token', async (idToken) => {
    const given = { subject: '1', tokens: { accessToken: 'x', idToken: idToken as never } };
    await expect(app.grants.put(ada, 'corp', given)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'tokens.idToken must be a JWT with a sub',
    });
    expect(await app.grants.list(ada)).toEqual([]);
  });

  it('takes the ID token of a log-in', async () => {
    await app.loggedIn();
    const { tokens } = (await app.grants.find('corp', owner))!;
    await app.grants.put(ada, 'corp', { subject: 'alice', tokens });
    app.api.clock.advance(300);
    expect(await app.grants.client('corp', ada).json('me')).toMatchObject({ id: 'alice' });
  });

  it.each(['accessToken', 'refreshToken', 'idToken', 'tokenSecret'])(
    'takes no %s that no row has room for',
    async (name) => {
      const given = { subject: '1', tokens: { accessToken: 'x', [name]: 'x'.repeat(16_000) } };
      await expect(app.grants.put(ada, 'corp', given)).rejects.toMatchObject({
        code: 'invalid_argument',
        reason: `tokens.${name} is too large to be kept`,
      });
    },
  );
});
