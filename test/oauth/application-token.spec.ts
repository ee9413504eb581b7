/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
/** Tokens of the application itself: client credentials (RFC 6749 §4.4). */
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { memoryStores, Public, type OAuthGrantStore } from 'nest-latchkey';
import { noGrants, OAuthGrants, type GrantOwner } from 'nest-latchkey/passport';
import { oauth2Provider, oidc } from 'nest-latchkey/providers';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { typeormStores } from 'nest-latchkey/typeorm';
import { adapters, FixedClock } from '../e2e/fixture.js';
import { finderOf, openTwice, sqlite, type OpenedTwice } from '../stores/databases.js';
import { at, DancingApp } from './dance.js';
import { grantsOn, testKey, type ProcessGrants } from './grants-on-store.js';
import { ada, memoryGrants, user, WatchedStore } from './grants.fixture.js';
import { RealProvider } from './real-provider.js';
import { json, ResourceServer } from './resource-server.js';

jest.setTimeout(30_000);

const application: GrantOwner = { kind: 'app' };
const clock = new FixedClock();
const api = new ResourceServer();
let provider: LoopbackProvider;

beforeAll(async () => {
  provider = await LoopbackProvider.start({
    login: 'alice',
    accessTokenLifetime: 300,
    clock,
    clients: [{ clientId: 'app', clientSecret: 'the secret of the app', scope: ['read', 'write'] }],
  });
  await api.start();
});
beforeEach(() => {
  // its ID tokens are of today
  clock.reset();
  clock.advance(Math.round((Date.now() - clock.now()) / 1000));
  provider.reset();
  api.reset();
});
afterAll(() => Promise.all([provider.stop(), api.stop()]));

const applicationScope = ['read', 'write'];
const providersWith = (more: { applicationScope?: string[] | undefined } = { applicationScope }) => [
  oidc('corp', { ...provider.oidc, ...more }),
  oauth2Provider('forge', { ...provider.oauth2, ...more }),
  oauth2Provider('api', { ...provider.oauth2, apiBaseUrl: `${api.origin}/`, ...more }),
];
const processOn = (store: OAuthGrantStore, more?: { applicationScope?: string[] | undefined }, grantCache = 0) =>
  grantsOn(store, { providers: providersWith(more), timeout: 1, grantCache }, clock);
const asked = () => provider.requests.filter(({ form }) => form.get('grant_type') === 'client_credentials');
const thirty = <T>(call: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 30 }, (_, index) => call(index)));
const ofClient = expect.objectContaining({ id: 'app' });

/** Where two processes keep grants together. */
interface Opened {
  readonly stores: readonly [OAuthGrantStore, OAuthGrantStore];
  close(): Promise<void>;
}

async function openSqlite(): Promise<Opened> {
  const { dataSources, close }: OpenedTwice = await openTwice(sqlite);
  const [one, two] = dataSources.map((source) => typeormStores().create(finderOf(source)).oauthGrants!);
  return { stores: [one!, two!], close };
}

async function openMemory(): Promise<Opened> {
  const store = memoryGrants();
  return { stores: [store, store], close: async () => {} };
}

describe.each([
  ['memory', openMemory],
  ['SQLite', openSqlite],
] as const)('a token of the application (%s)', (_name, open) => {
  let opened: Opened;
  let store: WatchedStore;
  let one: ProcessGrants;

  beforeEach(async () => {
    opened = await open();
    store = new WatchedStore(opened.stores[0]);
    one = processOn(store);
  });
  afterEach(() => opened.close());

  const client = (name = 'corp') => one.grants.client(name, application);
  const rows = () => store.inner.page(undefined, 100);

  it('O60 is asked for at first use, and not before, as RFC 6749 §4.4.2 says', async () => {
    const its = client();
    expect(await its.isAuthorized()).toBe(true);
    expect(await its.scope()).toEqual([]);
    await its.require(['read']);
    expect(provider.requests).toEqual([]);
    expect(await its.json('me')).toEqual(ofClient);
    const [{ form, headers }] = asked() as [(typeof provider.requests)[number]];
    expect(Object.fromEntries(form)).toEqual({ grant_type: 'client_credentials', scope: 'read write' });
    expect(headers.authorization).toMatch(/^Basic /);
    expect([await its.scope(), await its.subject(), await its.isAuthorized()]).toEqual([applicationScope, 'app', true]);
    await its.json('me');
    expect(asked()).toHaveLength(1);
    expect(one.events).toEqual([]);
  });

  it.each(['corp', 'forge'])('O60 ST-01 is kept as any grant is, sealed: %s', async (name) => {
    const token = await client(name).accessToken();
    expect(await rows()).toEqual([
      {
        owner: 'app',
        provider: name,
        subject: 'app',
        issuer: provider.issuer,
        scope: 'read write',
        status: 'active',
        version: 1,
        leaseUntil: null,
        expiresAt: clock.now() + 300_000,
        createdAt: clock.now(),
        updatedAt: clock.now(),
        sealed: expect.any(String),
      },
    ]);
    expect(JSON.stringify(await rows())).not.toContain(token);
    expect(inspect([client(name), one.grants], { depth: 6 })).not.toContain(token);
    const grant = (await one.grants.find(name, application))!;
    expect(grant.tokens).toMatchObject({ accessToken: token, refreshToken: undefined, idToken: undefined });
  });

  it('O60 is used until the leeway before its end, and then asked for again in the same way', async () => {
    const first = await client().accessToken();
    clock.advance(239);
    expect(await client().accessToken()).toBe(first);
    expect(asked()).toHaveLength(1);
    clock.advance(1);
    expect(await client().json('me')).toEqual(ofClient);
    expect(await client().accessToken()).not.toBe(first);
    expect(asked().map(({ form }) => Object.fromEntries(form))).toEqual(
      [1, 2].map(() => ({ grant_type: 'client_credentials', scope: 'read write' })),
    );
    expect(await rows()).toEqual([
      expect.objectContaining({ version: 2, leaseUntil: null, expiresAt: clock.now() + 300_000 }),
    ]);
    expect((await rows())[0]!.createdAt).toBe(clock.now() - 240_000);
    expect(one.events).toEqual([
      expect.objectContaining({ name: 'oauth.refreshed', provider: 'corp', subject: 'app', user: null }),
    ]);
    clock.advance(100_000);
    expect(await client().isAuthorized()).toBe(true);
    await client().require(['read', 'write']);
    expect(await client().json('me')).toEqual(ofClient);
    expect(asked()).toHaveLength(3);
  });

  it('O60 lives for half of its life where that is shorter than the leeway', async () => {
    provider.fail('token', { kind: 'members', members: { expires_in: 30 } });
    const first = await client().accessToken();
    clock.advance(14);
    expect(await client().accessToken()).toBe(first);
    clock.advance(1);
    expect(await client().accessToken()).not.toBe(first);
  });

  it('O60 is asked for once by 30 calls at once, at first and afterwards', async () => {
    for (const times of [1, 2]) {
      const answers = await thirty((index) =>
        one.grants.client('corp', application).json(index % 2 ? 'me' : '/api/me'),
      );
      expect(answers).toEqual(answers.map(() => ofClient));
      expect(asked()).toHaveLength(times);
      clock.advance(300);
    }
  });

  it('O60 is asked for once by calls that read before another one had written', async () => {
    let readers = 0;
    const { list } = store;
    store.list = async (...args) => {
      const found = await list(...args);
      // the second call has seen nothing, and comes late
      if (readers++ === 1) await wait(200);
      return found;
    };
    const first = client().accessToken();
    await wait(20);
    const second = client('corp').accessToken();
    expect(await second).toBe(await first);
    expect(asked()).toHaveLength(1);
  });

  it('O60 leaves one row when several processes find none, and one request is made afterwards', async () => {
    const processes = [0, 1, 0, 1].map((index) => processOn(opened.stores[index as 0 | 1]));
    provider.fail('token', { kind: 'slow', seconds: 0.2 });
    const call = (index: number) => processes[index % 4]!.grants.client('corp', application).accessToken();
    expect(new Set(await thirty(call)).size).toBe(1);
    const before = asked().length;
    expect(before).toBeGreaterThan(1);
    expect(before).toBeLessThanOrEqual(4);
    expect(await rows()).toEqual([expect.objectContaining({ version: 1, leaseUntil: null })]);
    provider.heal();
    clock.advance(300);
    expect(new Set(await thirty(call)).size).toBe(1);
    expect(asked().length - before).toBe(1);
    expect(processes.flatMap(({ events }) => events).map(({ name }) => name)).toEqual(['oauth.refreshed']);
    expect(await rows()).toEqual([expect.objectContaining({ version: 2, leaseUntil: null })]);
  });

  it('O60 is seen by a process that has cached that there is none', async () => {
    const cached = processOn(opened.stores[1], undefined, 600).grants;
    expect(await cached.find('corp', application)).toBeUndefined();
    const token = await client().accessToken();
    expect(await cached.client('corp', application).accessToken()).toBe(token);
    expect(asked()).toHaveLength(1);
  });

  it('O60 uses no refresh token that comes with it (RFC 6749 §4.4.3)', async () => {
    provider.fail('token', { kind: 'members', members: { refresh_token: 'a refresh token', id_token: undefined } });
    await client().accessToken();
    expect((await one.grants.find('corp', application))!.tokens.refreshToken).toBeUndefined();
    clock.advance(300);
    await client().accessToken();
    expect((await one.grants.find('corp', application))!.tokens.refreshToken).toBeUndefined();
    expect(provider.requests.map(({ form }) => form.get('grant_type')).filter(Boolean)).toEqual(
      [1, 2].map(() => 'client_credentials'),
    );
  });

  it('O60 has the scope that the answer names', async () => {
    provider.fail('token', { kind: 'members', members: { scope: 'read' } });
    await client().accessToken();
    expect(await client().scope()).toEqual(['read']);
    await client().require(['read']);
    await expect(client().require(['write'])).rejects.toMatchObject({ code: 'oauth_scope_missing' });
  });

  it('O60 without an end is used until an API refuses it', async () => {
    provider.fail('token', { kind: 'members', members: { expires_in: undefined } });
    const first = await client().accessToken();
    clock.advance(1_000_000);
    expect(await client().accessToken()).toBe(first);
    expect(await rows()).toEqual([expect.objectContaining({ expiresAt: null })]);
  });

  it('O60 is asked for again when an API answers 401, once, and the request is sent again', async () => {
    const first = await client('api').accessToken();
    api.answer = ({ headers }, response) => json(response, {}, headers.authorization!.endsWith(first) ? 401 : 200);
    expect((await client('api').post('things', { body: 'text' })).status).toBe(200);
    expect([asked().length, api.seen.length]).toEqual([2, 2]);
    provider.endGrants();
    expect(await thirty(() => client().json('me'))).toEqual(Array.from({ length: 30 }, () => ofClient));
    expect(asked()).toHaveLength(3);
  });

  it('O60 is asked for again after it was revoked, and the provider was told', async () => {
    const first = await client().accessToken();
    expect(await one.grants.revoke('corp', application)).toBe(true);
    expect(provider.count('revocation')).toBe(1);
    expect(await rows()).toEqual([]);
    expect(await client().accessToken()).not.toBe(first);
    expect(asked()).toHaveLength(2);
  });

  it('O60 of a store that is down is 503, and the next call asks', async () => {
    store.before = (name) => {
      if (name === 'replace') throw new Error('the database is down');
    };
    await expect(client().json('me')).rejects.toMatchObject({ code: 'store_unavailable', statusCode: 503 });
    store.before = () => undefined;
    expect(await client().json('me')).toEqual(ofClient);
  });

  it('O60 mends a row that was declared dead where nothing could be asked for', async () => {
    const without = processOn(store, { applicationScope: undefined });
    const ended = { accessToken: 'ended', expiresAt: clock.now() };
    await without.grants.put(application, 'corp', { subject: 'app', tokens: ended });
    await expect(without.grants.client('corp', application).accessToken()).rejects.toMatchObject({
      code: 'oauth_reauth_required',
    });
    expect(await rows()).toEqual([expect.objectContaining({ status: 'needs_reauth' })]);
    expect(await client().isAuthorized()).toBe(true);
    expect(await client().json('me')).toEqual(ofClient);
    expect(await rows()).toEqual([expect.objectContaining({ status: 'active' })]);
    expect(asked()).toHaveLength(1);
  });

  it('O60 ST-03 ST-04 replaces tokens that do not open in its row, and never uses them', async () => {
    await client().accessToken();
    await one.grants.put(ada, 'corp', { subject: 'app', tokens: { accessToken: 'of a user' } });
    const of = async (owner: string) => (await rows()).find((row) => row.owner === owner)!;
    const [own, hers] = [await of('app'), await of('user:ada')];
    await store.inner.reseal(own, own.version, hers.sealed);
    expect(await client().json('me')).toEqual(ofClient);
    expect(asked()).toHaveLength(2);
    expect(await one.grants.client('corp', ada).accessToken()).toBe('of a user');
    // and the other way round nothing is mended: a user's is nobody's else
    await store.inner.reseal(hers, hers.version, (await of('app')).sealed);
    await expect(one.grants.client('corp', ada).accessToken()).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(asked()).toHaveLength(2);
  });
});

describe('whose token it is', () => {
  const store = new WatchedStore(memoryGrants());
  let grants: OAuthGrants;
  beforeEach(async () => {
    for (const row of await store.inner.page(undefined, 100)) await store.inner.delete(row);
    ({ grants } = processOn(store));
  });

  it.each<[string, GrantOwner, string | undefined]>([
    ['a user', ada, undefined],
    ['a user called like the application', user('app'), undefined],
    ['an account of a user called like the client', user('app'), 'app'],
    ['an account of the application', application, 'alice'],
  ])('O45 O60 ST-07 is not %s', async (_what, owner, subject) => {
    const theirs = () => grants.client('corp', owner, { subject });
    for (const times of [1, 2]) {
      await expect(theirs().json('me')).rejects.toMatchObject({
        code: 'oauth_not_authorized',
        authorizationUrl: 'https://app.example.com/login/corp',
      });
      expect(await theirs().isAuthorized()).toBe(false);
      await expect(theirs().require()).rejects.toMatchObject({ code: 'oauth_not_authorized' });
      expect(asked()).toHaveLength(times - 1);
      // with the token of the application in its row, too
      await grants.client('corp', application).accessToken();
    }
  });

  it.each<[string, GrantOwner, string]>([
    ['a user', ada, 'alice'],
    ['a user with the name of the client', user('app'), 'app'],
  ])('O45 O60 leaves the grant of %s alone', async (_what, owner, subject) => {
    const given = { subject, tokens: { accessToken: 'of the user', expiresAt: clock.now() + 10_000 } };
    await grants.put(owner, 'corp', given);
    const before = await grants.list(owner);
    expect(await grants.client('corp', application).accessToken()).not.toBe('of the user');
    expect(await grants.list(owner)).toEqual(before);
    expect(await grants.client('corp', owner).accessToken()).toBe('of the user');
    clock.advance(10);
    await expect(grants.client('corp', owner).accessToken()).rejects.toMatchObject({ code: 'oauth_reauth_required' });
    expect(asked()).toHaveLength(1);
    expect(await grants.revoke('corp', application)).toBe(true);
    expect(await grants.list(owner)).toHaveLength(1);
  });

  it('O60 has no scope that was not asked for', async () => {
    await expect(grants.client('corp', application).require(['admin'])).rejects.toMatchObject({
      code: 'oauth_scope_missing',
      authorizationUrl: undefined,
    });
    expect(asked()).toHaveLength(0);
  });

  it('O60 put() gives the application another account, which is refreshed as before', async () => {
    const robot = grants.client('corp', application, { subject: 'robot' });
    await grants.put(application, 'corp', { subject: 'robot', tokens: { accessToken: 'of the robot' } });
    clock.advance(1);
    expect(await grants.client('corp', application).json('me')).toEqual(ofClient);
    expect(await robot.accessToken()).toBe('of the robot');
    const expired = { accessToken: 'x', refreshToken: 'unknown', expiresAt: clock.now() };
    await grants.put(application, 'corp', { subject: 'robot', tokens: expired });
    await expect(robot.accessToken()).rejects.toMatchObject({
      code: 'oauth_reauth_required',
      authorizationUrl: 'https://app.example.com/login/corp',
    });
    expect(provider.requests.at(-1)!.form.get('grant_type')).toBe('refresh_token');
    // the older one of the two is the robot's, and dead
    expect(await grants.client('corp', application).json('me')).toEqual(ofClient);
    expect((await grants.find('corp', application))!.subject).toBe('app');
    expect(await grants.revoke('corp', application)).toBe(true);
    expect((await grants.list(application)).map(({ subject }) => subject)).toEqual(['robot']);
    expect(await grants.revoke('corp', application)).toBe(false);
    expect(asked()).toHaveLength(1);
  });

  it('O60 is of the client that is configured now', async () => {
    const before = { subject: 'the client before', tokens: { accessToken: 'its token', expiresAt: clock.now() } };
    await grants.put(application, 'corp', before);
    expect(await grants.client('corp', application).json('me')).toEqual(ofClient);
  });

  it('O60 put() gives the first token, too: the next ones are asked for', async () => {
    const tokens = { accessToken: 'from elsewhere', refreshToken: 'unused', expiresAt: clock.now() + 100_000 };
    await grants.put(application, 'corp', { subject: 'app', tokens });
    expect(await grants.client('corp', application).accessToken()).toBe('from elsewhere');
    expect(asked()).toHaveLength(0);
    clock.advance(100);
    expect(await grants.client('corp', application).json('me')).toEqual(ofClient);
    expect(provider.requests.map(({ form }) => form.get('grant_type')).filter(Boolean)).toEqual(['client_credentials']);
  });

  it('O60 without the option everything is as before', async () => {
    const without = processOn(store, { applicationScope: undefined }).grants;
    const its = without.client('corp', application);
    await expect(its.json('me')).rejects.toMatchObject({
      code: 'oauth_not_authorized',
      authorizationUrl: 'https://app.example.com/login/corp',
    });
    expect(await its.isAuthorized()).toBe(false);
    await without.put(application, 'corp', { subject: 'app', tokens: { accessToken: 'x', expiresAt: clock.now() } });
    await expect(its.json('me')).rejects.toMatchObject({ code: 'oauth_reauth_required' });
    expect(provider.count('token')).toBe(0);
  });

  it('O60 O61 is of each tenant whose provider a factory makes', async () => {
    const options = { applicationScope: ['read'] };
    const providersFactory = (name: string) => oidc(name, { ...provider.oidc, ...(name === 'acme' && options) });
    const tenants = grantsOn(store, { providersFactory }, clock).grants;
    expect(await tenants.client('acme', application).json('me')).toEqual(ofClient);
    expect(await store.list('app')).toEqual([expect.objectContaining({ provider: 'acme', subject: 'app' })]);
    await expect(tenants.client('globex', application).json('me')).rejects.toMatchObject({
      code: 'oauth_not_authorized',
    });
    const nowhere = grantsOn(store, { providersFactory, grants: noGrants() }, clock).grants;
    await expect(nowhere.client('acme', application).json('me')).rejects.toMatchObject({
      code: 'oauth_provider_failed',
      reason: expect.stringContaining('applicationScope: needs a store'),
    });
    expect(asked()).toHaveLength(1);
  });

  it('O60 asks for no scope by name where the list is empty', async () => {
    const { grants: its } = processOn(memoryGrants(), { applicationScope: [] });
    await its.client('corp', application).accessToken();
    expect(Object.fromEntries(asked()[0]!.form)).toEqual({ grant_type: 'client_credentials' });
    expect(await its.client('corp', application).scope()).toEqual(applicationScope);
  });

  it('O60 asks and reads in the words of the provider', async () => {
    const providers = [
      oauth2Provider('odd', {
        ...provider.oauth2,
        scopeSeparator: ',',
        tokenTypeIsBearer: true,
        issuer: undefined,
        tokenEndpointAuthMethod: 'client_secret_post',
        applicationScope: ['read', 'w,r'],
      }),
    ];
    const members = { access_token: 'odd', token_type: undefined, scope: 'read w,r' };
    provider.fail('token', { kind: 'status', status: 200, body: members });
    const odd = grantsOn(store, { providers }, clock).grants;
    expect(await odd.client('odd', application).accessToken()).toBe('odd');
    expect(Object.fromEntries(asked()[0]!.form)).toMatchObject({ scope: 'read,w,r', client_id: 'app' });
    expect(await odd.find('odd', application)).toMatchObject({
      issuer: provider.urlOf('authorization'),
      scope: ['read', 'w,r'],
    });
  });
});

type Fault = Parameters<LoopbackProvider['fail']>[1];

describe('a provider that gives none', () => {
  const refusals: [string, Fault, string, number][] = [
    ['invalid_client', { kind: 'error', error: 'invalid_client', status: 401 }, 'oauth_provider_failed', 502],
    ['unauthorized_client', { kind: 'error', error: 'unauthorized_client' }, 'oauth_provider_failed', 502],
    ['invalid_scope', { kind: 'error', error: 'invalid_scope' }, 'oauth_provider_failed', 502],
    ['invalid_grant', { kind: 'error', error: 'invalid_grant' }, 'oauth_provider_failed', 502],
    ['a DPoP token', { kind: 'members', members: { token_type: 'DPoP' } }, 'oauth_provider_failed', 502],
    ['a token of another type', { kind: 'members', members: { token_type: 'mac' } }, 'oauth_provider_failed', 502],
    ['no token', { kind: 'members', members: { access_token: undefined } }, 'oauth_provider_failed', 502],
    ['a web page', { kind: 'html' }, 'oauth_provider_failed', 502],
    ['a redirect', { kind: 'redirect', to: 'https://evil.example/' }, 'oauth_provider_failed', 502],
    ['503', { kind: 'status', status: 503 }, 'oauth_provider_unavailable', 503],
    ['429', { kind: 'status', status: 429 }, 'oauth_provider_unavailable', 503],
    ['a broken connection', { kind: 'drop', before: true }, 'oauth_provider_unavailable', 503],
    ['no answer', { kind: 'silent' }, 'oauth_provider_timeout', 504],
  ];
  const store = memoryGrants();

  it.each(refusals)('O60 is about our client, or about today: %s', async (_what, fault, code, statusCode) => {
    for (const row of await store.page(undefined, 100)) await store.delete(row);
    const { grants, events } = processOn(store);
    const its = grants.client('corp', application);
    const failed = async (kept: object[]) => {
      provider.fail('token', fault);
      const before = asked().length;
      for (const result of await Promise.allSettled([its.json('me'), its.accessToken()]))
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { code, statusCode, authorizationUrl: undefined },
        });
      expect(asked().length - before).toBe(1);
      expect(await store.page(undefined, 100)).toEqual(kept.map((row) => expect.objectContaining(row)));
      expect(events).toEqual([
        expect.objectContaining({ name: 'oauth.failed', provider: 'corp', phase: 'token', code }),
      ]);
      events.length = 0;
      provider.heal('token');
      expect(await its.json('me')).toEqual(ofClient);
    };
    await failed([]);
    clock.advance(300);
    await failed([{ status: 'active', version: 1, leaseUntil: null }]);
  });

  it.each([
    [401, 'oauth_provider_failed', 502],
    [403, 'oauth_scope_missing', 403],
  ])('O60 sends nobody to a log-in when an API answers %i again', async (status, code, statusCode) => {
    const { grants, events } = processOn(memoryGrants());
    api.answer = (_call, response) => json(response, {}, status);
    await expect(grants.client('api', application).json('things')).rejects.toMatchObject({
      code,
      statusCode,
      authorizationUrl: undefined,
    });
    expect(asked()).toHaveLength(status === 401 ? 2 : 1);
    expect(events.map(({ name }) => name)).toEqual(status === 401 ? ['oauth.refreshed'] : []);
  });

  it('O60 is told to a call when the grant is taken away meanwhile, and the next one has another', async () => {
    const { grants } = processOn(memoryGrants());
    const its = grants.client('corp', application);
    await its.accessToken();
    clock.advance(300);
    provider.fail('token', { kind: 'slow', seconds: 0.2 });
    const call = its.accessToken().catch((error: unknown) => error);
    await wait(100);
    await grants.delete('corp', application);
    expect(await call).toMatchObject({ code: 'oauth_not_authorized', authorizationUrl: undefined });
    expect(await its.json('me')).toEqual(ofClient);
  });
});

it('O60 is used as the README says', async () => {
  const { Reports } = await import('../../docs/examples/application-token.js');
  api.answer = ({ path }, response) => json(response, [{ title: path }]);
  const providers = [oidc('corp', { ...provider.oidc, apiBaseUrl: `${api.origin}/`, applicationScope })];
  const reports = new Reports(grantsOn(memoryGrants(), { providers }, clock).grants);
  expect(await Promise.all([reports.latest(), reports.latest()])).toEqual(
    [1, 2].map(() => [{ title: '/reports?per_page=5' }]),
  );
  expect(asked()).toHaveLength(1);
});

@Controller()
class ReportController {
  constructor(private readonly grants: OAuthGrants) {}

  @Public()
  @Get('report/:path')
  report(@Param('path') path: string) {
    return this.grants.client('corp', { kind: 'app' }).json(path);
  }
}

describe.each(adapters)('in a handler (%s)', (adapter) => {
  it('O60 answers with what the API says, and else with a typed error that sends nobody away', async () => {
    const app = new DancingApp(
      adapter,
      { providers: [oidc('corp', { ...provider.oidc, applicationScope })], encryptionKeys: [testKey], timeout: 1 },
      { controllers: [ReportController], options: { stores: memoryStores() } },
    );
    await app.start();
    provider.clock = app.api.clock;
    try {
      expect(provider.requests).toEqual([]);
      const pages = await thirty(() => app.browser().visit(at('/report/me')));
      for (const { status, text } of pages) expect([status, JSON.parse(text)]).toEqual([200, ofClient]);
      expect(asked()).toHaveLength(1);
      app.api.clock.advance(300);
      for (const [fault, status, errorCode] of [
        [{ kind: 'error', error: 'invalid_client', status: 401 }, 502, 'oauth_provider_failed'],
        [{ kind: 'status', status: 503 }, 503, 'oauth_provider_unavailable'],
        [{ kind: 'silent' }, 504, 'oauth_provider_timeout'],
      ] as [Fault, number, string][]) {
        provider.fail('token', fault);
        const page = await app.browser().visit(at('/report/me'));
        expect([page.status, JSON.parse(page.text)]).toEqual([status, expect.objectContaining({ errorCode })]);
        expect(page.text).not.toContain('authorizationUrl');
      }
      provider.heal();
      expect((await app.browser().visit(at('/report/me'))).status).toBe(200);
    } finally {
      provider.clock = clock;
      await app.stop();
    }
  });
});

describe('with a provider that nobody here wrote', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = 'the secret of the app';
  const client = (client_id: string, more: object) => ({
    client_id,
    redirect_uris: ['https://app.example.com/login/real/authorized'],
    scope: 'read',
    grant_types: ['authorization_code', 'client_credentials'],
    ...more,
  });
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'own' };
  const real = new RealProvider(
    [
      client('basic', { client_secret: secret }),
      client('post', { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' }),
      client('key', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } }),
      client('other', { client_secret: secret, grant_types: ['authorization_code'] }),
    ],
    {
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
      ttl: { ClientCredentials: 300 },
    },
  );
  beforeAll(() => real.start());
  beforeEach(() => void (real.seen.length = 0));
  afterAll(() => real.stop());

  const shared = () => ({
    issuer: real.issuer,
    scope: ['openid'],
    apiBaseUrl: `${real.issuer}/api/`,
    allowInsecureLoopback: true,
  });
  const clients: [string, object][] = [
    ['basic', { clientSecret: secret }],
    ['post', { clientSecret: secret, tokenEndpointAuthMethod: 'client_secret_post' }],
    ['key', { privateKey: { key: privateKey, kid: 'own' } }],
  ];

  it.each(clients)('O60 gets a token, renews it and uses it: %s', async (clientId, proof) => {
    const providers = [oidc('real', { ...shared(), clientId, ...proof, applicationScope: ['read'] })];
    const store = memoryGrants();
    const { grants, events } = grantsOn(store, { providers }, clock);
    const me = () => grants.client('real', application).json('me');
    for (let round = 1; round <= 2; round++) {
      const answers = await thirty(me);
      expect(answers).toEqual(answers.map(() => ({ data: { client: clientId, scope: 'read' } })));
      expect(real.count('/token')).toBe(round);
      // it lives today, and takes no assertion of another time
      const row = (await store.list('app'))[0]!;
      expect(row.expiresAt).toBe(clock.now() + 300_000);
      if (round === 1) await store.save({ ...row, expiresAt: clock.now() });
    }
    expect(await grants.find('real', application)).toMatchObject({ issuer: real.issuer, subject: clientId });
    expect(events.map(({ name }) => name)).toEqual(['oauth.refreshed']);
  });

  it.each<[string, object]>([
    ['401', { clientId: 'basic', clientSecret: 'wrong' }],
    ['invalid_request', { clientId: 'other', clientSecret: secret }],
    ['invalid_scope', { clientId: 'basic', clientSecret: secret, applicationScope: ['email'] }],
  ])('O60 is refused: %s', async (what, changes) => {
    const providers = [oidc('real', { ...shared(), clientId: '', applicationScope: ['read'], ...changes })];
    const { grants, events } = grantsOn(memoryGrants(), { providers }, clock);
    await expect(grants.client('real', application).json('me')).rejects.toMatchObject({
      code: 'oauth_provider_failed',
      statusCode: 502,
      authorizationUrl: undefined,
    });
    const reason = expect.stringMatching(new RegExp(`${what}$`));
    expect(events).toEqual([expect.objectContaining({ name: 'oauth.failed', phase: 'token', reason })]);
  });
});
