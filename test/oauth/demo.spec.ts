/* oxlint-disable no-await-in-loop -- one log-in after the other */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { LoopbackProvider } from 'nest-latchkey/testing';
import type { Browser as Chromium, Page as ChromiumPage } from 'playwright-core';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { adapters } from '../e2e/fixture.js';
import { Browser, nextOf, type Page } from './browser.js';
import { describeInBrowser, launchChromium } from './chromium.js';
import { freePort } from './real-provider.js';

// a browser takes its time, above all beside other suites
jest.setTimeout(60_000);

let folder: string;
let port: number;
let origin: string;
let app: INestApplication | undefined;

beforeAll(() => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'latchkey-demo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  port = await freePort();
  origin = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** As `npm start` without any variable, but for where it lives. */
async function start(variables: Record<string, string> = {}): Promise<void> {
  const database = { DATABASE_URL: `sqlite:${folder}/${port}.sqlite` };
  app = await createApp(readEnvironment({ PORT: String(port), ...database, ...variables }));
  await app.listen(port, '127.0.0.1');
}

/** Through the page of a provider, on which somebody presses a button. */
async function choose(browser: Browser, begun: Page, login: string): Promise<Page> {
  const page = await browser.follow(begun, () => true);
  const [, action] = /action="([^"]+)"/.exec(page.text)!;
  const form = new URLSearchParams({ login });
  const pressed = await browser.visit(new URL(action!, page.url), { method: 'POST', form });
  return browser.follow(pressed, () => true);
}

const linksOf = async (): Promise<string[]> =>
  [...(await new Browser().visit(origin)).text.matchAll(/href="\/login\/([\w-]+)"/g)].map(([, name]) => name!);

describe.each(adapters)('the demo without a configured provider (%s)', (adapter) => {
  it('O8 logs in whom the page of the provider is told, as a user of that provider', async () => {
    await start({ ADAPTER: adapter });
    expect(await linksOf()).toEqual(['demo', 'demo2']);
    for (const [name, login] of [
      ['demo', 'alice'],
      ['demo2', 'alice'],
      ['demo', 'bob'],
    ] as const) {
      const browser = new Browser();
      const me = await choose(browser, await browser.visit(`${origin}/login/${name}?return_to=/me`), login);
      expect([me.status, me.body['sub']]).toEqual([200, `${name}:${login}`]);
    }
  });

  describe('what it granted', () => {
    let browser: Browser;

    beforeEach(async () => {
      await start({ ADAPTER: adapter });
      browser = new Browser();
    });

    const logIn = async (name: string, login: string, who = browser) =>
      choose(who, await who.visit(`${origin}/login/${name}?return_to=/me`), login);
    const profile = async (name: string, query = '') => {
      const { status, body } = await browser.visit(`${origin}/oauth/${name}/profile${query}`);
      return [status, body];
    };
    const change = async (method: string, name: string) => {
      const headers = { rid: 'anti-csrf' };
      return browser.visit(`${origin}/account/links/${name}`, { method, headers });
    };
    const alice = { name: 'Alice', email: 'alice@example.com', email_verified: true };
    const bob = { name: 'Bob', email: 'bob@example.com', email_verified: true };

    it('O34 shows the profile at the provider that somebody logged in with', async () => {
      expect((await profile('demo'))[0]).toBe(401);
      await logIn('demo', 'alice');
      expect(await profile('demo', '?lang=en')).toEqual([200, { sub: 'alice', ...alice }]);
      expect(await profile('demo2')).toMatchObject([403, { errorCode: 'oauth_not_authorized' }]);
      browser = new Browser();
      await logIn('demo2', 'bob');
      expect(await profile('demo2')).toEqual([200, { id: 'bob', ...bob }]);
    });

    it.each([
      ['demo', 'demo2', { id: 'bob', ...bob }],
      ['demo2', 'demo', { sub: 'bob', ...bob }],
    ])('O49 O51 links to %s a second one, %s, and unlinks it', async (first, second, expected) => {
      await logIn(first, 'alice');
      const begun = await change('POST', second);
      expect(begun.status).toBe(303);
      expect((await choose(browser, begun, 'bob')).url.pathname).toBe('/account');
      expect((await browser.visit(`${origin}/me`)).body['sub']).toBe(`${first}:alice`);
      expect((await profile(first))[0]).toBe(200);
      expect(await profile(second)).toEqual([200, expected]);

      expect((await change('DELETE', second)).status).toBe(204);
      expect(await profile(second)).toMatchObject([403, { errorCode: 'oauth_not_authorized' }]);
      expect((await profile(first))[0]).toBe(200);
      expect((await change('DELETE', second)).body['errorCode']).toBe('oauth_link_unknown');
      expect((await change('DELETE', first)).body['errorCode']).toBe('oauth_last_credential');
      const elsewhere = await logIn(second, 'bob', new Browser());
      expect(elsewhere.body['sub']).toBe(`${second}:bob`);
    });

    it('O33 lets somebody consent from a refusal, which makes no way into the account', async () => {
      await logIn('demo', 'alice');
      const [, refusal] = (await profile('demo2')) as [number, { authorizationUrl: string }];
      await choose(browser, await browser.visit(refusal.authorizationUrl), 'bob');
      expect(await profile('demo2')).toEqual([200, { id: 'bob', ...bob }]);
      expect((await logIn('demo2', 'bob', new Browser())).body['sub']).toBe('demo2:bob');
    });

    it('O49 leaves an account with whoever has it', async () => {
      await logIn('demo2', 'bob', new Browser());
      await logIn('demo', 'alice');
      const taken = await choose(browser, await change('POST', 'demo2'), 'bob');
      expect([taken.status, taken.body['errorCode']]).toEqual([409, 'oauth_identity_taken']);
      expect((await profile('demo2'))[0]).toBe(403);
    });

    it.each(['POST', 'DELETE'])('knows no other provider: %s', async (method) => {
      await logIn('demo', 'alice');
      expect((await change(method, 'demo3')).status).toBe(404);
      expect((await profile('demo3'))[0]).toBe(404);
    });
  });

  it('ends with the application', async () => {
    await start({ ADAPTER: adapter });
    const { origin: demo } = nextOf(await new Browser().visit(`${origin}/login/demo`))!;
    expect((await fetch(`${demo}/jwks`)).status).toBe(200);
    await app!.close();
    app = undefined;
    await expect(fetch(`${demo}/jwks`)).rejects.toThrow('fetch failed');
  });
});

describe('the demo', () => {
  const starts = jest.spyOn(LoopbackProvider, 'start');
  beforeEach(() => starts.mockClear());
  afterAll(() => starts.mockRestore());

  it('sends nobody to another application', async () => {
    await start();
    const link = nextOf(await new Browser().visit(`${origin}/login/demo`))!;
    link.searchParams.set('redirect_uri', 'http://127.0.0.1:9/');
    expect((await fetch(link)).status).toBe(400);
  });

  it('ends where the application cannot be made', async () => {
    await expect(start({ AUTH_SECRET: 'weak' })).rejects.toThrow('AUTH_SECRET');
    await expect(start({ CLOCK_TOLERANCE: '61' })).rejects.toThrow('CLOCK_TOLERANCE');
    const started = await Promise.all(starts.mock.results.map(({ value }) => value as Promise<LoopbackProvider>));
    expect(started).toHaveLength(4);
    for (const provider of started) await expect(fetch(provider.issuer)).rejects.toThrow('fetch failed');
  });

  const fileOf = (providers: object) => {
    const path = join(folder, 'providers.json');
    writeFileSync(path, JSON.stringify(providers));
    return path;
  };
  const secret = { AUTH_SECRET: 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=' };

  it.each<[string, () => Record<string, string>]>([
    ['in production', () => ({ NODE_ENV: 'production', ...secret })],
    ['where OAUTH_PROVIDERS names none', () => ({ OAUTH_PROVIDERS: fileOf({}) })],
    ['for an application that lives elsewhere', () => ({ PUBLIC_URL: 'https://app.example.com' })],
  ])('is not there %s', async (_what, variables) => {
    await start(variables());
    expect([await linksOf(), starts.mock.calls]).toEqual([[], []]);
    expect((await new Browser().visit(`${origin}/login/demo`)).status).toBe(404);
  });

  it('is not there beside a provider of OAUTH_PROVIDERS', async () => {
    await start({
      OAUTH_PROVIDERS: fileOf({ corp: { kind: 'oidc', issuer: 'https://sso.example.com', clientId: 'a' } }),
    });
    expect(await linksOf()).toEqual(['corp']);
  });

  it('is not there beside a preset of the environment', async () => {
    const before = process.env;
    process.env = { ...before, GITHUB_OAUTH_CLIENT_ID: 'a', GITHUB_OAUTH_CLIENT_SECRET: 'b' };
    try {
      await start();
    } finally {
      process.env = before;
    }
    expect(await linksOf()).toEqual(['github']);
  });
});

describeInBrowser.each(adapters)('the demo in Chromium (%s)', (adapter) => {
  let chromium: Chromium;
  let page: ChromiumPage;

  beforeAll(async () => {
    chromium = await launchChromium();
  });
  afterAll(() => chromium.close());
  beforeEach(async () => {
    await start({ ADAPTER: adapter });
    page = await chromium.newPage();
    await page.goto(origin);
  });
  afterEach(() => page.close());

  it.each(['demo', 'demo2'])('O8 logs in from the start page, and shows who it is: %s', async (name) => {
    await page.getByText(`Log in with ${name}`, { exact: true }).click();
    await page.getByRole('button', { name: 'Alice' }).click();
    await page.waitForURL(`${origin}/`);
    await page.getByText(`Logged in as ${name}:alice`).waitFor();
  });

  it('O18 takes a refusal back to the start page', async () => {
    await page.getByText('Log in with demo', { exact: true }).click();
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.waitForURL(`${origin}/?error=access_denied`);
    await page.getByText('Nobody is logged in').waitFor();
  });
});
