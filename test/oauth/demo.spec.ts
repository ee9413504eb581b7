/* oxlint-disable no-await-in-loop -- one log-in after the other */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { LoopbackProvider } from 'nest-latchkey/testing';
import type { Browser as Chromium, Page } from 'playwright-core';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { adapters } from '../e2e/fixture.js';
import { Browser, nextOf } from './browser.js';
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
      // prettier-ignore
      const browser = new Browser();
      const begun = await browser.visit(`${origin}/login/${name}?return_to=/me`);
      const page = await browser.follow(begun, () => true);
      const [, action] = /action="([^"]+)"/.exec(page.text)!;
      const form = new URLSearchParams({ login });
      const pressed = await browser.visit(new URL(action!, page.url), { method: 'POST', form });
      const me = await browser.follow(pressed, () => true);
      expect([me.status, me.body['sub']]).toEqual([200, `${name}:${login}`]);
    }
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
  let page: Page;

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
