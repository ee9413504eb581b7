/* oxlint-disable no-await-in-loop -- one request after the other is what a browser makes */
/**
 * Secrets hygiene of log-ins (spec/security.md §5): whatever providers answer, and whatever fails at them, no secret of the dance, of
 * a grant or of ours stands in a log line, an event, an answer that was not meant to carry it, or the database.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { LoopbackProvider, type LoopbackEndpoint, type LoopbackFault } from 'nest-latchkey/testing';
import { DataSource } from 'typeorm';
import { AccountHooks } from '../../src/account/account.hooks.js';
import { createApp } from '../../src/app.js';
import { readEnvironment, type Environment } from '../../src/environment.js';
import { derivedKey, signingKey } from '../../src/keys.js';
import { canary, dumpOf, leaksIn, Log, urlOf } from '../e2e/secrets.js';
import { reachableDatabases, sqlite, type TestDatabase } from '../stores/databases.js';
import { Browser, nextOf, type Page, type Visit } from './browser.js';
import { freePort } from './real-provider.js';

// a provider that does not answer takes a second each time
jest.setTimeout(120_000);

/** Everything that nobody may read, by kind and number: names that a failing test may print. */
class Secrets extends Map<string, string> {
  private readonly known = new Set<string>();

  take(kind: string, text: string | null | undefined): void {
    // a shorter one could stand anywhere by chance
    if (text === null || text === undefined || text.length < 16 || this.known.has(text)) return;
    this.known.add(text);
    this.set(`${kind} ${this.size}`, text);
  }

  takeAll(from: URLSearchParams, kinds: Readonly<Record<string, string>>): void {
    for (const [name, kind] of Object.entries(kinds)) this.take(kind, from.get(name));
  }

  get kinds(): string[] {
    return [...new Set([...this.keys()].map((name) => name.replace(/ \d+$/, '')))].toSorted();
  }
}

const ofDances = { state: 'state', nonce: 'nonce', code: 'code', oauth_verifier: 'verifier of OAuth 1' };
const ofForms = { code_verifier: 'code_verifier', refresh_token: 'refresh token', token: 'access token' };
const ofAnswers = {
  ...{ access_token: 'access token', refresh_token: 'refresh token', oauth_token_secret: 'token secret of OAuth 1' },
};

/** A browser whose every page is looked at: what it carries on purpose is a secret from now on, and the rest must hold none. */
class WatchedBrowser extends Browser {
  constructor(
    private readonly origin: string,
    private readonly secrets: Secrets,
    private readonly answers: string[],
  ) {
    super();
  }

  override async visit(url: string | URL, visit?: Visit): Promise<Page> {
    const page = await super.visit(url, visit);
    const next = nextOf(page);
    if (next !== undefined) this.secrets.takeAll(next.searchParams, ofDances);
    if (page.url.origin === this.origin) this.look(page, next);
    return page;
  }

  private look({ status, headers, text, body }: Page, next: URL | undefined): void {
    for (const line of headers['set-cookie'] ?? []) this.takeCookie(line);
    const { authorizationUrl } = body;
    if (typeof authorizationUrl === 'string') {
      const { searchParams } = new URL(authorizationUrl);
      this.secrets.takeAll(searchParams, { ...ofDances, ticket: 'ticket' });
    }
    const { 'set-cookie': _meant, location, ...rest } = headers;
    const stays = next === undefined || next.origin === this.origin ? location : undefined;
    const said = text.replace(/"authorizationUrl":"[^"]*"/, '');
    this.answers.push(`${status} ${stays}\n${JSON.stringify(rest)}\n${said}`);
  }

  private takeCookie(line: string): void {
    const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line)!;
    const text = decodeURIComponent(value);
    if (name.endsWith('sAccessToken')) this.secrets.take('access token of ours', text.split('.')[2]);
    else if (name.endsWith('sRefreshToken')) this.secrets.take('refresh token of ours', text.split('.')[1]);
    else if (/oauth/.test(name)) this.secrets.take('flow cookie', text);
  }
}

const databases = await reachableDatabases();
const places = [...databases.map((kind) => ({ kind, adapter: 'express' })), { kind: sqlite, adapter: 'fastify' }];

describe.each(places)('O63 log-ins at the reference application on $kind.name and $adapter', (place) => {
  const { kind, adapter } = place;
  let folder: string;
  let database: TestDatabase;
  let provider: LoopbackProvider;
  let origin: string;
  let app: INestApplication;
  let log: Log;
  let secrets: Secrets;
  let clientSecret: string;
  let answers: string[];
  let events: { name: string; payload: unknown }[];
  let reads: Promise<unknown>[];

  beforeEach(async () => {
    [secrets, answers, events, reads, log] = [new Secrets(), [], [], [], new Log()];
    folder = mkdtempSync(join(tmpdir(), 'latchkey-canary-'));
    database = await kind.create();
    clientSecret = canary();
    secrets.take('client secret', clientSecret);
    provider = await LoopbackProvider.start({
      accessTokenLifetime: 30,
      clients: [{ clientId: 'app', clientSecret }],
    });
    log.capture();
    readTokens();
    await start();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    Logger.overrideLogger(false);
    await app.close();
    await provider.stop();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  async function start(): Promise<void> {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const environment = environmentOf(port);
    secrets.take('AUTH_SECRET', environment.secret);
    takeKey(environment);
    Object.assign(AccountHooks.prototype, {
      onEvent: (name: string, payload: unknown) => void events.push({ name, payload }),
    });
    app = await createApp(environment);
    app.get(DataSource).setOptions({ logging: 'all', logger: log });
    await app.listen(port, '127.0.0.1');
  }

  function environmentOf(port: number): Environment {
    const file = join(folder, 'providers.json');
    const [{ allowInsecureLoopback: _a, ...oidc }, { allowInsecureLoopback: _b, ...oauth2 }] = [
      provider.oidc,
      provider.oauth2,
    ];
    const { allowInsecureLoopback: _c, ...oauth1 } = provider.oauth1;
    const providers = {
      corp: { kind: 'oidc', ...oidc, scope: ['openid', 'profile', 'email', 'offline_access'] },
      forge: { kind: 'oauth2', ...oauth2, revocationEndpoint: provider.urlOf('revocation') },
      old: { kind: 'oauth1', ...oauth1 },
    };
    writeFileSync(file, JSON.stringify(providers));
    return readEnvironment({
      ...{ PORT: String(port), PUBLIC_URL: origin, ADAPTER: adapter, DATABASE_URL: urlOf(database) },
      ...{ OAUTH_PROVIDERS: file, OAUTH_ALLOW_LOOPBACK_HTTP: '1', OAUTH_TIMEOUT: '1', RATE_LIMIT: 'off' },
      AUTH_SECRET: canary(),
    });
  }

  /** As text, and as a list of its bytes is written. */
  function takeKey(environment: Environment): void {
    const key = Buffer.from(derivedKey(signingKey(environment), 'latchkey-app oauth flows'));
    for (const text of [key.toString('base64').slice(0, -2), key.toString('hex'), key.toString('latin1')])
      secrets.take('encryption key', text);
    for (const comma of [',', ', ']) secrets.take('encryption key', [...key].join(comma));
  }

  /** What providers answer to the application alone. */
  function readTokens(): void {
    const { fetch } = globalThis;
    jest.spyOn(globalThis, 'fetch').mockImplementation(async (...request) => {
      const response = await fetch(...request);
      reads.push(response.clone().text().then(takeTokens, () => undefined)); // prettier-ignore
      return response;
    });
  }

  function takeTokens(text: string): void {
    try {
      const members = JSON.parse(text) as Record<string, unknown>;
      const texts = Object.entries(members).filter(([, value]) => typeof value === 'string') as [string, string][];
      secrets.takeAll(new URLSearchParams(texts), ofAnswers);
      secrets.take('id_token', texts.find(([name]) => name === 'id_token')?.[1].split('.')[2]);
    } catch {
      secrets.takeAll(new URLSearchParams(text), { ...ofAnswers, oauth_token: 'token of OAuth 1' });
    }
  }

  /** Everything but what was taken on its way: what only the application sent. */
  function takeRequests(): void {
    for (const { headers, form, url } of provider.requests) {
      secrets.takeAll(url.searchParams, ofDances);
      secrets.takeAll(form, { ...ofDances, ...ofForms });
      secrets.take('Authorization header', headers.authorization?.replace(/^(Basic|Bearer) /, ''));
    }
  }

  const browser = () => new WatchedBrowser(origin, secrets, answers);
  const isElsewhere = (next: URL) => next.origin !== origin;
  const proven = { rid: 'anti-csrf' };

  /** Through the provider, as whoever comes. @returns where the dance ends. */
  async function dance(who: Browser, begun: Page, login: string | null = 'alice'): Promise<Page> {
    provider.login = login;
    return who.follow(begun, () => true);
  }
  const logIn = async (who: Browser, name: string, login: string | null = 'alice') =>
    dance(who, await who.visit(`${origin}/login/${name}?return_to=/me`), login);
  const profile = (who: Browser, name = 'corp') => who.visit(`${origin}/oauth/${name}/profile`);
  const change = (who: Browser, method: string, path: string) => who.visit(origin + path, { method, headers: proven });

  /** Somebody who wants it all, where everything works. */
  async function useEverything(who: Browser): Promise<void> {
    expect((await logIn(who, 'corp')).body['sub']).toBe('corp:alice');
    expect((await profile(who)).status).toBe(200);
    const refused = await profile(who, 'forge');
    expect([refused.status, refused.body['errorCode']]).toEqual([403, 'oauth_not_authorized']);
    await dance(who, await who.visit(refused.body['authorizationUrl'] as string));
    expect((await profile(who, 'forge')).status).toBe(200);
    await dance(who, await change(who, 'POST', '/account/links/old'));
    expect((await profile(who, 'old')).status).toBe(200);
    for (const page of ['/', '/account', '/account/sessions', '/me'])
      expect((await who.visit(origin + page)).status).toBe(200);
  }

  async function leave(who: Browser): Promise<void> {
    for (const name of ['forge', 'old'])
      expect((await change(who, 'DELETE', `/account/links/${name}`)).status).toBe(204);
    expect((await change(who, 'DELETE', '/account/links/corp')).body['errorCode']).toBe('oauth_last_credential');
    expect((await change(who, 'POST', '/auth/signout')).status).toBe(200);
    expect((await profile(who)).status).toBe(401);
  }

  /** Whatever comes back to us that nobody sent there. */
  async function comeBackWrongly(): Promise<void> {
    const who = browser();
    const asked = await who.visit(`${origin}/login/corp`);
    provider.login = 'alice';
    const answer = nextOf(await who.follow(asked, isElsewhere))!;
    const { href, searchParams } = answer;
    const state = searchParams.get('state')!;
    const others = [
      href.replace(state, `${state.slice(0, -1)}!`),
      href.replace(/code=[^&]*/, ''),
      `${href}&state=twice`,
    ];
    for (const other of [...others, href.replace('/corp/', '/forge/'), href.replace('/corp/', '/nobody/')])
      expect((await who.visit(other)).status).toBeGreaterThanOrEqual(400);
    expect((await browser().visit(answer)).status).toBeGreaterThanOrEqual(400);
    await who.visit(`${origin}/login/corp/authorized`, { method: 'POST', form: searchParams });
    await who.visit(`${origin}/login/corp/authorized`, {
      ...{
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        form: `{"code":"${searchParams.get('code')}`,
      },
    });
    for (const name of ['corp', 'forge', 'old']) await logIn(who, name, null);
    await who.visit(`${origin}/login/corp?ticket=${state}`);
    await who.visit(`${origin}/login/corp?return_to=${encodeURIComponent(`https://evil.example/${state}`)}`);
  }

  /** What any endpoint can answer, with our own secret in it where that says anything at all. */
  const anywhere = (): LoopbackFault[] => [
    { kind: 'status', status: 500, body: `<h1>${clientSecret}</h1>` },
    { kind: 'status', status: 400, body: { error: `no ${clientSecret}`, error_description: 'x' } },
    {
      kind: 'status',
      status: 401,
      body: clientSecret,
      headers: { 'www-authenticate': `Basic realm="${clientSecret}"` },
    },
    { kind: 'status', status: 200, body: `${clientSecret}{` },
    { kind: 'error', error: 'invalid_grant' },
    { kind: 'redirect', to: `http://127.0.0.1:1/?secret=${clientSecret}` },
    { kind: 'cut' },
    { kind: 'drop' },
    { kind: 'html' },
  ];
  /** No token, and no profile: an API may answer it all the same. */
  const oddly = (): LoopbackFault => ({
    kind: 'status',
    status: 200,
    body: { access_token: [clientSecret], id: {} },
  });
  const ofIdTokens: LoopbackFault[] = [
    { kind: 'id_token', claims: { nonce: 'another' } },
    { kind: 'id_token', claims: { aud: 'another' } },
    { kind: 'id_token', signature: 'other_key' },
    { kind: 'id_token', signature: 'none' },
    { kind: 'id_token', forge: (token) => `${token}.${token}` },
    { kind: 'id_token', forge: (token) => token.split('.')[2]! },
  ];

  async function failAtLogIn(
    name: string,
    endpoint: LoopbackEndpoint,
    faults: readonly LoopbackFault[],
  ): Promise<void> {
    for (const fault of faults) {
      provider.fail(endpoint, fault);
      const { status } = await logIn(browser(), name);
      expect([name, endpoint, fault, status >= 400]).toEqual([name, endpoint, fault, true]);
    }
    provider.heal();
  }

  /** With a grant that wants to be refreshed, each time. */
  async function failAtProfile(
    name: string,
    endpoint: LoopbackEndpoint,
    faults: readonly LoopbackFault[],
  ): Promise<void> {
    for (const fault of faults) {
      const who = browser();
      expect((await logIn(who, name)).status).toBe(200);
      provider.fail(endpoint, fault);
      const { status, body } = await profile(who, name);
      provider.heal();
      expect([name, endpoint, fault, status >= 400]).toEqual([name, endpoint, fault, true]);
      if (body['authorizationUrl'] !== undefined) await dance(who, await who.visit(body['authorizationUrl'] as string));
    }
  }

  /** All at once: whoever waits for a provider waits for a second. */
  async function hang(): Promise<void> {
    const [one, two, three] = [browser(), browser(), browser()];
    await logIn(one, 'corp');
    await logIn(two, 'forge');
    await logIn(three, 'old');
    const silent: LoopbackEndpoint[] = ['token', 'userinfo', 'api', 'oauth1.api', 'oauth1.requestToken'];
    for (const endpoint of silent) provider.fail(endpoint, { kind: 'silent' });
    const pages = await Promise.all([
      ...[profile(one), profile(two, 'forge'), profile(three, 'old')],
      ...['corp', 'forge', 'old'].map((name) => logIn(browser(), name)),
    ]);
    provider.heal();
    expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 504));
  }

  /** The user is let go all the same. */
  async function failAtUnlink(): Promise<void> {
    for (const fault of [{ kind: 'silent' }, ...anywhere()] as LoopbackFault[]) {
      const who = browser();
      await logIn(who, 'corp');
      await dance(who, await change(who, 'POST', '/account/links/forge'), 'bob');
      provider.fail('revocation', fault);
      expect((await change(who, 'DELETE', '/account/links/forge')).status).toBe(204);
      provider.heal();
    }
  }

  async function expectNoLeak(dumps: readonly string[]): Promise<void> {
    await Promise.allSettled(reads);
    takeRequests();
    expect({
      log: leaksIn(log.text, secrets),
      events: leaksIn(JSON.stringify(events), secrets),
      answers: leaksIn(answers.join('\n'), secrets),
      database: leaksIn(dumps.join('\n'), secrets),
    }).toEqual({ log: [], events: [], answers: [], database: [] });
  }

  it('keeps every secret of log-ins that succeed', async () => {
    const who = browser();
    await useEverything(who);
    const dump = await dumpOf(app.get(DataSource));
    await leave(who);
    await expectNoLeak([dump, await dumpOf(app.get(DataSource))]);

    // what is read is what was written
    for (const text of [dump, log.text]) expect(text).toContain('auth_oauth_grant');
    expect(dump).toContain('"corp:alice"');
    expect(new Set(events.map(({ name }) => name))).toEqual(
      new Set(['oauth.authorized', 'oauth.linked', 'oauth.refreshed', 'oauth.unlinked', 'refused', 'revoked']),
    );
    expect(secrets.kinds).toEqual([
      ...['AUTH_SECRET', 'Authorization header', 'access token', 'access token of ours', 'client secret', 'code'],
      ...['code_verifier', 'encryption key', 'flow cookie', 'id_token', 'nonce', 'refresh token'],
      ...['refresh token of ours', 'state', 'ticket', 'token of OAuth 1', 'token secret of OAuth 1'],
      'verifier of OAuth 1',
    ]);
  });

  it('keeps them whatever fails', async () => {
    await failAtLogIn('corp', 'discovery', anywhere().slice(0, 2));
    await failAtLogIn('corp', 'jwks', [{ kind: 'status', status: 500 }]);
    await comeBackWrongly();
    await failAtLogIn('corp', 'token', [...anywhere(), oddly(), ...ofIdTokens]);
    await failAtLogIn('forge', 'token', [...anywhere(), oddly()]);
    await failAtLogIn('forge', 'api', [...anywhere(), oddly()]);
    await failAtLogIn('old', 'oauth1.requestToken', anywhere());
    await failAtLogIn('old', 'oauth1.accessToken', anywhere());
    await failAtProfile('corp', 'token', [...anywhere(), oddly()]);
    await failAtProfile('corp', 'userinfo', [...anywhere(), oddly()]);
    await failAtProfile('forge', 'api', anywhere());
    await hang();
    await failAtUnlink();
    await expectNoLeak([await dumpOf(app.get(DataSource))]);

    const phases = events.map(({ payload }) => (payload as { phase?: string }).phase);
    for (const phase of ['discovery', 'authorization', 'token', 'id_token', 'refresh', 'revocation', 'request_token'])
      expect(phases).toContain(phase);
    expect(events.map(({ name }) => name)).toContain('oauth.reauth_required');
  });

  it('keeps them when the database goes away', async () => {
    const who = browser();
    await logIn(who, 'corp');
    const other = browser();
    const begun = await other.visit(`${origin}/login/forge`);
    const dataSource = app.get(DataSource);
    await dataSource.destroy();
    try {
      const pages = [await dance(other, begun), await profile(who), await change(who, 'DELETE', '/account/links/corp')];
      expect(pages.map(({ status }) => status)).toEqual([503, 503, 503]);
      await Promise.allSettled(reads);
      takeRequests();
      expect(leaksIn([log.text, JSON.stringify(events), ...answers].join('\n'), secrets)).toEqual([]);
    } finally {
      await dataSource.initialize();
    }
  });
});
