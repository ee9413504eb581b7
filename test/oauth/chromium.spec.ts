import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import type { Browser } from 'playwright-core';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { adapters } from '../e2e/fixture.js';
import { describeInBrowser, launchChromium } from './chromium.js';
import { freePort, RealProvider } from './real-provider.js';

// a browser takes its time, above all beside other suites
jest.setTimeout(60_000);

/** What cookie jars of tests only believe: SameSite, Secure on loopback, forms that a page posts by itself. */
describeInBrowser.each(adapters)('the dance in Chromium, with a provider on another site (%s)', (adapter) => {
  let folder: string;
  let origin: string;
  let provider: RealProvider;
  let app: INestApplication;
  let browser: Browser;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    folder = mkdtempSync(join(tmpdir(), 'latchkey-chromium-'));
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const clients = ['query', 'form'].map((name) => ({
      client_id: name,
      client_secret: 'the secret of the app',
      redirect_uris: [`${origin}/login/${name}/authorized`],
    }));
    provider = new RealProvider(clients, {}, 'localhost');
    await provider.start();
    const one = { kind: 'oidc', issuer: provider.issuer, clientSecret: 'the secret of the app' };
    const file = join(folder, 'providers.json');
    const providers = {
      query: { ...one, clientId: 'query' },
      form: { ...one, clientId: 'form', responseMode: 'form_post' },
    };
    writeFileSync(file, JSON.stringify(providers));
    const variables = { PORT: String(port), PUBLIC_URL: origin, ADAPTER: adapter, OAUTH_PROVIDERS: file };
    app = await createApp(
      readEnvironment({
        ...variables,
        OAUTH_ALLOW_LOOPBACK_HTTP: '1',
        DATABASE_URL: `sqlite:${folder}/app.sqlite`,
        AUTH_SECRET: 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=',
      }),
    );
    await app.listen(port, '127.0.0.1');
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    await provider.stop();
    rmSync(folder, { recursive: true });
  });

  it.each(['query', 'form'])('O8 O10 logs in from the start page: %s', async (name) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(origin);
    await page.getByText(`Log in with ${name}`).click();
    await page.waitForURL(`${origin}/`);
    await page.getByText(`Logged in as ${name}:alice`).waitFor();
    const cookies = (await context.cookies(origin)).map((cookie) => cookie.name);
    expect(cookies.toSorted()).toEqual(['oauth_finished', 'sAccessToken']);
    await context.close();
  });

  it('O11 O13 finishes two tabs, and comes to no harm by the back button', async () => {
    const context = await browser.newContext();
    const [one, two] = [await context.newPage(), await context.newPage()];
    await one.goto(`${origin}/login/query?return_to=/me`);
    await two.goto(`${origin}/login/form?return_to=/token/info`);
    expect(await one.textContent('body')).toContain('query:alice');
    expect(await two.textContent('body')).toContain('form:alice');
    await two.goBack();
    await two.goForward();
    expect(await two.textContent('body')).toContain('form:alice');
    await context.close();
  });
});
