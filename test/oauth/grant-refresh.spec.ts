/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { AuthError } from 'nest-latchkey';
import { oauth2Provider, oidc, twitch } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { FixedClock } from '../e2e/fixture.js';
import { dance, DancingApp } from './dance.js';
import { grantsOn, type ProcessGrants } from './grants-on-store.js';
import { ada, GrantsApp, memoryGrants, providersOf, user, WatchedStore } from './grants.fixture.js';
import { RealProvider } from './real-provider.js';
import { json, ResourceServer } from './resource-server.js';

jest.setTimeout(30_000);

let provider: LoopbackProvider;
let app: GrantsApp;
const owner = user('corp:alice');

beforeAll(async () => {
  provider = await LoopbackProvider.start({ login: 'alice', accessTokenLifetime: 300 });
  app = new GrantsApp('express', provider, { timeout: 2 });
  await app.start();
});
beforeEach(async () => {
  app.watched.before = () => undefined;
  for (const row of await app.watched.inner.page(undefined, 100)) await app.watched.inner.delete(row);
  app.reset();
});
afterAll(async () => {
  await app.stop();
  await provider.stop();
});

const client = () => app.grants.client('corp', owner);
const row = () => app.row('user:corp:alice');
const tokens = async () => (await app.grants.find('corp', owner))!.tokens;
/** So many seconds after a log-in. */
const loggedInFor = async (seconds: number) => {
  const { browser } = await app.loggedIn();
  provider.reset();
  app.api.clock.advance(seconds);
  return browser;
};
const refreshes = () => provider.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token');
const thirty = <T>(call: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 30 }, (_, index) => call(index)));

describe('a refresh', () => {
  it('O34 comes when the leeway begins, and not before', async () => {
    await loggedInFor(239);
    const before = await tokens();
    await client().json('me');
    expect(refreshes()).toHaveLength(0);
    app.api.clock.advance(1);
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
    expect(refreshes()).toHaveLength(1);
    const after = await tokens();
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(await row()).toMatchObject({ version: 2, leaseUntil: null, expiresAt: app.api.clock.now() + 300_000 });
    await client().json('me');
    expect(refreshes()).toHaveLength(1);
    expect(app.eventsOf('oauth.refreshed')).toEqual([
      {
        name: 'oauth.refreshed',
        provider: 'corp',
        issuer: provider.issuer,
        subject: 'alice',
        user: 'corp:alice',
        at: app.api.clock.now(),
      },
    ]);
  });

  it('O34 of a token that ended long ago, by accessToken() and userinfo() too', async () => {
    for (const call of [() => client().accessToken(), () => client().userinfo(), () => client().get('me')]) {
      await loggedInFor(100_000);
      expect(await client().isAuthorized()).toBe(true);
      await call();
      expect(refreshes()).toHaveLength(1);
    }
  });

  it('O34 sends what RFC 6749 §6 says, with the proof of the client', async () => {
    await loggedInFor(300);
    const { refreshToken } = await tokens();
    await client().accessToken();
    const [{ form, headers }] = refreshes() as [(typeof provider.requests)[number]];
    expect(Object.fromEntries(form)).toEqual({ grant_type: 'refresh_token', refresh_token: refreshToken });
    expect(headers.authorization).toMatch(/^Basic /);
  });

  it('O35 OC-18 comes once for 30 calls at once, and all succeed', async () => {
    await loggedInFor(300);
    const answers = await thirty(() => client().json('me'));
    expect(answers).toEqual(answers.map(() => expect.objectContaining({ id: 'alice' })));
    expect(refreshes()).toHaveLength(1);
    expect(app.eventsOf('oauth.refreshed')).toHaveLength(1);
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
  });

  it('O35 asks for one lease, and leaves the store alone, for 30 calls of a process', async () => {
    await loggedInFor(300);
    app.watched.calls.length = 0;
    await thirty(() => client().json('me'));
    expect(app.watched.calls.filter((name) => name === 'lease')).toHaveLength(1);
  });

  it('O35 comes once for 30 requests of a browser', async () => {
    const browser = await loggedInFor(290);
    const pages = await thirty(() => browser.visit('https://app.example.com/api/corp/me'));
    expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 200));
    expect(refreshes()).toHaveLength(1);
  });

  it('O36 OC-18 comes once for 4 processes on one store', async () => {
    await loggedInFor(300);
    const processes = await four();
    const answers = await thirty((index) => processes[index % 4]!.grants.client('corp', ada).json('me'));
    expect(answers).toEqual(answers.map(() => expect.objectContaining({ id: 'alice' })));
    expect(refreshes()).toHaveLength(1);
    expect(processes.flatMap(({ events }) => events).map(({ name }) => name)).toEqual(['oauth.refreshed']);
  });

  it('O34 is for the account that was asked for', async () => {
    await loggedInFor(300);
    await app.grants.put(owner, 'corp', { subject: 'z', tokens: { accessToken: 'a token without an end' } });
    expect(await app.grants.client('corp', owner, { subject: 'z' }).accessToken()).toBe('a token without an end');
    expect(refreshes()).toHaveLength(0);
  });

  it('O37 keeps the refresh token where none comes, and takes the new one where one does', async () => {
    await loggedInFor(300);
    const [first] = [(await tokens()).refreshToken];
    provider.fail('token', { kind: 'members', members: { refresh_token: undefined } });
    await client().accessToken();
    expect((await tokens()).refreshToken).toBe(first);
    provider.heal();
    await loggedInFor(300);
    const [second] = [(await tokens()).refreshToken];
    await client().accessToken();
    const third = (await tokens()).refreshToken;
    expect(third).not.toBe(second);
    app.api.clock.advance(300);
    await client().accessToken();
    expect(refreshes().map(({ form }) => form.get('refresh_token'))).toEqual([second, third]);
  });

  it('O29 takes the scope that the answer names', async () => {
    await loggedInFor(300);
    provider.fail('token', { kind: 'members', members: { scope: 'openid' } });
    await client().accessToken();
    expect((await row())!.scope).toBe('openid');
    provider.heal();
  });

  it('O34 tells listeners of the tokens, and of another scope', async () => {
    const store = memoryGrants();
    const { grants, listeners } = grantsOn(store, { providers: providersOf(provider) }, app.api.clock);
    const heard: unknown[] = [];
    for (const event of ['refreshed', 'scopeChanged'] as const)
      listeners.add({
        event,
        provider: undefined,
        name: event,
        handle: ({ user: who, subject, scope, tokens: its }) =>
          void heard.push([event, who, subject, scope, typeof its?.accessToken]),
      });
    await loggedInFor(300);
    await grants.put(ada, 'corp', {
      subject: 'alice',
      scope: ['openid', 'x'],
      tokens: { ...(await tokens()), expiresAt: 1 },
    });
    provider.fail('token', { kind: 'members', members: { scope: 'openid' } });
    await grants.client('corp', ada).accessToken();
    expect(heard).toEqual([
      ['refreshed', 'ada', 'alice', ['openid'], 'string'],
      ['scopeChanged', 'ada', 'alice', ['openid'], 'string'],
    ]);
  });

  it.each<[string, Parameters<LoopbackProvider['fail']>[1]]>([
    ['of another subject', { kind: 'id_token', claims: { sub: 'mallory' } }],
    ['of another audience', { kind: 'id_token', claims: { aud: 'another' } }],
    ['of another issuer', { kind: 'id_token', claims: { iss: 'https://evil.example' } }],
    ['signed by another key', { kind: 'id_token', signature: 'other_key' }],
    ['that is over', { kind: 'id_token', claims: { exp: 1 } }],
  ])('O26 takes no ID token %s', async (_what, fault) => {
    await loggedInFor(300);
    provider.fail('token', fault);
    await expect(client().accessToken()).rejects.toMatchObject({ statusCode: expect.any(Number), name: 'AuthError' });
    expect(await row()).toMatchObject({ version: 1, status: 'active', leaseUntil: null });
    expect(app.eventsOf('oauth.failed')).toEqual([expect.objectContaining({ phase: 'refresh' })]);
  });

  it.each([
    ['access_token', 'x'.repeat(60_000)],
    ['refresh_token', 'x'.repeat(16_000)],
    ['scope', 'openid '.repeat(2_000)],
    ['scope', 'openid \0'],
  ])('O22 takes no %s that cannot be kept: %.20j', async (name, text) => {
    await loggedInFor(300);
    app.watched.calls.length = 0;
    provider.fail('token', { kind: 'members', members: { [name]: text } });
    await expect(client().json('me')).rejects.toMatchObject({ code: 'oauth_provider_failed', statusCode: 502 });
    expect(await row()).toMatchObject({ version: 1, leaseUntil: null });
    expect(app.watched.calls).not.toContain('replace');
    expect(app.eventsOf('oauth.failed')).toEqual([expect.objectContaining({ phase: 'refresh' })]);
  });

  it('gives the lease back when the store does not take the tokens', async () => {
    await loggedInFor(300);
    const refusal = new AuthError('invalid_argument', { reason: 'too much for this store' });
    app.watched.before = (name) => {
      if (name === 'replace') throw refusal;
    };
    await expect(client().json('me')).rejects.toBe(refusal);
    expect(await row()).toMatchObject({ version: 1, leaseUntil: null });
  });

  it('is not repeated at once for tokens that live shorter than the leeway', async () => {
    const brief = await LoopbackProvider.start({ login: 'alice', accessTokenLifetime: 20, clock: app.api.clock });
    try {
      const { grants } = grantsOn(memoryGrants(), { providers: providersOf(brief) }, app.api.clock);
      const other = new DancingApp('express', {
        providers: [oidc('brief', { ...brief.oidc, scope: ['openid', 'offline_access'] })],
      });
      await other.start();
      brief.clock = other.api.clock;
      await dance(other.browser(), '/login/brief');
      brief.clock = app.api.clock;
      await other.stop();
      const its = other.logins[0]!.tokens;
      await grants.put(ada, 'corp', { subject: 'alice', tokens: { ...its, expiresAt: app.api.clock.now() + 20_000 } });
      const count = () => brief.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;
      await thirty(() => grants.client('corp', ada).accessToken());
      await grants.client('corp', ada).accessToken();
      app.api.clock.advance(9);
      await grants.client('corp', ada).accessToken();
      expect(count()).toBe(1);
      app.api.clock.advance(1);
      await grants.client('corp', ada).accessToken();
      expect(count()).toBe(2);
    } finally {
      await brief.stop();
    }
  });
});

/** On the store of the application, with a grant of ada's own. */
async function four(): Promise<ProcessGrants[]> {
  const made = Array.from({ length: 4 }, () =>
    grantsOn(app.watched, { providers: providersOf(provider) }, app.api.clock),
  );
  const { expiresAt, ...its } = await tokens();
  await made[0]!.grants.put(ada, 'corp', { subject: 'alice', issuer: provider.issuer, tokens: { ...its, expiresAt } });
  return made;
}

describe('a grant that the provider takes no more', () => {
  it('O38 is dead at Twitch, too, which says so in a sentence', async () => {
    const { issuer, clientId, clientSecret, allowInsecureLoopback } = provider.oidc;
    const providers = [twitch({ issuer, clientId, clientSecret: clientSecret!, allowInsecureLoopback })];
    const { grants } = grantsOn(memoryGrants(), { providers }, app.api.clock);
    const its = { accessToken: 'a', refreshToken: 'b', expiresAt: app.api.clock.now() };
    await grants.put(ada, 'twitch', { subject: 'alice', tokens: its });
    const says = (message: string) =>
      provider.fail('token', { kind: 'status', status: 400, body: { status: 400, message } });
    says('missing client id');
    await expect(grants.client('twitch', ada).accessToken()).rejects.toMatchObject({ code: 'oauth_provider_failed' });
    says('Invalid refresh token');
    await expect(grants.client('twitch', ada).accessToken()).rejects.toMatchObject({ code: 'oauth_reauth_required' });
  });

  it('O38 is dead: once, for everybody, and with the place to mend it', async () => {
    await loggedInFor(300);
    app.events.length = 0;
    provider.endGrants();
    const reauth = {
      code: 'oauth_reauth_required',
      statusCode: 403,
      authorizationUrl: 'https://app.example.com/login/corp',
    };
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => client().json('me')));
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: reauth });
    await expect(client().accessToken()).rejects.toMatchObject(reauth);
    expect(refreshes()).toHaveLength(1);
    expect(provider.count('api')).toBe(0);
    expect(await row()).toMatchObject({ status: 'needs_reauth', version: 2, leaseUntil: null });
    expect(await client().isAuthorized()).toBe(false);
    const told = app.events.filter(({ name }) => name.startsWith('oauth.'));
    expect(told).toEqual([
      expect.objectContaining({ name: 'oauth.reauth_required', user: 'corp:alice', subject: 'alice' }),
    ]);
  });

  it('O38 lives again after a log-in', async () => {
    await loggedInFor(300);
    provider.endGrants();
    await expect(client().accessToken()).rejects.toMatchObject({ code: 'oauth_reauth_required' });
    await app.loggedIn();
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
  });

  it('O38 is said once by 4 processes', async () => {
    await loggedInFor(300);
    const processes = await four();
    provider.endGrants();
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, (_, index) => processes[index % 4]!.grants.client('corp', ada).accessToken()),
    );
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'oauth_reauth_required' } });
    expect(processes.flatMap(({ events }) => events).map(({ name }) => name)).toEqual(['oauth.reauth_required']);
  });

  it('OC-18 is not dead when a sibling has rotated it', async () => {
    await loggedInFor(300);
    provider.fail('token', { kind: 'error', error: 'invalid_grant' });
    const sibling = { ...(await row())!, expiresAt: app.api.clock.now() + 300_000 };
    app.watched.before = async (name) => {
      if (name === 'replace') await app.watched.inner.replace(sibling, 1);
    };
    await client().accessToken();
    expect(await row()).toMatchObject({ status: 'active', version: 2 });
    expect(app.eventsOf('oauth.reauth_required')).toEqual([]);
  });

  it('O38 ends without a refresh token, with its access token and not before', async () => {
    await app.grants.put(owner, 'corp', {
      subject: 'alice',
      tokens: { accessToken: 'x', expiresAt: app.api.clock.now() + 10_000 },
    });
    expect(await client().accessToken()).toBe('x');
    app.api.clock.advance(10);
    expect(await client().isAuthorized()).toBe(false);
    await expect(client().accessToken()).rejects.toMatchObject({ code: 'oauth_reauth_required' });
    await expect(client().accessToken()).rejects.toMatchObject({ code: 'oauth_reauth_required' });
    expect(app.eventsOf('oauth.reauth_required')).toHaveLength(1);
    expect(refreshes()).toHaveLength(0);
  });
});

describe('an outage', () => {
  it.each<[string, Parameters<LoopbackProvider['fail']>[1], string]>([
    ['503', { kind: 'status', status: 503 }, 'oauth_provider_unavailable'],
    ['429', { kind: 'status', status: 429 }, 'oauth_provider_unavailable'],
    ['no answer', { kind: 'silent' }, 'oauth_provider_timeout'],
    ['a broken connection', { kind: 'drop', before: true }, 'oauth_provider_unavailable'],
    ['a web page', { kind: 'html' }, 'oauth_provider_failed'],
    ['nothing', { kind: 'empty' }, 'oauth_provider_failed'],
    ['a redirect', { kind: 'redirect', to: 'https://evil.example/' }, 'oauth_provider_failed'],
    ['an error about our client', { kind: 'error', error: 'invalid_client', status: 401 }, 'oauth_provider_failed'],
  ])('O38 leaves the grant alive: %s', async (_what, fault, code) => {
    await loggedInFor(300);
    provider.fail('token', fault);
    for (const result of await Promise.allSettled([client().json('me'), client().accessToken()]))
      expect(result).toMatchObject({ status: 'rejected', reason: { code } });
    expect(refreshes()).toHaveLength(1);
    expect(await row()).toMatchObject({ status: 'active', version: 1, leaseUntil: null });
    expect(app.eventsOf('oauth.failed')).toEqual([
      expect.objectContaining({ provider: 'corp', phase: 'refresh', code }),
    ]);
    provider.heal();
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
  });

  it.each<[string, Parameters<LoopbackProvider['fail']>[1]]>([
    ['503', { kind: 'status', status: 503 }],
    ['no answer', { kind: 'silent' }],
    ['a broken connection', { kind: 'drop', before: true }],
    ['a web page', { kind: 'html' }],
    ['a redirect', { kind: 'redirect', to: 'https://evil.example/' }],
    ['none of them', { kind: 'members', members: { keys: [] } }],
  ])('O26 O38 of the keys costs neither the new tokens nor the grant: %s', async (_what, fault) => {
    await loggedInFor(300);
    const before = await tokens();
    // processes that have read no keys yet
    const [one, other] = (await four()) as [ProcessGrants, ProcessGrants];
    provider.fail('jwks', fault);
    expect(await one.grants.client('corp', ada).json('me')).toMatchObject({ id: 'alice' });
    const after = (await one.grants.find('corp', ada))!.tokens;
    expect(after.idToken).toBe(before.idToken);
    expect(after.refreshToken).not.toBe(before.refreshToken);
    expect(one.events).toEqual([
      expect.objectContaining({ name: 'oauth.failed', provider: 'corp', phase: 'id_token' }),
      expect.objectContaining({ name: 'oauth.refreshed' }),
    ]);
    provider.heal();
    app.api.clock.advance(300);
    expect(await other.grants.client('corp', ada).json('me')).toMatchObject({ id: 'alice' });
    const grant = (await other.grants.find('corp', ada))!;
    expect([grant.status, grant.tokens.idToken === before.idToken]).toEqual(['active', false]);
  });

  it('O26 of the keys lets no ID token of another subject through', async () => {
    await loggedInFor(300);
    const [{ grants }] = (await four()) as [ProcessGrants];
    provider.fail('jwks', { kind: 'status', status: 503 });
    provider.fail('token', { kind: 'id_token', claims: { sub: 'mallory' } });
    await expect(grants.client('corp', ada).accessToken()).rejects.toMatchObject({ code: 'oauth_id_token_invalid' });
    expect(await app.row('user:ada')).toMatchObject({ version: 1, leaseUntil: null });
  });

  it('leaves nobody without tokens that were rotated: they are written again and again, before anybody gets them', async () => {
    await loggedInFor(300);
    let failures = 3;
    const written: boolean[] = [];
    app.watched.before = (name) => {
      if (name === 'replace' && failures-- > 0) throw new Error('the database is down');
    };
    const calls = [client().accessToken(), client().accessToken()].map(async (call) => {
      const token = await call;
      written.push((await row())!.version === 2);
      return token;
    });
    const [one, two] = await Promise.all(calls);
    expect(one).toBe(two);
    expect(written).toEqual([true, true]);
    expect(refreshes()).toHaveLength(1);
    expect((await tokens()).accessToken).toBe(one);
  });

  it('takes a write for done whose answer was lost', async () => {
    await loggedInFor(300);
    let isFirst = true;
    const { replace } = app.watched;
    app.watched.replace = async (...args) => {
      const answer = await replace(...args);
      if (!isFirst) return answer;
      isFirst = false;
      throw new Error('the connection broke');
    };
    try {
      const token = await client().accessToken();
      expect((await tokens()).accessToken).toBe(token);
      expect(await row()).toMatchObject({ version: 2 });
      expect(app.eventsOf('oauth.refreshed')).toHaveLength(1);
    } finally {
      app.watched.replace = replace;
    }
  });

  it('of the store is 503, and asks nothing of the provider', async () => {
    await loggedInFor(300);
    for (const method of ['list', 'lease'] as const) {
      app.watched.before = (name) => {
        if (name === method) throw new Error('the database is down');
      };
      await expect(client().json('me')).rejects.toMatchObject({ code: 'store_unavailable', statusCode: 503 });
    }
    expect(refreshes()).toHaveLength(0);
  });
});

describe('a grant that changes meanwhile', () => {
  it('O36 waits for the holder of the lease, and takes what it wrote', async () => {
    await loggedInFor(300);
    const [one, other] = (await four()) as [ProcessGrants, ProcessGrants];
    provider.fail('token', { kind: 'slow', seconds: 0.3 });
    const first = one.grants.client('corp', ada).accessToken();
    await wait(100);
    expect(await other.grants.client('corp', ada).accessToken()).toBe(await first);
    expect(refreshes()).toHaveLength(1);
  });

  it('O36 OC-18 waits for a holder whose provider takes its time for tokens and for keys', async () => {
    await loggedInFor(300);
    const [one, other] = (await four()) as [ProcessGrants, ProcessGrants];
    provider.fail('token', { kind: 'slow', seconds: 0.2 });
    provider.fail('jwks', { kind: 'slow', seconds: 0.2 });
    const first = one.grants.client('corp', ada).accessToken();
    while (refreshes().length === 0) await wait(10);
    // twice `timeout`, whose default is 5
    app.api.clock.advance(10);
    const [token, same] = await Promise.all([first, other.grants.client('corp', ada).accessToken()]);
    expect(same).toBe(token);
    expect(refreshes()).toHaveLength(1);
    expect(provider.count('jwks')).toBe(1);
  });

  it('O36 takes the lease of a holder that died', async () => {
    await loggedInFor(300);
    const { version } = (await row())!;
    const key = { owner: 'user:corp:alice', provider: 'corp', subject: 'alice' };
    const now = app.api.clock.now();
    expect(await app.watched.inner.lease(key, version, now + 7_000, now)).toBe(true);
    const call = client().json('me');
    await wait(200);
    expect(refreshes()).toHaveLength(0);
    app.api.clock.advance(7);
    expect(await call).toMatchObject({ id: 'alice' });
    expect(refreshes()).toHaveLength(1);
  });

  it('O36 waits for no lease of a clock that was far ahead', async () => {
    await loggedInFor(300);
    const now = app.api.clock.now();
    expect(await app.watched.inner.lease((await row())!, 1, now + 86_400_000, now)).toBe(true);
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
    expect([refreshes().length, (await row())!.leaseUntil]).toEqual([1, null]);
  });

  it('O36 does not wait to the end for a lease that another clock sets far ahead', async () => {
    await loggedInFor(300);
    const now = app.api.clock.now();
    await app.watched.inner.lease((await row())!, 1, now + 7_000, now);
    const call = client().json('me');
    await wait(100);
    await app.watched.inner.release((await row())!, now + 7_000);
    await app.watched.inner.lease((await row())!, 1, now + 86_400_000, now);
    expect(await call).toMatchObject({ id: 'alice' });
    expect(refreshes()).toHaveLength(1);
  });

  it('is not authorized any more when it was taken away, and the new tokens are revoked', async () => {
    await loggedInFor(300);
    provider.fail('token', { kind: 'slow', seconds: 0.2 });
    const call = client()
      .accessToken()
      .catch((error: unknown) => error);
    await wait(100);
    expect(await app.grants.delete('corp', owner)).toBe(true);
    expect(await call).toMatchObject({ code: 'oauth_not_authorized' });
    expect(await row()).toBeUndefined();
    expect(provider.count('revocation')).toBe(2);
  });

  it('gives way to a newer consent', async () => {
    await loggedInFor(300);
    provider.fail('token', { kind: 'slow', seconds: 0.2 });
    const call = client().accessToken();
    await wait(100);
    await app.grants.put(owner, 'corp', { subject: 'alice', tokens: { accessToken: 'of the newer consent' } });
    expect(await call).toBe('of the newer consent');
    expect(await tokens()).toMatchObject({ accessToken: 'of the newer consent', refreshToken: undefined });
  });

  it('O30 O37 gives a newer consent that brought no refresh token the one that came for the one it kept', async () => {
    const browser = await loggedInFor(300);
    const { refreshToken: spent } = await tokens();
    provider.fail('token', { kind: 'slow', seconds: 0.5, times: 1 });
    const call = client().accessToken();
    while (refreshes().length === 0) await wait(10);
    provider.fail('token', { kind: 'members', members: { refresh_token: undefined, scope: 'openid' } });
    await dance(browser);
    provider.heal();
    const consented = (await row())!;
    const { accessToken } = await tokens();
    expect((await tokens()).refreshToken).toBe(spent);
    expect(await call).toBe(accessToken);
    const { scope, expiresAt } = consented;
    expect(await row()).toMatchObject({ version: consented.version + 1, status: 'active', scope, expiresAt });
    expect(await tokens()).toMatchObject({ accessToken, refreshToken: expect.not.stringMatching(`^${spent}$`) });
    app.api.clock.advance(300);
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
    expect(refreshes()).toHaveLength(2);
  });

  it('O37 leaves a newer consent alone where the refresh token is the same for good', async () => {
    await loggedInFor(300);
    const { refreshToken } = await tokens();
    provider.fail('token', { kind: 'members', members: { refresh_token: undefined } });
    app.watched.before = async (name) => {
      if (name !== 'replace') return;
      app.watched.before = () => undefined;
      const given = { subject: 'alice', tokens: { accessToken: 'of the newer consent', refreshToken } };
      await app.grants.put(owner, 'corp', given);
    };
    expect(await client().accessToken()).toBe('of the newer consent');
    expect(await row()).toMatchObject({ version: 2 });
  });

  it('brings back a grant that was declared dead by a process that did not know of the rotation', async () => {
    await loggedInFor(300);
    let isFirst = true;
    app.watched.before = async (name) => {
      if (name !== 'replace' || !isFirst) return;
      isFirst = false;
      await app.watched.inner.replace({ ...(await row())!, status: 'needs_reauth' }, 1);
    };
    expect(await client().json('me')).toMatchObject({ id: 'alice' });
    expect(await row()).toMatchObject({ status: 'active', version: 3 });
  });
});

describe('an API that answers 401', () => {
  const api = new ResourceServer();
  const store = new WatchedStore(memoryGrants());
  const clock = new FixedClock();
  let grants: ProcessGrants['grants'];
  let its: string;
  beforeAll(async () => {
    await api.start();
    const providers = [oauth2Provider('forge', { ...provider.oauth2, apiBaseUrl: `${api.origin}/` })];
    ({ grants } = grantsOn(store, { providers }, clock));
  });
  beforeEach(async () => {
    api.reset();
    app.now();
    clock.reset();
    clock.advance((app.api.clock.now() - clock.now()) / 1000);
    await app.loggedIn('forge');
    provider.reset();
    const { accessToken, refreshToken } = app.logins[0]!.tokens;
    its = accessToken;
    await grants.put(ada, 'forge', { subject: 'alice', tokens: { accessToken, refreshToken } });
  });
  afterAll(() => api.stop());

  const takesOnly = (isGood: (token: string) => boolean) => {
    api.answer = ({ headers, body }, response) =>
      isGood(headers.authorization!.slice(7)) ? json(response, { body }) : json(response, {}, 401);
  };

  it.each<[string, () => RequestInit['body'] | undefined]>([
    ['no body', () => undefined],
    ['a text', () => 'text'],
    ['a form', () => new URLSearchParams({ a: 'b' })],
    ['bytes', () => new Uint8Array([65])],
    ['a Blob', () => new Blob(['blob'])],
  ])('O39 makes one refresh and one more request: %s', async (_what, body) => {
    takesOnly((token) => token !== its);
    const response = await grants.client('forge', ada).post('things', { body: body() ?? null });
    expect([response.status, refreshes().length, api.seen.length]).toEqual([200, 1, 2]);
    expect(api.seen[0]!.body).toBe(api.seen[1]!.body);
  });

  it('O39 O22 sends the request once more, though the rest of its answer never came', async () => {
    provider.fail('token', { kind: 'slow', seconds: 0.3 });
    api.answer = ({ headers }, response) => {
      if (headers.authorization !== `Bearer ${its}`) return json(response, { good: true });
      response.writeHead(401, { 'content-length': '100' }).write('half');
      setTimeout(() => response.socket!.destroy(), 50);
    };
    expect(await grants.client('forge', ada).json('things')).toEqual({ good: true });
  });

  it('O39 gives up after one of each', async () => {
    takesOnly(() => false);
    const response = await grants.client('forge', ada).get('things');
    expect([response.status, refreshes().length, api.seen.length]).toEqual([401, 1, 2]);
    await expect(grants.client('forge', ada).json('things')).rejects.toMatchObject({ code: 'oauth_reauth_required' });
    expect([refreshes().length, api.seen.length]).toEqual([2, 4]);
  });

  it('O39 sends no stream twice', async () => {
    takesOnly((token) => token !== its);
    const body = new Blob(['stream']).stream();
    const response = await grants.client('forge', ada).post('things', { body });
    expect([response.status, api.seen.length]).toEqual([401, 1]);
    expect((await grants.client('forge', ada).post('things', { body: 'again' })).status).toBe(200);
    expect(refreshes()).toHaveLength(1);
  });

  it('O39 makes one refresh for 30 at once', async () => {
    takesOnly((token) => token !== its);
    const answers = await thirty(async () => (await grants.client('forge', ada).get('things')).status);
    expect(answers).toEqual(answers.map(() => 200));
    expect(refreshes()).toHaveLength(1);
  });

  it('O39 asks nothing of the provider without a refresh token, and leaves the grant alive', async () => {
    await grants.put(ada, 'forge', { subject: 'alice', tokens: { accessToken: its } });
    takesOnly(() => false);
    expect((await grants.client('forge', ada).get('things')).status).toBe(401);
    expect([refreshes().length, api.seen.length]).toEqual([0, 1]);
    expect(await grants.client('forge', ada).isAuthorized()).toBe(true);
  });

  it('O39 makes no refresh for a 401 of another origin', async () => {
    const other = new ResourceServer();
    await other.start();
    try {
      other.answer = (_call, response) => json(response, {}, 401);
      api.answer = (_call, response) => response.writeHead(302, { location: other.origin }).end();
      for (const redirect of [undefined, 'follow'] as const)
        expect((await grants.client('forge', ada).get('things', { redirect })).status).toBe(401);
      expect([refreshes().length, api.seen.length]).toEqual([0, 2]);
      // nor of the way back, where the token is not either
      other.answer = (_call, response) => response.writeHead(302, { location: `${api.origin}/back` }).end();
      api.answer = ({ path }, response) =>
        path === '/back' ? json(response, {}, 401) : response.writeHead(302, { location: other.origin }).end();
      expect((await grants.client('forge', ada).get('things')).status).toBe(401);
      expect([refreshes().length, api.seen.length]).toEqual([0, 4]);
    } finally {
      await other.stop();
    }
  });
});

describe('with a provider that nobody here wrote', () => {
  it('O34 O35 OC-18 makes one refresh for 30 calls at once, again and again, and keeps the family alive', async () => {
    const redirect = 'https://app.example.com/login/real/authorized';
    const secret = 'the secret of the app';
    const real = new RealProvider(
      [
        {
          client_id: 'app',
          client_secret: secret,
          redirect_uris: [redirect],
          grant_types: ['authorization_code', 'refresh_token'],
        },
      ],
      {
        rotateRefreshToken: () => true,
        ttl: { AccessToken: 300, RefreshToken: 3_600, IdToken: 3_600, Grant: 3_600, Session: 3_600, Interaction: 300 },
      },
    );
    await real.start();
    const scope = ['openid', 'offline_access'];
    const providers = [
      oidc('real', {
        issuer: real.issuer,
        clientId: 'app',
        clientSecret: secret,
        scope,
        apiBaseUrl: `${real.issuer}/api/`,
        allowInsecureLoopback: true,
      }),
    ];
    const other = new DancingApp('express', { providers });
    try {
      await other.start();
      await dance(other.browser(), '/login/real');
      const { grants, events } = grantsOn(memoryGrants(), { providers }, other.api.clock);
      const { tokens: its } = other.logins[0]!;
      await grants.put(ada, 'real', { subject: 'alice', issuer: real.issuer, tokens: its });
      real.seen.length = 0;
      for (let round = 1; round <= 3; round++) {
        other.api.clock.advance(300);
        const answers = await thirty(() => grants.client('real', ada).json<{ data: object }>('me'));
        expect(answers.map(({ data }) => data)).toEqual(answers.map(() => expect.objectContaining({ login: 'alice' })));
        expect(real.count('/token')).toBe(round);
      }
      expect(await grants.client('real', ada).userinfo()).toMatchObject({ sub: 'alice' });
      expect(events.map(({ name }) => name)).toEqual(['oauth.refreshed', 'oauth.refreshed', 'oauth.refreshed']);
    } finally {
      await other.stop();
      await real.stop();
    }
  });
});
