import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';
import { Browser, type Page } from '../oauth/browser.js';
import { freePort } from '../oauth/real-provider.js';

export const password = 'correct horse battery';

/** The reference application with its two demo providers, and what the tests of its pages do with it. */
export class AccountApp {
  private constructor(
    readonly origin: string,
    readonly app: INestApplication,
    private readonly folder: string,
  ) {}

  static async start(variables: Record<string, string> = {}): Promise<AccountApp> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-account-'));
    const common = { PORT: String(port), RATE_LIMIT: 'off', DATABASE_URL: `sqlite:${folder}/app.sqlite` };
    const app = await createApp(readEnvironment({ ...common, ...variables }));
    await app.listen(port, '127.0.0.1');
    return new AccountApp(`http://127.0.0.1:${port}`, app, folder);
  }

  async stop(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true });
  }

  get(browser: Browser, path: string, headers: Record<string, string> = {}): Promise<Page> {
    return browser.visit(this.origin + path, { headers });
  }

  /** As a form of one of the pages is sent. */
  post(
    browser: Browser,
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = { origin: this.origin, 'sec-fetch-site': 'same-origin' },
  ): Promise<Page> {
    return browser.visit(this.origin + path, { method: 'POST', form: new URLSearchParams(fields), headers });
  }

  /** A browser in which somebody has just signed up. */
  async signUp(username: string): Promise<Browser> {
    const browser = new Browser();
    const answer = await this.post(browser, '/account/signup', { username, password });
    expect([answer.status, answer.headers.location]).toEqual([303, '/account?done=signed-up']);
    return browser;
  }

  async logIn(username: string, headers: Record<string, string> = {}): Promise<Browser> {
    const browser = new Browser();
    const own = { origin: this.origin, ...headers };
    const answer = await this.post(browser, '/account/login', { username, password }, own);
    expect([answer.status, answer.headers.location]).toEqual([303, '/account']);
    return browser;
  }

  /** What the forms of the session's pages send along. */
  async proof(browser: Browser): Promise<string> {
    const { text } = await this.get(browser, '/account');
    return /name="proof" value="([^"]+)"/.exec(text)![1]!;
  }

  /** Who is logged in, or undefined. */
  async user(browser: Browser): Promise<string | undefined> {
    return (await this.get(browser, '/me')).body['sub'] as string | undefined;
  }

  async sid(browser: Browser): Promise<string> {
    return (await this.get(browser, '/me')).body['sid'] as string;
  }

  /** Through a demo provider, on whose page somebody presses a button. */
  async choose(browser: Browser, begun: Page, fields: Record<string, string>, headers = {}): Promise<Page> {
    const [, action] = /action="([^"]+)"/.exec(begun.text)!;
    const form = new URLSearchParams(fields);
    const pressed = await browser.visit(new URL(action!, begun.url), { method: 'POST', form });
    return browser.visit(pressed.headers.location!, { headers });
  }

  /** Press `Link` on the account page, and go on to the provider. */
  async link(browser: Browser, provider: string): Promise<Page> {
    const answer = await this.post(browser, '/account/link', { provider, proof: await this.proof(browser) });
    expect(answer.status).toBe(200);
    const [, url] = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(answer.text)!;
    const next = url!.replaceAll('&amp;', '&');
    expect(answer.text).toContain(`href="${url}"`);
    return browser.follow(await browser.visit(next), ({ origin }) => origin !== this.origin);
  }
}
