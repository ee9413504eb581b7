import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { adapters } from '../e2e/fixture.js';
import { Browser, nextOf, type Page } from './browser.js';
import { freePort } from './real-provider.js';

// hashing passwords takes its time, above all beside other suites
jest.setTimeout(60_000);

let folder: string;
let origin: string;
let app: INestApplication;

beforeAll(() => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'latchkey-account-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => app.close());

/** With its two demo providers. */
async function start(variables: Record<string, string>): Promise<void> {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const database = { DATABASE_URL: `sqlite:${folder}/${port}.sqlite` };
  app = await createApp(readEnvironment({ PORT: String(port), RATE_LIMIT: 'off', ...database, ...variables }));
  await app.listen(port, '127.0.0.1');
}

/** The page of a demo provider, on which somebody presses a button. */
async function choose(browser: Browser, page: Page, login: string): Promise<Page> {
  const asked = await browser.follow(page, (next) => next.origin !== origin);
  const [, action] = /action="([^"]+)"/.exec(asked.text)!;
  const form = new URLSearchParams({ login });
  const pressed = await browser.visit(new URL(action!, asked.url), { method: 'POST', form });
  return browser.follow(pressed, () => true);
}

const proven = { rid: 'anti-csrf' };

describe.each(adapters)('the account (%s)', (adapter) => {
  let browser: Browser;

  beforeEach(async () => {
    await start({ ADAPTER: adapter });
    browser = new Browser();
  });

  const logIn = async (name: string, login: string, who = browser) =>
    choose(who, await who.visit(`${origin}/login/${name}`), login);
  const link = (name: string, headers: Record<string, string> = {}) =>
    browser.visit(`${origin}/account/links/${name}`, { method: 'POST', headers: { ...proven, ...headers } });
  const unlink = (name: string, headers: Record<string, string> = proven) =>
    browser.visit(`${origin}/account/links/${name}`, { method: 'DELETE', headers });
  const me = async (who = browser) => (await who.visit(`${origin}/me`)).body['sub'] as string | undefined;

  it('O49 O51 links a second provider, which logs in the same user, and unlinks it', async () => {
    await logIn('demo', 'alice');
    const begun = await link('demo2');
    expect([begun.status, begun.body['authorizationUrl']]).toEqual([303, nextOf(begun)!.href]);
    const page = await choose(browser, begun, 'bob');
    expect([page.status, page.url.pathname]).toEqual([200, '/account']);
    expect(page.text).toContain('<b>demo:alice</b>');
    expect(page.text).toMatch(/demo2: \w+/);
    const elsewhere = new Browser();
    await logIn('demo2', 'bob', elsewhere);
    expect(await me(elsewhere)).toBe('demo:alice');
    expect((await unlink('demo2')).status).toBe(204);
    expect((await unlink('demo2')).body['errorCode']).toBe('oauth_link_unknown');
    await logIn('demo2', 'bob', elsewhere);
    expect(await me(elsewhere)).toBe('demo2:bob');
  });

  it('AL-07 O51 leaves the last identity, and lets an unlinked one not come back', async () => {
    await logIn('demo', 'alice');
    const last = await unlink('demo');
    expect([last.status, last.body['errorCode']]).toEqual([409, 'oauth_last_credential']);
    await choose(browser, await link('demo2'), 'bob');
    expect((await unlink('demo')).status).toBe(204);
    const back = await logIn('demo', 'alice', new Browser());
    expect([back.status, back.body['errorCode']]).toEqual([403, 'oauth_link_refused']);
    const elsewhere = new Browser();
    await logIn('demo2', 'bob', elsewhere);
    expect(await me(elsewhere)).toBe('demo:alice');
  });

  it('AL-07 lets a user with a password unlink everything', async () => {
    const form = new URLSearchParams({ username: 'alice', password: 'correct horse battery' });
    await browser.visit(`${origin}/signup`, { method: 'POST', form, headers: { 'st-auth-mode': 'cookie' } });
    await choose(browser, await link('demo'), 'bob');
    expect((await unlink('demo')).status).toBe(204);
    expect(await me()).toBe('alice');
    await logIn('demo', 'bob', browser);
    expect(await me()).toBe('demo:bob');
  });

  it("AL-05 O49 answers 409 for another user's identity", async () => {
    await logIn('demo2', 'bob', new Browser());
    await logIn('demo', 'alice');
    const page = await choose(browser, await link('demo2'), 'bob');
    expect([page.status, page.body['errorCode']]).toEqual([409, 'oauth_identity_taken']);
    expect(await me()).toBe('demo:alice');
  });

  it.each<[string, Record<string, string>]>([
    ['asks for JSON', { accept: 'application/json' }],
    ['is a script', { 'sec-fetch-mode': 'cors' }],
  ])('gives the URL to who %s', async (_what, headers) => {
    await logIn('demo', 'alice');
    const page = await link('demo2', headers);
    expect([page.status, page.headers.location]).toEqual([200, undefined]);
    expect(new URL(page.body['authorizationUrl'] as string).origin).not.toBe(origin);
  });

  it.each(['POST', 'DELETE'])('OC-01 wants the proof of the session: %s', async (method) => {
    await logIn('demo', 'alice');
    const page = await browser.visit(`${origin}/account/links/demo`, { method });
    expect([page.status, page.body['errorCode']]).toEqual([401, 'csrf_failed']);
  });

  it.each([
    ['GET', 'account'],
    ['POST', 'account/links/demo'],
    ['DELETE', 'account/links/demo'],
  ])('is closed to who is not logged in: %s /%s', async (method, path) => {
    expect((await browser.visit(`${origin}/${path}`, { method, headers: proven })).status).toBe(401);
  });

  it('escapes what others wrote', async () => {
    const device = `<script>alert("1")</script>'&`;
    const page = await browser.visit(`${origin}/login/demo`, { headers: { 'user-agent': device } });
    const asked = await browser.follow(page, (next) => next.origin !== origin);
    const [, action] = /action="([^"]+)"/.exec(asked.text)!;
    const form = new URLSearchParams({ login: 'alice' });
    const answer = nextOf(await browser.visit(new URL(action!, asked.url), { method: 'POST', form }))!;
    await browser.visit(answer, { headers: { 'user-agent': device } });
    const { text, headers } = await browser.visit(`${origin}/account`);
    expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
    expect(text).not.toContain('<script>alert');
    expect(headers['cache-control']).toBe('no-store');
  });
});

it.each(['token', 'none'])('links from the page where ANTI_CSRF is %s', async (antiCsrf) => {
  await start({ ANTI_CSRF: antiCsrf });
  const browser = new Browser();
  await choose(browser, await browser.visit(`${origin}/login/demo`), 'alice');
  const { text } = await browser.visit(`${origin}/account`);
  const [, value] = /data-anti-csrf="([^"]*)"/.exec(text)!;
  const headers = { 'anti-csrf': value! };
  const page = await browser.visit(`${origin}/account/links/demo2`, { method: 'POST', headers });
  expect([value === '', page.status]).toEqual([antiCsrf === 'none', 303]);
});

it('has a page without any provider', async () => {
  const path = join(folder, 'providers.json');
  writeFileSync(path, '{}');
  await start({ OAUTH_PROVIDERS: path });
  const browser = new Browser();
  const form = new URLSearchParams({ username: 'alice', password: 'correct horse battery' });
  await browser.visit(`${origin}/signup`, { method: 'POST', form, headers: { 'st-auth-mode': 'cookie' } });
  expect((await browser.visit(`${origin}/account`)).text).toContain('<b>alice</b>');
  for (const method of ['POST', 'DELETE']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const page = await browser.visit(`${origin}/account/links/demo`, { method, headers: proven });
    expect(page.status).toBe(404);
  }
});
