import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Browser as Chromium, BrowserContext, Page } from 'playwright-core';
import { Browser } from '../oauth/browser.js';
import { describeInBrowser, launchChromium } from '../oauth/chromium.js';
import { AccountApp, password } from './account-app.js';

// a browser takes its time, above all beside other suites
jest.setTimeout(120_000);

beforeAll(() => Logger.overrideLogger(false));

const situations = [
  { adapter: 'express', script: 'with', javaScriptEnabled: true },
  { adapter: 'fastify', script: 'without', javaScriptEnabled: false },
];

let chromium: Chromium;
let context: BrowserContext;
let page: Page;
/** What the browser finds wrong with the pages: scripts that the Content-Security-Policy stopped, and the like. */
let complaints: string[];

async function open(options: { javaScriptEnabled?: boolean } = {}): Promise<void> {
  context = await chromium.newContext(options);
  page = await context.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  // a status is told by the page itself
  page.on('console', (line) => /status of \d/.test(line.text()) || complaints.push(line.text()));
}

async function enter(app: AccountApp, path: 'login' | 'signup', username: string): Promise<void> {
  await page.goto(`${app.origin}/account/${path}`);
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
}

async function expectSoon(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !holds(); turn += 1) await sleep(50);
  expect(holds()).toBe(true);
}

const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const pathOf = ({ origin }: AccountApp) => page.url().replace(origin, '');

describeInBrowser('the account page in Chromium', () => {
  beforeAll(async () => {
    chromium = await launchChromium();
  });
  afterAll(() => chromium.close());

  describe.each(situations)('$script a script ($adapter)', ({ adapter, javaScriptEnabled }) => {
    let app: AccountApp;

    beforeEach(async () => {
      app = await AccountApp.start({ ADAPTER: adapter });
      await open({ javaScriptEnabled });
    });
    afterEach(async () => {
      expect(complaints).toEqual([]);
      await context.close();
      await app.stop();
    });

    it('O49 O51 signs up, links a provider, unlinks it, ends the other devices, logs out, and logs in', async () => {
      await enter(app, 'signup', 'alice');
      await page.getByText('Logged in as alice').waitFor();
      await page.getByRole('status').getByText('Your account is made').waitFor();

      await press('Link demo2');
      await press('Bob');
      await page.getByText('demo2: bob').waitFor();
      expect(pathOf(app)).toBe('/account?done=linked');
      await press('Unlink demo2');
      await page.getByText('No other account logs you in').waitFor();

      const [one, other] = [await app.logIn('alice'), await app.logIn('alice')];
      await page.goto(`${app.origin}/account`);
      await page.getByRole('button', { name: 'Log out Unknown device' }).first().click();
      await page.getByText('That device is logged out.').waitFor();
      expect([await app.user(one), await app.user(other)].filter(Boolean)).toHaveLength(1);
      await press('Log out all other devices');
      await page.getByText('All other devices are logged out.').waitFor();
      expect([await app.user(one), await app.user(other)]).toEqual([undefined, undefined]);

      await page.reload(); // nothing is posted twice
      await press('Log out');
      await page.getByText('You are logged out.').waitFor();
      expect((await context.cookies()).filter(({ name }) => /^s(Access|Refresh)Token$/.test(name))).toEqual([]);

      await enter(app, 'login', 'nobody');
      await page.getByRole('alert').getByText('The user name or the password is wrong.').waitFor();
      expect(await page.title()).toBe('Error: Log in – Latchkey');
      expect(await page.getByLabel('User name').inputValue()).toBe('nobody');
      await enter(app, 'login', 'alice');
      await page.getByText('Logged in as alice').waitFor();
      expect(pathOf(app)).toBe('/account');
    });

    it('O8 AL-07 logs in with a provider, and keeps the last way to do so', async () => {
      await page.goto(`${app.origin}/account`);
      await page.getByText('Log in to see your account.').waitFor();
      await page.getByRole('link', { name: 'Log in with demo', exact: true }).click();
      await press('Alice');
      await page.getByText('Logged in as demo:alice').waitFor();
      await press('Unlink demo');
      await page.getByRole('alert').getByText('Nothing else logs this user in').waitFor();
      await page.getByRole('link', { name: 'Back to your account' }).click();
      await page.getByText('demo: alice').waitFor();
    });
  });

  describe('with a script', () => {
    let app: AccountApp;

    afterEach(async () => {
      await context.close();
      await app.stop();
    });

    it('shows no token to a script, and no page lets one in', async () => {
      app = await AccountApp.start();
      await open();
      await enter(app, 'signup', 'alice');
      await page.getByText('Logged in as alice').waitFor();
      const { value: access } = (await context.cookies()).find(({ name }) => name === 'sAccessToken')!;
      await app.logIn('alice', {
        'user-agent': '<img src=x onerror="document.title=1"><script>document.title=2</script>',
      });
      await page.goto(`${app.origin}/account`);
      await page.getByRole('strong').getByText('<img src=x').waitFor();
      expect(await page.title()).toBe('Your account – Latchkey');
      expect(await page.evaluate<string>('document.cookie')).toBe('');
      expect(await page.evaluate<number>('localStorage.length + sessionStorage.length')).toBe(0);
      const dom = await page.content();
      expect(dom).not.toContain(access.split('.')[2]);
      expect(dom).not.toMatch(/eyJ/);
      // even where markup gets in, no script of it runs
      await page.evaluate('document.body.insertAdjacentHTML("beforeend", \'<img src=x onerror="document.title=3">\')');
      await sleep(200);
      expect(await page.title()).toBe('Your account – Latchkey');
      expect(complaints.join()).toMatch(/Content Security Policy/);
    });

    it.each(['custom-header', 'token'])('keeps the session fresh where ANTI_CSRF is %s', async (mode) => {
      const short = { ACCESS_TOKEN_LIFETIME: '2s', CLOCK_TOLERANCE: '0' };
      app = await AccountApp.start({ ANTI_CSRF: mode, ...short });
      await open();
      await enter(app, 'signup', 'alice');
      await page.getByText('Logged in as alice').waitFor();

      await sleep(3_100);
      await press('Link demo2');
      await page.getByRole('button', { name: 'Bob' }).waitFor();

      await sleep(3_100);
      await page.goto(`${app.origin}/account`);
      await page.getByText('Logged in as alice').waitFor();
      expect(complaints).toEqual([]);
    });

    it('asks to log in again where the session has ended', async () => {
      app = await AccountApp.start({ ACCESS_TOKEN_LIFETIME: '2s', CLOCK_TOLERANCE: '0', REUSE_LEEWAY: '0' });
      await open();
      await enter(app, 'signup', 'alice');
      await page.getByText('Logged in as alice').waitFor();
      const other = await app.logIn('alice');
      await app.post(other, '/account/end-other-sessions', { proof: await app.proof(other) });
      await sleep(3_100);
      await press('Link demo2');
      await page.getByText('Log in to see your account.').waitFor();
      expect((await context.cookies()).map(({ name }) => name)).not.toContain('sAccessToken');
    });
  });

  describe('without a script', () => {
    it('asks to log in again when the access token has expired', async () => {
      const app = await AccountApp.start({ ACCESS_TOKEN_LIFETIME: '1s', CLOCK_TOLERANCE: '0' });
      await open({ javaScriptEnabled: false });
      await enter(app, 'signup', 'alice');
      await sleep(2_100);
      await page.goto(`${app.origin}/account`);
      await page.getByRole('alert').getByText('Your log-in has expired. Log in again.').waitFor();
      await context.close();
      await app.stop();
    });
  });

  /** `localhost` is another site, and 127.0.0.1 another origin of the same one. */
  it.each([
    ['express', 'localhost'],
    ['fastify', '127.0.0.1'],
  ])('CSRF takes no form of another origin (%s, %s), nor shows itself in a frame there', async (adapter, host) => {
    const app = await AccountApp.start({ ADAPTER: adapter });
    let body = '';
    const evil = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(body));
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const evilPage = `http://${host}:${(evil.address() as AddressInfo).port}/`;
    await open();
    await enter(app, 'signup', 'alice');
    await page.getByText('Logged in as alice').waitFor();
    const [other] = [await app.logIn('alice'), await app.signUp('mallory')];
    // an attacker who knows even the field
    const proof = await page.locator('input[name=proof]').first().inputValue();
    const attacks: [form: string, fields: Record<string, string>][] = [
      ['logout', { proof }],
      ['end-session', { proof, session: await app.sid(other) }],
      ['end-other-sessions', { proof }],
      ['link', { proof, provider: 'demo' }],
      ['unlink', { proof, provider: 'demo', subject: 'alice' }],
      ['login', { username: 'mallory', password }],
      ['signup', { username: 'eve', password }],
    ];
    for (const [form, fields] of attacks) {
      const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
      body = `<form method="post" action="${app.origin}/account/${form}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`;
      await page.goto(evilPage, { waitUntil: 'commit' });
      await page.waitForURL(`${app.origin}/account/${form}`);
      await page.getByRole('alert').getByText('This form was not sent by a page of').waitFor();
    }
    await page.goto(`${app.origin}/account`);
    await page.getByText('Logged in as alice').waitFor();
    expect(await app.user(other)).toBe('alice');
    const names = (await context.cookies(app.origin)).map(({ name }) => name);
    expect(names).toEqual(['sAccessToken']);
    expect((await app.post(new Browser(), '/account/login', { username: 'eve', password })).status).toBe(401);

    body = `<iframe src="${app.origin}/account"></iframe>`;
    await page.goto(evilPage);
    await expectSoon(() => /frame-ancestors 'none'/.test(complaints.join()));
    await context.close();
    evil.close();
    await app.stop();
  });
});
